"""Heavy work is spread over turns of the event loop."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import pytest

from octokube.runtime.turns import Turns
from tests.support.loop_turns import LoopTurns


@pytest.fixture
async def loop_turns() -> AsyncIterator[LoopTurns]:
    counting = LoopTurns()
    yield counting
    counting.stop()


async def test_no_two_slices_fall_into_one_turn_of_the_loop(loop_turns: LoopTurns) -> None:
    turns = Turns()
    slices: Counter[int] = Counter()

    async def work() -> None:
        for _ in range(5):
            await turns.take()
            slices[loop_turns.number] += 1

    await asyncio.gather(*(work() for _ in range(20)))
    assert sum(slices.values()) == 100
    assert max(slices.values()) == 1


async def test_turns_are_given_in_the_order_in_which_they_were_asked_for() -> None:
    turns = Turns()
    order: list[int] = []

    async def work(number: int) -> None:
        for _ in range(2):
            await turns.take()
            order.append(number)

    await asyncio.gather(*(work(number) for number in range(3)))
    assert order == [0, 0, 1, 2, 1, 2], "the first asked twice before the others came"


async def test_one_who_is_cancelled_while_waiting_holds_up_nobody() -> None:
    turns = Turns()
    await turns.take()
    waiting = [asyncio.ensure_future(turns.take()) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    waiting[1].cancel()
    await waiting[2]


async def test_whoever_comes_to_an_idle_loop_need_not_wait(loop_turns: LoopTurns) -> None:
    turns = Turns()
    before = loop_turns.number
    await turns.take()
    assert loop_turns.number == before
