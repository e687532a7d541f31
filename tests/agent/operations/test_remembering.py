"""A write under one key happens once, whoever asks, whenever they go."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from octokube.runtime.tasks import Tasks
from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.remembering import MAX_KEY_BYTES, Remembering
from octokube_agent.operations.work import Commit, Written
from tests.agent.operations.conftest import start


class Writes:
    """A write that goes on at a word, before and after it begins to change something."""

    def __init__(self) -> None:
        self.count = 0
        self.may_begin = asyncio.Event()
        self.may_end = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self, commit: Commit) -> Written:
        await self.may_begin.wait()
        commit.begin()
        self.count += 1
        await self.may_end.wait()
        if self.error is not None:
            raise self.error
        return Written(pb.OperationResult(outcome=pb.OPERATION_OUTCOME_SUCCEEDED, message=f"write {self.count}"))


def ask(key: str = "one", subject: str = "user:alice", name: str = "a") -> pb.ExecuteStart:
    return start("configmaps", "default", name, key=key, subject=subject, delete={})


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def with_writes(test: Callable[[Remembering, Writes], Awaitable[None]]) -> None:
    async with Tasks("test") as tasks:
        await test(Remembering(tasks), Writes())


async def test_one_key_writes_once_for_those_who_ask_at_once_and_those_who_ask_later() -> None:
    async def test(remembering: Remembering, writes: Writes) -> None:
        writes.may_begin.set()
        writes.may_end.set()
        first, second = await asyncio.gather(*(remembering.once(ask(), writes) for _ in range(2)))
        third = await remembering.once(ask(), writes)
        assert [one.result.message for one in (first, second, third)] == ["write 1"] * 3
        assert [one.result.remembered for one in (first, second, third)] == [False, True, True]

    await with_writes(test)


async def test_one_that_goes_before_anything_was_written_leaves_the_write_to_the_others() -> None:
    async def test(remembering: Remembering, writes: Writes) -> None:
        first = asyncio.create_task(remembering.once(ask(), writes))
        await turns()
        second = asyncio.create_task(remembering.once(ask(), writes))
        await turns()
        first.cancel()
        await turns()
        assert first.cancelled()
        writes.may_begin.set()
        writes.may_end.set()
        assert (await second).result.message == "write 1"
        assert writes.count == 1

    await with_writes(test)


async def test_what_has_begun_goes_on_and_is_told_to_the_next_who_asks() -> None:
    async def test(remembering: Remembering, writes: Writes) -> None:
        writes.may_begin.set()
        first = asyncio.create_task(remembering.once(ask(), writes))
        await turns()
        first.cancel()
        await turns()
        writes.may_end.set()
        assert (await remembering.once(ask(), writes)).result.remembered
        assert writes.count == 1

    await with_writes(test)


async def test_of_a_write_that_nobody_waits_for_no_documents_are_kept() -> None:
    large = (pb.DOCUMENT_ROLE_AFTER, "configmaps", {"data": {}}, None)

    async def test(remembering: Remembering, writes: Writes) -> None:
        kept: list[Written] = []

        async def write(commit: Commit) -> Written:
            written = await writes(commit)
            written.documents.append(large)
            kept.append(written)
            return written

        writes.may_begin.set()
        first = asyncio.create_task(remembering.once(ask(), write))
        await turns()
        first.cancel()
        await turns()
        writes.may_end.set()
        await turns()
        assert kept[0].documents == []
        both = await asyncio.gather(*(remembering.once(ask(key="two"), write) for _ in range(2)))
        assert [one.documents for one in both] == [[large], []]

    await with_writes(test)


async def test_what_was_refused_did_not_happen_and_may_be_tried_again() -> None:
    async def test(remembering: Remembering, writes: Writes) -> None:
        writes.may_begin.set()
        writes.may_end.set()
        for error in (Failed("no"), errors.Conflict("no", code=409)):
            writes.error = error
            with pytest.raises(type(error)):
                await remembering.once(ask(), writes)
        writes.error = None
        assert (await remembering.once(ask(), writes)).result.message == "write 3"

    await with_writes(test)


async def test_a_write_without_an_answer_is_unknown_and_is_not_repeated() -> None:
    async def test(remembering: Remembering, writes: Writes) -> None:
        writes.may_begin.set()
        writes.may_end.set()
        for count, error in enumerate((errors.Unavailable, errors.Malformed, errors.TooLarge), 1):
            writes.error = error("broke off")
            for _ in range(2):
                written = await remembering.once(ask(key=error.__name__), writes)
                assert written.result.outcome == pb.OPERATION_OUTCOME_UNKNOWN
            assert writes.count == count
        writes.error = errors.TooLarge("what was sent is too large", code=413)
        with pytest.raises(errors.TooLarge):
            await remembering.once(ask(), writes)

    await with_writes(test)


async def test_a_key_belongs_to_one_person_and_one_write() -> None:
    async def test(remembering: Remembering, writes: Writes) -> None:
        writes.may_begin.set()
        writes.may_end.set()
        await remembering.once(ask(), writes)
        assert (await remembering.once(ask(subject="user:bob"), writes)).result.message == "write 2"
        with pytest.raises(Refused, match="another write"):
            await remembering.once(ask(name="b"), writes)
        for key in ("x" * (MAX_KEY_BYTES + 1),):
            with pytest.raises(Refused, match="at most"):
                await remembering.once(ask(key=key), writes)

    await with_writes(test)
