"""Checks a delta as a whole before anything of it is applied."""

from octokube.state import EncodedObject, VersionedStore
from octokube_hub.replica.codec import Malformed, Put, Remove


def plan(
    store: VersionedStore[EncodedObject], puts: list[Put], removes: list[Remove], *, from_version: int, to_version: int
) -> list[Put | Remove]:
    """The steps of a delta in the order of their versions; applying them to ``store`` cannot fail.

    Raises Malformed, and then nothing has happened: versions outside (from, to], two steps of one version, or an object
    that takes over a name whose former holder was not removed first.
    """
    steps: list[Put | Remove] = sorted([*puts, *removes], key=lambda step: step.version)
    former = from_version
    for step in steps:
        if not former < step.version <= to_version:
            raise Malformed(f"version {step.version} after {former} in a frame that leads to {to_version}")
        former = step.version
    holders: dict[tuple[str, str, str], str | None] = {}
    for step in steps:
        type, namespace, name, uid = step.key
        where = (type, namespace, name)
        if where in holders:
            holder = holders[where]
        else:
            stored = store.named(type, namespace, name)
            holder = stored.key.uid if stored is not None else None
        if isinstance(step, Put):
            if holder is not None and holder != uid:
                raise Malformed("an object under a name whose former holder was not removed")
            holders[where] = uid
        elif holder == uid:
            holders[where] = None
    return steps
