"""Ports of a pod, many connections in one operation, through the simulated and the real API server."""

import pytest

from octokube.v1 import operation_pb2 as pb
from tests.agent.operation_desk import Operation
from tests.agent.operations.kubelets import PORT, Pod, pod

__all__ = ["pod"]

SILENT = 9
"""A port on which nothing listens."""


class Ports:
    """The caller's side of one port-forward."""

    def __init__(self, pod: Pod, *ports: int, is_generous: bool = True, connection_credit: bool = False) -> None:
        asked = {"ports": ports or (PORT,), "connection_credit": connection_credit}
        self.operation: Operation = pod.order(port_forward=asked, is_generous=is_generous)

    def send(self, number: int, **event: object) -> None:
        frame = pb.ForwardFrame(connection_id=number, **event)  # type: ignore[arg-type]
        self.operation.send(input=pb.OperationInput(forward=frame))

    def ask(self, number: int, request: str, body: bytes = b"") -> None:
        """Opens a connection and sends a request on it."""
        self.send(number, open=PORT)
        head = f"{request} HTTP/1.1\r\nHost: pod\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        content = head.encode() + body
        for start in range(0, len(content), 60_000):
            self.send(number, data=content[start : start + 60_000])

    def got(self, number: int) -> bytes:
        """Everything that came on a connection."""
        frames = [output.forward for output in self.operation.outputs if output.HasField("forward")]
        return b"".join(frame.data for frame in frames if frame.connection_id == number)

    async def end(self, number: int) -> str:
        """Why a connection ended, "" when it was in order."""

        def look(operation: Operation) -> list[pb.ForwardFrame]:
            frames = [output.forward for output in operation.outputs if output.HasField("forward")]
            own = [frame for frame in frames if frame.connection_id == number]
            return [frame for frame in own if frame.WhichOneof("event") in ("closed", "failed")]

        (frame,) = await self.operation.until(look)
        return str(frame.failed)

    async def finish(self) -> None:
        self.operation.send(input=pb.OperationInput(stdin_closed=True))
        await self.operation.succeeded()


async def test_a_request_goes_to_the_pod_and_its_answer_comes_back(pod: Pod) -> None:
    ports = Ports(pod)
    ports.ask(1, "POST /echo?x=1", b"a body")
    assert await ports.end(1) == ""
    assert ports.got(1).endswith(b"POST /echo?x=1\na body")
    await ports.finish()
    await pod.until_idle()


async def test_many_connections_share_an_operation_and_keep_apart(pod: Pod) -> None:
    ports = Ports(pod)
    for number in range(1, 17):
        ports.ask(number, f"GET /{number}")
    for number in range(1, 17):
        assert await ports.end(number) == ""
        assert ports.got(number).endswith(f"\r\n\r\nGET /{number}\n".encode())
    await ports.finish()


async def test_a_port_without_a_listener_ends_its_connection_and_no_other(pod: Pod) -> None:
    ports = Ports(pod, PORT, SILENT)
    ports.send(1, open=PORT)
    ports.send(2, open=SILENT)
    assert "refused" in await ports.end(2)
    ports.send(1, data=b"GET /one HTTP/1.0\r\n\r\n")
    assert await ports.end(1) == ""
    assert ports.got(1).endswith(b"GET /one\n")
    await ports.finish()


async def test_a_port_that_was_not_decided_on_is_never_opened(pod: Pod) -> None:
    ports = Ports(pod, PORT)
    ports.send(1, open=PORT + 1)
    assert "not one that was asked for" in await ports.end(1)
    assert pod.kubelet.service.open == 0
    await ports.finish()


async def test_a_large_body_goes_in_and_a_large_answer_out(pod: Pod) -> None:
    ports = Ports(pod)
    body = bytes(range(256)) * 4000
    ports.send(1, open=PORT)
    content = f"POST /large HTTP/1.1\r\nHost: pod\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    content += body
    for start in range(0, len(content), 60_000):
        part = content[start : start + 60_000]
        await ports.operation.until(lambda it, part=part: it.input_credit_bytes >= len(part))
        ports.operation.input_credit_bytes -= len(part)
        ports.send(1, data=part)
    assert await ports.end(1) == ""
    assert ports.got(1).endswith(body)
    await ports.finish()


async def test_a_caller_that_reads_nothing_stops_the_pod_and_no_other_operation(pod: Pod) -> None:
    stuck = Ports(pod, is_generous=False)
    stuck.ask(1, "GET /bytes/100000000")
    await stuck.operation.until(lambda it: len(stuck.got(1)) == 262_144)
    other = Ports(pod)
    other.ask(1, "GET /other")
    assert await other.end(1) == ""
    assert len(stuck.got(1)) == 262_144
    stuck.operation.send(cancel="your access ended")
    assert (await stuck.operation.result(seconds=1.0)).outcome == pb.OPERATION_OUTCOME_LEASE_ENDED
    await other.finish()
    await pod.until_idle()


async def test_a_connection_that_nobody_reads_delays_no_other_of_its_operation(pod: Pod) -> None:
    ports = Ports(pod, connection_credit=True)
    ports.ask(1, "GET /bytes/10000000")
    await ports.operation.until(lambda it: len(ports.got(1)) == 65_536)
    ports.ask(2, "GET /other")
    assert await ports.end(2) == ""
    assert ports.got(2).endswith(b"GET /other\n")
    assert len(ports.got(1)) == 65_536, "no more comes than its own credit"
    ports.send(1, credit=30_000)
    await ports.operation.until(lambda it: len(ports.got(1)) == 95_536)
    await ports.finish()
    await pod.until_idle()


async def test_what_is_sent_on_a_connection_comes_back_as_its_credit(pod: Pod) -> None:
    ports = Ports(pod, connection_credit=True)
    body = bytes(range(256)) * 2000
    ports.send(1, open=PORT)
    content = f"POST /large HTTP/1.1\r\nHost: pod\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    content += body
    sent_bytes = 0

    def given_bytes() -> int:
        frames = [output.forward for output in ports.operation.outputs if output.HasField("forward")]
        return sum(frame.credit for frame in frames if frame.connection_id == 1)

    for start in range(0, len(content), 30_000):
        part = content[start : start + 30_000]
        sent_bytes += len(part)
        await ports.operation.until(lambda it, sent_bytes=sent_bytes: 65_536 + given_bytes() >= sent_bytes)
        ports.send(1, data=part)
    await ports.operation.until(lambda it: len(ports.got(1)) == 65_536)
    ports.operation.hang_up()
    await pod.until_idle()


@pytest.mark.parametrize("broken", [{"credit": 1}, {"credit": 0}, {"data": b"x" * 65_536}])
async def test_a_caller_that_breaks_the_credit_of_a_connection_ends_the_operation(
    pod: Pod, broken: dict[str, object]
) -> None:
    ports = Ports(pod, connection_credit=True)
    ports.send(1, open=PORT)
    if "data" in broken:
        ports.send(1, data=b"x" * 60_000)  # more than the other 65,536 could be sent to the pod meanwhile
    ports.send(1, **broken)
    assert "flow control of a connection" in await ports.operation.failed()
    await pod.until_idle()


async def test_closing_a_connection_closes_it_in_the_pod(pod: Pod) -> None:
    ports = Ports(pod)
    ports.send(1, open=PORT)
    ports.send(1, data=b"GET /bytes/")
    ports.send(1, closed=True)
    assert await ports.end(1) == ""
    await pod.until_idle()
    ports.ask(2, "GET /next")
    assert await ports.end(2) == ""
    await ports.finish()


async def test_the_number_of_connections_is_limited(pod: Pod) -> None:
    ports = Ports(pod)
    for number in range(1, 66):
        ports.send(number, open=PORT)
    assert "64 connections" in await ports.end(65)
    ports.operation.hang_up()
    await pod.until_idle()


async def test_a_number_that_is_used_twice_ends_the_operation(pod: Pod) -> None:
    ports = Ports(pod)
    ports.send(2, open=PORT)
    ports.send(1, open=PORT)
    assert "twice" in await ports.operation.failed()
    await pod.until_idle()


@pytest.mark.parametrize("ports", [[], [0], [70_000], [80, 0]])
async def test_what_is_no_port_is_refused(pod: Pod, ports: list[int]) -> None:
    assert "from 1 to 65535" in await pod.order(port_forward={"ports": ports}).denied()
    refused = pod.desk.order("services", pod.namespace, pod.name, port_forward={"ports": [80]})
    assert "only pods" in await refused.denied()
