"""One operation's stream: whoever sends, gRPC sees one write at a time, and none that is called off."""

import asyncio

from octokube.v1 import operation_pb2 as pb
from octokube_agent.operations.stream import OperationStream


class SlowCall:
    """A gRPC stream whose every write waits for leave, and that notes what gRPC would end it over."""

    def __init__(self) -> None:
        self.leave = asyncio.Semaphore(0)
        self.written: list[pb.ExecuteRequest] = []
        self.faults: list[str] = []
        self._is_writing = False

    async def write(self, request: pb.ExecuteRequest) -> None:
        if self._is_writing:
            self.faults.append("two writes at a time")
        self._is_writing = True
        try:
            await self.leave.acquire()
        except asyncio.CancelledError:
            self.faults.append("a write was called off")
            raise
        finally:
            self._is_writing = False
        self.written.append(request)

    async def done_writing(self) -> None:
        return

    async def read(self) -> pb.ExecuteResponse | None:
        return None


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_sender_that_is_cancelled_calls_no_write_off_and_the_others_go_on_in_turn() -> None:
    call = SlowCall()
    stream = OperationStream(call)
    senders = [asyncio.create_task(stream.send_forward_end(number)) for number in range(1, 5)]
    senders.append(asyncio.create_task(stream.send_progress("a sentence")))
    await turn()
    senders[0].cancel()
    await asyncio.wait(senders[:1])
    for _ in senders:
        call.leave.release()
    await asyncio.wait(senders)
    assert call.faults == []
    sent = [one.output.forward.connection_id for one in call.written[:4]]
    assert (sent, call.written[4].output.progress) == ([1, 2, 3, 4], "a sentence")


async def test_closing_a_stream_leaves_no_write_behind() -> None:
    call = SlowCall()
    stream = OperationStream(call)
    sender = asyncio.create_task(stream.send_stdout(b"x"))
    await turn()
    sender.cancel()
    await stream.close()
    assert "agent/operation/write" not in {task.get_name() for task in asyncio.all_tasks()}
