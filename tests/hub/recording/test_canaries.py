"""What was typed is in no file and no log of a hub; what was shown is in recordings of terminals, and nowhere else."""

import logging

import pytest

from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from tests.hub.broker.conftest import Scene
from tests.hub.broker.test_operations import SUCCEEDED
from tests.hub.recording.test_sessions import agent, channel, clock, hub, mode, places, policies, scene

__all__ = ["agent", "channel", "clock", "hub", "mode", "places", "policies", "scene"]

TYPED = b"canary-that-was-typed"
SHOWN = b"canary-that-was-shown"
FORWARD = pb.ForwardFrame(connection_id=1, data=TYPED)
OPERATIONS: dict[str, dict[str, object]] = {
    "exec": {"exec": pb.ExecOperation(command=["sh", "-c", TYPED.decode()], tty=True, stdin=True)},
    "attach": {"attach": pb.AttachOperation(tty=True, stdin=True)},
    "debug": {"debug": pb.DebugOperation(image="debug:1", command=["sh", TYPED.decode()], tty=True, stdin=True)},
    "logs": {"logs": pb.LogsOperation()},
    "copy_from": {"copy_from": pb.CopyFromOperation(path="/etc/passwd")},
    "port_forward": {"port_forward": pb.PortForwardOperation(ports=[80])},
    "reveal": {"reveal": pb.RevealOperation(key="password")},
    "apply": {"apply": pb.ApplyOperation(body=b'{"data": "%s"}' % TYPED, field_manager="admin")},
}
OF_OTHERS = {"reveal": "secrets", "apply": "configmaps"}
RECORDED = {"exec", "attach", "debug"}


@pytest.mark.parametrize("name", OPERATIONS)
async def test_no_content_of_an_operation_is_written_anywhere_but_into_recordings(
    scene: Scene, name: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caller, executing = await scene.running("demo:admin", type=OF_OTHERS.get(name, "pods"), **OPERATIONS[name])
    await caller.send(input=pb.OperationInput(stdin=TYPED))
    await caller.send(input=pb.OperationInput(forward=FORWARD))
    key = resource_pb2.Key(type="secrets", namespace="red", name="one")
    document = pb.DocumentPart(role=pb.DOCUMENT_ROLE_EVENT, key=key, content=SHOWN, last=True)
    for output in (
        pb.OperationOutput(stdout=SHOWN),
        pb.OperationOutput(stderr=SHOWN),
        pb.OperationOutput(document=document),
        pb.OperationOutput(forward=pb.ForwardFrame(connection_id=1, data=SHOWN)),
    ):
        await executing.send(output=output)
        assert (await caller.read()).output == output
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED))
    assert (await caller.result()).outcome == SUCCEEDED
    await scene.hub.close()
    files = {path: path.read_bytes() for path in scene.hub.settings.data.rglob("*") if path.is_file()}
    assert [path.name for path, content in files.items() if TYPED in content] == []
    assert {path.suffix for path, content in files.items() if SHOWN in content} == (
        {".cast"} if name in RECORDED else set()
    )
    told = capfd.readouterr()
    for log in (told.out, told.err, caplog.text):
        assert TYPED.decode() not in log and SHOWN.decode() not in log
