"""Exec, attach, file copies and debug containers, through the simulated and the real API server to a kubelet."""

import asyncio
import io
import tarfile
from typing import Any

import pytest

from octokube.v1 import operation_pb2 as pb
from tests.agent.operation_desk import Operation
from tests.agent.operations.kubelets import Pod, pod
from tests.support.waiting import eventually

__all__ = ["pod"]


def run(pod: Pod, *command: str, **more: Any) -> Operation:
    return pod.order(exec={"command": command, **more})


async def test_a_command_ends_with_its_output_on_both_streams_and_its_exit_code(pod: Pod) -> None:
    operation = run(pod, "sh", "-c", "echo hello; cat /missing; exit 7")
    result = await operation.succeeded()
    assert (operation.stdout, result.exit_code) == (b"hello\n", 7)
    assert b"No such file" in operation.stderr
    assert (await run(pod, "true").succeeded()).exit_code == 0
    assert (await run(pod, "no-such-program").succeeded()).exit_code == 127


async def test_input_reaches_the_process_and_its_end_ends_the_process(pod: Pod) -> None:
    operation = run(pod, "cat", stdin=True)
    for part in (b"one\n", b"\0\xff two"):
        operation.type(part)
    await operation.until(lambda it: it.stdout == b"one\n\0\xff two")
    operation.send(input=pb.OperationInput(stdin_closed=True))
    assert (await operation.succeeded()).exit_code == 0


async def test_without_stdin_nothing_that_the_hub_sends_is_typed(pod: Pod) -> None:
    operation = run(pod, "cat")
    operation.type(b"typed")
    await operation.succeeded()
    assert operation.stdout == b""


async def test_a_terminal_echoes_knows_its_size_and_has_one_stream(pod: Pod) -> None:
    operation = run(pod, "sh", tty=True, stdin=True)
    await operation.until(lambda it: b"# " in it.stdout)
    operation.send(input=pb.OperationInput(resize=pb.TerminalSize(columns=132, rows=43)))
    operation.type(b"stty size\r")
    await operation.until(lambda it: b"43 132\r\n" in it.stdout)
    assert b"stty size\r\n" in operation.stdout
    operation.type(b"cat /missing\r")
    await operation.until(lambda it: b"No such file" in it.stdout)
    operation.type(b"exit 3\r")
    assert (await operation.succeeded()).exit_code == 3
    assert operation.stderr == b""


async def test_more_output_than_fits_waits_for_the_reader_and_delays_nobody(pod: Pod) -> None:
    stuck = pod.order(is_generous=False, exec={"command": ["yes"]})
    await stuck.until(lambda it: len(it.stdout) == 262_144)
    assert (await run(pod, "seq", "1000").succeeded()).exit_code == 0
    assert len(stuck.stdout) == 262_144
    stuck.send(credit=pb.OperationCredit(bytes=100_000))
    await stuck.until(lambda it: len(it.stdout) == 362_144)
    stuck.send(cancel="your access ended")
    assert (await stuck.result(seconds=1.0)).message == "your access ended"
    await pod.until_idle()


@pytest.mark.parametrize("end", ["cancel", "hang up"])
async def test_the_process_ends_with_its_operation(pod: Pod, end: str) -> None:
    operation = run(pod, "sh", stdin=True, tty=True)
    await operation.until(lambda it: b"# " in it.stdout)
    assert pod.kubelet.processes == 1
    if end == "cancel":
        operation.send(cancel="the window has closed")
        assert (await operation.result(seconds=1.0)).outcome == pb.OPERATION_OUTCOME_LEASE_ENDED
    else:
        operation.hang_up()
        await operation.until(lambda it: it.has_ended, seconds=1.0)
    await pod.until_idle()
    names = ("agent/operation", "agent/terminal")
    await eventually(lambda: not [task for task in asyncio.all_tasks() if task.get_name().startswith(names)])


async def test_a_gigantic_command_none_at_all_and_an_unknown_container_are_refused(pod: Pod) -> None:
    assert "no command" in await run(pod).denied()
    assert "more than 65536" in await run(pod, "echo", "x" * 70_000).denied()
    assert f"it has {pod.container}" in await run(pod, "true", container="other").failed()


async def test_a_pod_that_was_made_anew_is_another_one(pod: Pod) -> None:
    operation = pod.desk.order("pods", pod.namespace, pod.name, uid="an-older-one", exec={"command": ["true"]})
    assert "made anew" in await operation.failed()
    assert pod.kubelet.processes == 0


async def test_attaching_shows_the_main_process_and_goes_on_until_the_hub_cancels(pod: Pod) -> None:
    operation = pod.order(attach={"stdin": True})
    await operation.until(lambda it: b"is running" in it.stdout)
    operation.type(b"to the service\n")
    await operation.until(lambda it: b"to the service\n" in it.stdout)
    operation.send(cancel="your access ended")
    assert (await operation.result(seconds=1.0)).outcome == pb.OPERATION_OUTCOME_LEASE_ENDED
    await pod.until_idle()


async def test_a_folder_is_copied_as_an_archive_and_what_is_missing_has_an_exit_code(pod: Pod) -> None:
    operation = pod.order(copy_from={"path": "/etc/"})
    assert (await operation.succeeded()).exit_code == 0
    with tarfile.open(fileobj=io.BytesIO(operation.stdout)) as archive:
        hostname = archive.extractfile("./etc/hostname")
        assert hostname is not None
        assert hostname.read() == f"{pod.name}\n".encode()
    missing = pod.order(copy_from={"path": "/etc/-missing"})
    assert (await missing.succeeded()).exit_code != 0
    assert b"./-missing: No such file" in missing.stderr


@pytest.mark.parametrize("path", ["etc/hostname", "", "-C", "/etc/\0"])
async def test_a_path_that_is_not_absolute_is_refused(pod: Pod, path: str) -> None:
    assert "absolute" in await pod.order(copy_from={"path": path}).denied()


async def test_only_pods_have_processes(pod: Pod) -> None:
    for operation in ({"exec": {"command": ["true"]}}, {"attach": {}}, {"copy_from": {"path": "/x"}}):
        refused = pod.desk.order("configmaps", pod.namespace, pod.name, **operation)
        assert "only pods" in await refused.denied()


async def test_a_debug_container_is_added_attached_to_and_ends_with_a_code(pod: Pod) -> None:
    asked = {"image": "busybox:1.36", "stdin": True, "tty": True, "target_container": pod.container}
    operation = pod.order(debug=asked, key="once")
    if pod.is_real:  # Kubernetes 1.20 has none
        assert "too old for debug containers" in await operation.failed()
        return
    await operation.until(lambda it: b"# " in it.stdout)
    assert any("debug-" in sentence for sentence in operation.progress)
    (added,) = (await pod.read())["spec"]["ephemeralContainers"]
    assert (added["image"], added["targetContainerName"]) == ("busybox:1.36", pod.container)
    again = pod.order(debug=asked, key="once")
    await again.until(lambda it: any("was added before" in sentence for sentence in it.progress))
    again.hang_up()
    assert "used for another" in await pod.order(debug=asked | {"image": "busybox:1"}, key="once").denied()
    assert len((await pod.read())["spec"]["ephemeralContainers"]) == 1
    operation.type(b"exit 4\r")
    assert (await operation.succeeded()).exit_code == 4
    second = pod.order(debug={"image": "busybox:1.36", "command": ["echo", "second"]})
    assert (await second.succeeded()).exit_code == 0
    assert second.stdout == b"second\n"
    assert len((await pod.read())["spec"]["ephemeralContainers"]) == 2


async def test_an_image_that_is_in_no_registry_is_told(pod: Pod) -> None:
    if pod.is_real:
        pytest.skip("Kubernetes 1.20 has no debug containers")
    assert "ErrImagePull" in await pod.order(debug={"image": "busybox:missing"}).failed()
    assert "needs an image" in await pod.order(debug={"image": "two\nlines"}).denied()
