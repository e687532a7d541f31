"""Decides whether a frame is the next one."""

import enum

from octokube.state import Position


class Verdict(enum.Enum):
    """What a frame is to a replica."""

    ACCEPT = "accept"
    DUPLICATE = "duplicate"
    GAP = "gap"


def judge(held_version: int, from_version: int, to_version: int) -> Verdict:
    """A frame from → to at a replica that holds ``held_version`` of the same epoch.

    Held 7: 7→9 is accepted, 5→7 has been applied before, 8→9 leaves a gap, and so does 6→8: a frame is applied as a
    whole or not at all.
    """
    if from_version == held_version and to_version >= from_version:
        return Verdict.ACCEPT
    if from_version <= to_version <= held_version:
        return Verdict.DUPLICATE
    return Verdict.GAP


def resume_version(held: Position | None, offered: Position, horizon: int) -> int:
    """From which version an agent is to go on; 0 asks for a snapshot.

    Goes on when the replica holds the agent's own epoch, and a version that the agent can still continue from.
    """
    if held is None or held.epoch != offered.epoch:
        return 0
    return held.version if horizon <= held.version <= offered.version else 0
