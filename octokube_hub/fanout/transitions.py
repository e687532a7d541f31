"""Decides what a receiver is told about one key when what they may see, or the object, has changed."""

import enum


class Step(enum.Enum):
    """What to tell."""

    NOTHING = "nothing"
    ENTRY = "entry"
    DELETED = "deleted"
    WITHDRAWN = "withdrawn"


def decide(*, is_held: bool, is_visible: bool, has_object: bool, is_current: bool = False) -> Step:
    """What leads a receiver from before to now, for one key.

    ``is_held``: the receiver has the key. ``is_visible``: scope and subscription include the key now. ``has_object``:
    the object exists now. ``is_current``: what the receiver has is the newest state.

    A key that is not visible is told of as WITHDRAWN and as nothing else, whether or not its object was deleted at the
    same time: that is not the receiver's to know any more. A key that is not held is never told to have left.
    """
    if is_visible and has_object:
        return Step.NOTHING if is_held and is_current else Step.ENTRY
    if not is_held:
        return Step.NOTHING
    return Step.DELETED if is_visible else Step.WITHDRAWN
