"""What a person can mend is one sentence of each program: no traceback, no words of a library beside it."""

import asyncio
import pathlib
import socket
import sys
from collections.abc import Iterator

import pytest

from tests.support.demo import environment

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(60)]


@pytest.fixture
def taken() -> Iterator[str]:
    """An address at which somebody listens already."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


async def complaint(module: str, *arguments: str) -> str:
    """What a program writes to standard error and ends with exit code 2, without the lines of its log."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(),
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), 30)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (process.returncode, out) == (2, b""), err
    return "".join(line for line in err.decode().splitlines(keepends=True) if not line.startswith("{"))


async def test_a_hub_whose_port_is_taken_says_so_in_one_sentence(taken: str, tmp_path: pathlib.Path) -> None:
    """gRPC's core used to print its own line above ours."""
    policies = tmp_path / "policies"
    policies.mkdir()
    options = ["serve", "--data", str(tmp_path / "data"), "--policies", str(policies), "--listen", taken]
    assert await complaint("octokube_hub.cli", *options) == (
        f"error: can't listen on {taken}: it is in use or not this machine's; choose another\n"
    )


async def test_a_gateway_whose_port_is_taken_says_so_in_one_sentence(taken: str) -> None:
    text = await complaint("octokube_web.cli", "--listen", taken)
    assert text.startswith(f"error: the gateway can't listen on {taken} (")
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("module", "arguments", "sentence"),
    [
        (
            "octokube_hub.cli",
            ["serve", "--policies", "/nowhere"],
            "error: the policy directory /nowhere does not exist",
        ),
        ("octokube_hub.cli", ["serve", "--policies", "/", "--listen", "nonsense"], "error: 'nonsense' is no "),
        ("octokube_web.cli", ["--hub-ca-file", "/nowhere.pem"], "error: the CA file /nowhere.pem can't be read"),
        ("octokube_web.cli", ["--listen", "nonsense"], "error: 'nonsense' is no "),
        (
            "octokube_agent.cli",
            ["--cluster", "a", "--hub", "127.0.0.1:1", "--kubeconfig", "/nowhere"],
            "error: ",
        ),
        (
            "octokube_agent.cli",
            ["--cluster", "a", "--hub", "127.0.0.1:1", "--credential-file", "/nowhere"],
            "error: the agent credential file /nowhere can't be read",
        ),
        ("octokube_agent.cli", ["--cluster", "A b", "--hub", "127.0.0.1:1"], "error: the cluster name 'A b' is not"),
    ],
)
async def test_bad_settings_are_one_sentence(
    module: str, arguments: list[str], sentence: str, tmp_path: pathlib.Path
) -> None:
    if module == "octokube_hub.cli":
        arguments = [*arguments, "--data", str(tmp_path / "data")]
    text = await complaint(module, *arguments)
    assert text.startswith(sentence), text
    assert text.count("\n") == 1, text
