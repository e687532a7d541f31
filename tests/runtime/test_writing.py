"""One write at a time, none called off, and none after the end."""

import asyncio
import gc
from typing import Any

import pytest

from octokube.runtime.writing import Writer


class Slow:
    """A stream that takes a message when it is let."""

    def __init__(self) -> None:
        self.leave = asyncio.Semaphore(0)
        self.within = 0
        self.written: list[int] = []

    async def write(self, message: int) -> None:
        self.within += 1
        assert self.within == 1, "two writes at a time"
        await self.leave.acquire()
        self.within -= 1
        self.written.append(message)


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_messages_go_out_in_their_order_one_at_a_time_whoever_is_cancelled() -> None:
    slow = Slow()
    writer = Writer(slow.write, name="test/write")
    senders = [asyncio.create_task(writer.write(number)) for number in range(4)]
    await turn()
    senders[0].cancel()
    senders[2].cancel()
    await asyncio.wait([senders[0], senders[2]])
    for _ in senders:
        slow.leave.release()
    await asyncio.gather(senders[1], senders[3])
    assert slow.written == [0, 1, 2, 3]


async def test_a_closing_writer_lets_out_what_gets_out_and_leaves_no_task() -> None:
    slow = Slow()
    writer = Writer(slow.write, name="test/write")
    senders = [asyncio.create_task(writer.write(number)) for number in range(2)]
    await turn()
    slow.leave.release()
    closing = asyncio.create_task(writer.close(last_seconds=0.05))
    assert isinstance((await asyncio.gather(*senders, return_exceptions=True))[1], asyncio.CancelledError)
    await closing
    assert slow.written == [0]
    assert "test/write" not in {task.get_name() for task in asyncio.all_tasks()}


async def test_nothing_is_written_once_a_writer_closes() -> None:
    slow = Slow()
    writer = Writer(slow.write, name="test/write")
    sender = asyncio.create_task(writer.write(1))
    await turn()
    closing = asyncio.create_task(writer.close(last_seconds=5.0))
    await turn()
    with pytest.raises(ConnectionResetError, match="the stream has ended"):
        await writer.write(2)
    slow.leave.release()
    await closing
    await sender
    assert slow.written == [1]


async def test_whoever_waits_is_told_what_broke() -> None:
    async def write(_: int) -> None:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        await Writer(write, name="test/write").write(1)


async def test_a_write_that_fails_when_nobody_waits_for_it_any_more_is_no_defect_to_report() -> None:
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    may_fail = asyncio.Event()

    async def write(_: int) -> None:
        await may_fail.wait()
        raise RuntimeError("the stream has ended")

    writer = Writer(write, name="test/write")
    sender = asyncio.create_task(writer.write(1))
    await turn()
    sender.cancel()
    await asyncio.wait([sender])
    may_fail.set()
    await turn()
    assert not writer._writing
    del sender
    gc.collect()  # asyncio reports an exception that nobody took when its task goes
    assert not reported
