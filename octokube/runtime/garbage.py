"""Keeps garbage collections short in a process that holds millions of objects."""

import contextlib
import gc
import time
from collections.abc import Callable, Iterator

THAW_SECONDS = 6 * 3600.0
"""How often everything is looked at again: what was set aside and became part of a cycle since is only found then."""

FULL_AFTER = 4
"""Middle collections between two full ones: each then looks at about 30,000 new objects, 5 to 10 ms."""


@contextlib.contextmanager
def short_collections(*, monotonic: Callable[[], float] = time.monotonic) -> Iterator[None]:
    """Sets aside what has survived a full collection, so that the next looks only at what is newer.

    A full collection stops the process, for 100 ms where 100,000 objects are held, and finds nothing: what a replica
    holds is freed when its last reference goes, cycles or not. With this, each looks at no more than was made since the
    last one, which is a few milliseconds' worth. Everything is looked at again every six hours.

    Nothing else in the process may use ``gc.freeze``. Ends with the context, and then nothing is set aside any more.
    """
    thawed_at = monotonic()

    def follow(phase: str, info: dict[str, int]) -> None:
        nonlocal thawed_at
        if info["generation"] != 2:
            return
        if phase == "stop":
            gc.freeze()
        elif monotonic() - thawed_at >= THAW_SECONDS:
            thawed_at = monotonic()
            gc.unfreeze()

    thresholds = gc.get_threshold()
    gc.set_threshold(700, 10, FULL_AFTER)
    gc.callbacks.append(follow)
    gc.collect()  # which sets aside all that was imported
    try:
        yield
    finally:
        gc.callbacks.remove(follow)
        gc.set_threshold(*thresholds)
        gc.unfreeze()
