"""Makes merge patches between an object's states, each once for all audiences."""

from octokube.state import EncodedObject, merge_patch

LIMIT = 2_000
"""Pairs of states that are remembered: a second of heavy changes. A pair that is forgotten is only compared again."""


class Patches:
    """A cluster's patches. The states are compared by identity: audiences share them with the replica.

    It looks into bodies, which nothing else in the hub does; only for objects that somebody in lock-step watches with
    their bodies, and once for all who do.
    """

    def __init__(self) -> None:
        self._made: dict[tuple[int, int], tuple[EncodedObject, EncodedObject, bytes | None]] = {}

    def between(self, old: EncodedObject, new: EncodedObject) -> bytes | None:
        """The encoded patch from one body to the other; None where the whole body is to be sent."""
        identity = (id(old), id(new))
        made = self._made.get(identity)
        if made is None:
            patch = merge_patch.diff_bodies(_json(old), _json(new))
            if len(self._made) >= LIMIT:
                self._made.clear()
            # The states are kept with their patch, so that nothing else can come to have their identities.
            made = self._made[identity] = (old, new, patch)
        return made[2]

    def clear(self) -> None:
        """Lets go of everything remembered."""
        self._made.clear()


def _json(value: EncodedObject) -> bytes:
    """The JSON inside an encoded body: what follows the field's tag and length."""
    index = 1
    while index < len(value.body) and value.body[index] & 0x80:
        index += 1
    return value.body[index + 1 :]
