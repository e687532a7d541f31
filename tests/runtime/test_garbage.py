"""Full collections look only at what is newer than the last, and at everything now and then."""

import gc
import weakref

from octokube.runtime import garbage
from octokube.runtime.garbage import THAW_SECONDS, short_collections


class Node:
    """Something that can be part of a cycle."""

    def __init__(self) -> None:
        self.other: object = self


def test_what_survives_a_full_collection_is_set_aside() -> None:
    held = [Node() for _ in range(1_000)]
    with short_collections():
        gc.collect()
        assert gc.get_freeze_count() >= len(held)
        assert not any(one is held for one in gc.get_objects(generation=2))
    assert gc.get_freeze_count() == 0


def test_what_is_newer_is_collected_as_ever() -> None:
    with short_collections():
        gc.collect()
        gone = weakref.ref(Node())
        gc.collect()
        assert gone() is None


def test_a_cycle_among_what_was_set_aside_is_found_after_six_hours() -> None:
    now = 0.0
    with short_collections(monotonic=lambda: now):
        node = Node()
        gone = weakref.ref(node)
        gc.collect()
        del node
        gc.collect()
        assert gone() is not None
        now += THAW_SECONDS
        gc.collect()
        assert gone() is None


def test_a_cycle_among_what_was_set_aside_is_found_when_memory_has_grown_by_half() -> None:
    resident = 200 * 2**20
    with short_collections(resident_bytes=lambda: resident):
        node = Node()
        gone = weakref.ref(node)
        gc.collect()
        del node
        resident += 99 * 2**20
        gc.collect()
        assert gone() is not None
        resident += 2**20
        gc.collect()
        assert gone() is None
        other = Node()
        gone = weakref.ref(other)
        gc.collect()
        del other
        resident += 99 * 2**20
        gc.collect()
        assert gone() is not None, "growth counts from when everything was last looked at"


def test_the_memory_of_this_process_is_measured() -> None:
    assert garbage._resident_bytes() > 2**20


def test_what_was_set_aside_and_is_no_cycle_is_freed_at_once() -> None:
    with short_collections():
        node = Node()
        node.other = None
        gone = weakref.ref(node)
        gc.collect()
        del node
        assert gone() is None
