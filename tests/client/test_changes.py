"""A slow reader of changes ends with what the view holds, and is told no more than it takes."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube.client.changes import Changes
from octokube.client.viewed import ChangeKind, ViewChange, ViewedObject
from octokube.state import Key
from octokube.v1 import resource_pb2

NAMES = st.sampled_from("abc")
STEPS = st.lists(st.tuples(st.sampled_from(["put", "leave", "withdraw", "read"]), NAMES), max_size=40)


def viewed(name: str, version: int) -> ViewedObject:
    return ViewedObject(Key("pods", "red", name, f"uid-{name}"), str(version), resource_pb2.Row(), b"")


@given(STEPS)
def test_whoever_applies_every_change_holds_what_the_view_holds(steps: list[tuple[str, str]]) -> None:
    asyncio.run(_play(steps))


async def _play(steps: list[tuple[str, str]]) -> None:
    changes = Changes()
    view: dict[str, ViewedObject] = {}
    told: dict[str, ViewedObject] = {}

    async def read() -> None:
        change = await anext(changes)
        name = change.object.key.name
        match change.kind:
            case ChangeKind.ADDED:
                assert name not in told
                told[name] = change.object
            case ChangeKind.MODIFIED:
                assert name in told
                told[name] = change.object
            case _:
                del told[name]

    for version, (step, name) in enumerate(steps):
        if step == "put":
            kind = ChangeKind.MODIFIED if name in view else ChangeKind.ADDED
            view[name] = viewed(name, version)
            changes.note(ViewChange(kind, "c1", view[name]))
        elif step in ("leave", "withdraw") and name in view:
            kind = ChangeKind.DELETED if step == "leave" else ChangeKind.WITHDRAWN
            changes.note(ViewChange(kind, "c1", view.pop(name)))
        elif step == "read" and changes._pending:
            await read()
        assert len(changes._pending) <= 3
    while changes._pending:
        await read()
    assert told == view


async def test_a_reader_that_waits_is_woken() -> None:
    changes = Changes()
    waiting = asyncio.create_task(anext(changes))
    await asyncio.sleep(0)
    changes.note(ViewChange(ChangeKind.ADDED, "c1", viewed("a", 1)))
    assert (await waiting).object.key.name == "a"


async def test_the_end_takes_back_what_was_not_read() -> None:
    changes = Changes()
    changes.note(ViewChange(ChangeKind.ADDED, "c1", viewed("a", 1)))
    changes.end(RuntimeError("over"))
    changes.end(None)
    with pytest.raises(RuntimeError, match="over"):
        await anext(changes)
