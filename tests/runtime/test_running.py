"""A program ends as its signals and its errors ask, with the exit code that says so."""

import asyncio
import os
import signal

import pytest

from octokube.runtime.errors import UserError
from octokube.runtime.running import run_program
from tests.support.waiting import HANG_SECONDS


def test_a_program_that_ends_by_itself_succeeds() -> None:
    async def main(stopping: asyncio.Event) -> None:
        assert not stopping.is_set()

    assert run_program(main) == 0


def test_an_error_a_person_can_mend_is_one_sentence_and_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    async def main(stopping: asyncio.Event) -> None:
        raise UserError("the port 80 is taken; choose another with --port")

    assert run_program(main) == 2
    assert capsys.readouterr().err == "error: the port 80 is taken; choose another with --port\n"


def test_an_error_may_choose_its_exit_code() -> None:
    async def main(stopping: asyncio.Event) -> None:
        raise UserError("no", exit_code=3)

    assert run_program(main) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_asks_and_the_program_stops_in_its_own_order(number: signal.Signals) -> None:
    order: list[str] = []

    async def main(stopping: asyncio.Event) -> None:
        os.kill(os.getpid(), number)
        await stopping.wait()
        order.append("drained")
        await asyncio.sleep(0)
        order.append("stopped")

    assert run_program(main) == 0
    assert order == ["drained", "stopped"]


def test_a_second_signal_ends_a_program_that_hangs() -> None:
    async def main(stopping: asyncio.Event) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        await stopping.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(HANG_SECONDS):  # a loop that waits in C hears no alarm of the test runner
            await asyncio.Event().wait()

    assert run_program(main) == 0


def test_a_defect_keeps_its_traceback() -> None:
    async def main(stopping: asyncio.Event) -> None:
        raise LookupError("a defect")

    with pytest.raises(LookupError, match="a defect"):
        run_program(main)
