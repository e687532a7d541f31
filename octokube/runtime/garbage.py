"""Keeps garbage collections short in a process that holds millions of objects."""

import contextlib
import gc
import resource
import time
from collections.abc import Callable, Iterator

THAW_SECONDS = 6 * 3600.0
"""How often everything is looked at again: what was set aside and became part of a cycle since is only found then."""
THAW_GROWTH = 1.5
THAW_BYTES = 64 * 1024 * 1024
"""Everything is looked at earlier when memory has grown by half and by so much: closed connections may be cycles."""

FULL_AFTER = 4
"""Middle collections between two full ones: each then looks at about 30,000 new objects, 5 to 10 ms."""


@contextlib.contextmanager
def short_collections(
    *, monotonic: Callable[[], float] = time.monotonic, resident_bytes: Callable[[], int] | None = None
) -> Iterator[None]:
    """Sets aside what has survived a full collection, so that the next looks only at what is newer.

    A full collection stops the process, for 100 ms where 100,000 objects are held, and finds nothing: what a replica
    holds is freed when its last reference goes, cycles or not. With this, each looks at no more than was made since the
    last one, which is a few milliseconds' worth. Everything is looked at again every six hours, and when memory has
    grown by half since: connections that have closed, and were part of a cycle, are found then.

    Nothing else in the process may use ``gc.freeze``. Ends with the context, and then nothing is set aside any more.
    """
    measure = resident_bytes or _resident_bytes
    thawed_at = monotonic()
    base_bytes = 0
    """What was resident after everything was last looked at; 0 while that is under way."""

    def follow(phase: str, info: dict[str, int]) -> None:
        nonlocal thawed_at, base_bytes
        if info["generation"] != 2:
            return
        if phase == "stop":
            gc.freeze()
            base_bytes = base_bytes or measure()
            return
        has_grown = measure() >= max(THAW_GROWTH * base_bytes, base_bytes + THAW_BYTES)
        if has_grown or monotonic() - thawed_at >= THAW_SECONDS:
            thawed_at = monotonic()
            base_bytes = 0
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


def _resident_bytes() -> int:
    """The memory that this process holds now; 0 where the system does not tell it as Linux does."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[1]) * resource.getpagesize()
    except OSError:
        return 0
