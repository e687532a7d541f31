"""The commands of ``octokube`` that operate on clusters, against a hub and an agent that a test plays."""

import asyncio
import contextlib
import io
import os
import pathlib
import socket
import sys
import tarfile
from collections.abc import Awaitable, Callable

import orjson
import pytest

from octokube.v1 import operation_pb2 as pb
from octokube.v1 import resource_pb2
from tests.hub.broker.conftest import Executing, Scene
from tests.hub.objects import key
from tests.support.waiting import HANG_SECONDS

pytestmark = pytest.mark.timeout(30)

Play = Callable[[Executing, pb.ExecuteStart], Awaitable[None]]
SUCCEEDED = pb.OPERATION_OUTCOME_SUCCEEDED


async def octokube(
    scene: Scene, *words: str, play: Play | None = None, who: str = "alice", stdin: bytes = b""
) -> tuple[int, str, str]:
    """Runs the command while a test plays the agent: exit code, output, errors."""

    async def serve() -> None:
        executing = await scene.ordered()
        start = await executing.begin()
        assert play is not None
        await play(executing, start)

    server = asyncio.create_task(serve()) if play is not None else None
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "octokube.cli.main", *words),
        env={**os.environ, "OCTOKUBE_HUB": scene.hub.address, "OCTOKUBE_TOKEN": f"demo:{who}"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, error = await process.communicate(stdin)
    if server is not None:
        if process.returncode:
            server.cancel()
        await asyncio.gather(server, return_exceptions=not play or bool(process.returncode))
    return process.returncode or 0, out.decode(), error.decode()


def document(role: int, value: dict[str, object], type: str = "pods", name: str = "web-1") -> pb.OperationOutput:
    part = pb.DocumentPart(
        role=role,  # type: ignore[arg-type]
        key=resource_pb2.Key(type=type, namespace="red", name=name),
        content=orjson.dumps(value),
        last=True,
    )
    return pb.OperationOutput(document=part)


async def done(executing: Executing, **fields: object) -> None:
    await executing.send(result=pb.OperationResult(outcome=SUCCEEDED, **fields))  # type: ignore[arg-type]


async def test_exec_gives_input_output_and_the_exit_code(scene: Scene) -> None:
    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        assert list(start.operation.exec.command) == ["cat", "-n"]
        assert (await executing.read()).input.stdin == b"hello\n"
        assert (await executing.read()).input.stdin_closed
        await executing.send(output=pb.OperationOutput(stdout=b"out\n"))
        await executing.send(output=pb.OperationOutput(stderr=b"err\n"))
        await done(executing, exit_code=7)

    found = await octokube(scene, "exec", "-i", "-n", "red", "web-1", "--", "cat", "-n", play=play, stdin=b"hello\n")
    assert found == (7, "out\n", "err\n")


async def test_logs_of_a_selection_name_their_source(scene: Scene) -> None:
    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        asked = start.operation.logs
        assert (asked.label_selector, asked.tail_lines, asked.follow) == ("app=web", 5, False)
        assert start.pods.all
        for pod in ("web-1", "web-2"):
            source = pb.LogSource(pod=pod, container="main")
            await executing.send(output=pb.OperationOutput(stdout=b"a\nb\n", source=source))
        await done(executing)

    code, out, _ = await octokube(scene, "logs", "-l", "app=web", "-n", "red", "--tail", "5", play=play)
    assert (code, out.splitlines()) == (
        0,
        ["[web-1/main] a", "[web-1/main] b", "[web-2/main] a", "[web-2/main] b"],
    )


async def test_much_output_arrives_whole(scene: Scene) -> None:
    """More than the credit that there is to begin with: what is read makes room."""
    parts = [bytes([65 + number % 26]) * 60_000 + b"\n" for number in range(20)]

    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        credit_bytes = 262_144
        source = pb.LogSource(pod="web-1", container="main")
        for part in parts:
            while credit_bytes < len(part):
                credit_bytes += (await executing.read()).credit.bytes
            credit_bytes -= len(part)
            await executing.send(output=pb.OperationOutput(stdout=part, source=source))
        await done(executing)

    code, out, error = await octokube(scene, "logs", "web-1", "-n", "red", play=play)
    assert (code, error) == (0, "")
    assert out.encode() == b"".join(parts)


async def test_describe_shows_the_object_and_what_is_about_it(scene: Scene) -> None:
    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        await executing.send(output=document(pb.DOCUMENT_ROLE_OBJECT, {"kind": "Pod"}))
        event = {"type": "Warning", "reason": "BackOff", "message": "again"}
        await executing.send(output=document(pb.DOCUMENT_ROLE_EVENT, event, "events", "e"))
        owner = {"kind": "ReplicaSet", "metadata": {"name": "web"}}
        await executing.send(output=document(pb.DOCUMENT_ROLE_OWNER, owner, "configmaps", "web"))
        await done(executing)

    code, out, error = await octokube(scene, "describe", "pods", "web-1", "-n", "red", play=play)
    assert (code, error) == (0, "")
    assert out.splitlines() == ["{", '  "kind": "Pod"', "}", "event: Warning BackOff: again", "owner: ReplicaSet web"]


async def test_apply_shows_what_it_changes_and_sends_what_the_file_says(scene: Scene, tmp_path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(
        "apiVersion: v1\nkind: Configmaps\nmetadata: {name: settings, namespace: red}\ndata: {level: debug}\n"
    )
    scene.agent.put(key("configmaps", "red", "settings"))
    await scene.link.flush()

    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        asked = start.operation.apply
        assert orjson.loads(asked.body)["data"] == {"level": "debug"}
        assert (asked.dry_run, asked.force, asked.field_manager) == (True, False, "octokube")
        assert (start.patch_allowed, start.create_allowed) == (True, True)
        for role, level in ((pb.DOCUMENT_ROLE_BEFORE, "info"), (pb.DOCUMENT_ROLE_AFTER, "debug")):
            await executing.send(output=document(role, {"data": {"level": level}}, "configmaps", "settings"))
        await done(executing)

    code, out, error = await octokube(scene, "apply", "-f", str(path), "--dry-run", play=play, who="admin")
    assert (code, error) == (0, "")
    assert "-  level: info" in out
    assert "+  level: debug" in out
    assert out.endswith("configmaps/settings would be applied\n")


async def test_a_refusal_is_one_sentence_and_exit_code_one(scene: Scene) -> None:
    code, out, error = await octokube(scene, "exec", "-n", "red", "web-1", "--", "sh", who="bob")
    assert (code, out, error) == (1, "", "denied: Nothing lets you run commands in this.\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["exec", "web-1", "-n", "red"], "say what to run"),
        (["exec", "web-1", "--", "sh"], "say where the"),
        (["cp", "web-1", "/tmp", "-n", "red"], "is no source"),
        (["port-forward", "web-1", "http", "-n", "red"], "no pair of ports"),
        (["logs", "-n", "red"], "name one pod or workload"),
        (["logs", "web-1", "-n", "red", "--since", "yesterday"], "no span of time"),
        (["scale", "spaceships/x", "--replicas", "1", "-n", "red"], "no type 'spaceships' is visible to you"),
    ],
)
async def test_bad_words_are_one_sentence(scene: Scene, words: list[str], sentence: str) -> None:
    code, out, error = await octokube(scene, *words)
    assert code in (1, 2)
    assert out == ""
    assert sentence in error
    assert len(error.splitlines()) == 1


def archive(*members: tuple[str, bytes]) -> bytes:
    """A tar archive of files."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return packed.getvalue()


async def test_cp_unpacks_what_the_container_packs(scene: Scene, tmp_path: pathlib.Path) -> None:
    packed = archive(("log/a", b"x" * 200_000), ("log/b", b"y"))

    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        assert start.operation.copy_from.path == "/var/log"
        for begin in range(0, len(packed), 60_000):
            await executing.send(output=pb.OperationOutput(stdout=packed[begin : begin + 60_000]))
        await done(executing, exit_code=0)

    target = tmp_path / "here"
    code, out, error = await octokube(scene, "cp", "-n", "red", "web-1:/var/log", str(target), play=play)
    assert (code, out, error) == (0, f"2 files and folders in {target}\n", "")
    assert (target / "log" / "a").read_bytes() == b"x" * 200_000


async def test_cp_writes_nothing_outside_whatever_the_container_packs(scene: Scene, tmp_path: pathlib.Path) -> None:
    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        await executing.send(output=pb.OperationOutput(stdout=archive(("../escaped", b"x"))))
        await done(executing, exit_code=0)

    code, _, error = await octokube(scene, "cp", "-n", "red", "web-1:/etc", str(tmp_path / "here"), play=play)
    assert code == 1
    assert "can't be unpacked" in error
    assert not (tmp_path / "escaped").exists()


async def test_cp_leaves_links_out_and_says_so(scene: Scene, tmp_path: pathlib.Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for type, name, target in (
            (tarfile.SYMTYPE, "out", str(tmp_path)),
            (tarfile.LNKTYPE, "hard", "/etc/passwd"),
            (tarfile.SYMTYPE, "\x1b[2Jinside", "file"),
        ):
            link = tarfile.TarInfo(name)
            link.type, link.linkname = type, target
            tar.addfile(link)
        file = tarfile.TarInfo("out/file")
        file.size = 1
        tar.addfile(file, io.BytesIO(b"x"))

    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        await executing.send(output=pb.OperationOutput(stderr=b"tar: \x1b[2J: removed\n"))
        await executing.send(output=pb.OperationOutput(stdout=packed.getvalue()))
        await done(executing, exit_code=0)

    target = tmp_path / "here"
    code, _, error = await octokube(scene, "cp", "-n", "red", "web-1:/etc", str(target), play=play)
    assert (code, error) == (0, "tar: \\x1b[2J: removed\n3 links were left out, the first out\n")
    assert [path.relative_to(target).as_posix() for path in target.rglob("*")] == ["out", "out/file"]
    assert not (tmp_path / "file").exists()


async def test_cp_does_not_pass_a_part_of_an_archive_for_the_whole(scene: Scene, tmp_path: pathlib.Path) -> None:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for name, mtime in (("a", 0), ("b", 2**80), ("c", 0)):
            info = tarfile.TarInfo(name)
            info.mtime = mtime
            tar.addfile(info)

    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        await executing.send(output=pb.OperationOutput(stdout=packed.getvalue()))
        await done(executing, exit_code=0)

    code, out, error = await octokube(scene, "cp", "-n", "red", "web-1:/etc", str(tmp_path / "here"), play=play)
    assert (code, out) == (1, "")
    assert "can't be unpacked" in error and "Traceback" not in error


async def test_describe_says_what_it_leaves_out(scene: Scene) -> None:
    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        document = pb.DocumentPart(
            role=pb.DOCUMENT_ROLE_OBJECT, key=start.operation.target.key, content=b"{}", last=True
        )
        await executing.send(output=pb.OperationOutput(document=document))
        await executing.send(output=pb.OperationOutput(progress="a part is left out"))
        await done(executing)

    code, out, error = await octokube(scene, "describe", "pods", "web-1", "-n", "red", play=play)
    assert (code, out, error) == (0, "{}\n", "a part is left out\n")


async def test_json_of_an_object_does_not_steer_the_terminal_and_means_the_same(scene: Scene) -> None:
    found = {"metadata": {"annotations": {"a": "\x9b2J\x7f \u202e \U000e0041 \U0001f419 ü"}}}

    async def play(executing: Executing, start: pb.ExecuteStart) -> None:
        document = pb.DocumentPart(
            role=pb.DOCUMENT_ROLE_OBJECT, key=start.operation.target.key, content=orjson.dumps(found), last=True
        )
        await executing.send(output=pb.OperationOutput(document=document))
        await done(executing)

    for words in (("describe", "pods", "web-1"), ("get", "pods", "web-1", "--full", "-o", "json")):
        code, out, _ = await octokube(scene, *words, "-n", "red", play=play)
        assert (code, orjson.loads(out)) == (0, found)
        assert out.replace("\n", "").isprintable()
        assert "\U0001f419 ü" in out


async def test_what_others_wrote_does_not_steer_the_terminal(scene: Scene) -> None:
    clear = "\x1b[2J"

    async def describe(executing: Executing, start: pb.ExecuteStart) -> None:
        event = {"type": "Warning", "reason": f"Odd{clear}", "message": f"a\n{clear}b"}
        key = resource_pb2.Key(type="events", namespace="red", name="one")
        for role, content in ((pb.DOCUMENT_ROLE_OBJECT, {}), (pb.DOCUMENT_ROLE_EVENT, event)):
            part = pb.DocumentPart(role=role, key=key, content=orjson.dumps(content), last=True)
            await executing.send(output=pb.OperationOutput(document=part))
        await done(executing)

    code, out, _ = await octokube(scene, "describe", "pods", "web-1", "-n", "red", play=describe)
    assert (code, "\x1b" in out) == (0, False)
    assert "event: Warning Odd\\x1b[2J: a\\n\\x1b[2Jb" in out

    async def restart(executing: Executing, start: pb.ExecuteStart) -> None:
        conflict = pb.FieldConflict(field=".spec", manager=clear)
        message = f"refused{clear}"
        await executing.send(
            result=pb.OperationResult(outcome=pb.OPERATION_OUTCOME_FAILED, message=message, conflicts=[conflict])
        )

    code, _, error = await octokube(scene, "exec", "web-1", "-n", "red", "--", "ls", play=restart)
    assert (code, "\x1b" in error) == (1, False)
    assert error == "failed: refused\\x1b[2J\n  .spec is managed by \\x1b[2J\n"


async def test_port_forward_carries_connections_both_ways(scene: Scene) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "octokube.cli.main", "port-forward", "-n", "red", "web-1", "0:80"),
        env={**os.environ, "OCTOKUBE_HUB": scene.hub.address, "OCTOKUBE_TOKEN": "demo:alice"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    executing = await scene.ordered()
    assert list((await executing.begin()).operation.port_forward.ports) == [80]
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    reader, writer = await asyncio.open_connection("127.0.0.1", int(line.split()[0].rpartition(":")[2]))
    opened = (await executing.read()).input.forward
    assert (opened.connection_id, opened.open) == (1, 80)
    writer.write(b"GET /\n")
    assert (await executing.read()).input.forward.data == b"GET /\n"
    answer = pb.ForwardFrame(connection_id=1, data=b"hello\n")
    await executing.send(output=pb.OperationOutput(forward=answer))
    assert await reader.readline() == b"hello\n"
    await executing.send(output=pb.OperationOutput(forward=pb.ForwardFrame(connection_id=1, closed=True)))
    assert await reader.read() == b""
    writer.close()
    process.terminate()
    await process.wait()
    assert await executing.cancelled() == "the caller has gone"


async def test_a_local_program_that_reads_nothing_delays_its_own_connection_only(scene: Scene) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "octokube.cli.main", "port-forward", "-n", "red", "web-1", "0:80"),
        env={**os.environ, "OCTOKUBE_HUB": scene.hub.address, "OCTOKUBE_TOKEN": "demo:alice"},
        stdout=asyncio.subprocess.PIPE,
    )
    executing = await scene.ordered()
    assert (await executing.begin()).operation.port_forward.connection_credit
    assert process.stdout is not None
    port = int((await process.stdout.readline()).split()[0].rpartition(b":")[2])
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    stuck.connect(("127.0.0.1", port))
    arrived: asyncio.Queue[pb.ExecuteResponse] = asyncio.Queue()

    async def read() -> None:
        while isinstance(message := await executing.call.read(), pb.ExecuteResponse):
            arrived.put_nowait(message)

    async def answer(number: int, data: bytes) -> None:
        frame = pb.ForwardFrame(connection_id=number, data=data)
        await executing.send(output=pb.OperationOutput(forward=frame))

    reading = asyncio.create_task(read())
    operation_bytes, stuck_bytes = 262_144, 65_536
    with contextlib.suppress(TimeoutError):  # that nothing comes any more: what holds data for it is full
        while True:
            while operation_bytes and stuck_bytes:
                size_bytes = min(16_384, operation_bytes, stuck_bytes)
                await answer(1, b"x" * size_bytes)
                operation_bytes, stuck_bytes = operation_bytes - size_bytes, stuck_bytes - size_bytes
            message = await asyncio.wait_for(arrived.get(), 1.0)
            operation_bytes += message.credit.bytes
            stuck_bytes += message.input.forward.credit
    assert (stuck_bytes, operation_bytes > 0) == (0, True), "it waits on its own account"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /\n")
    async with asyncio.timeout(HANG_SECONDS):
        while (await arrived.get()).input.forward.data != b"GET /\n":
            pass
        await answer(2, b"hello\n")
        assert await reader.readline() == b"hello\n"
    writer.close()
    stuck.close()
    process.terminate()
    await process.wait()
    await reading
