"""Replays an asciicast: writes what was shown, when it was shown."""

import sys
import time
from collections.abc import Callable
from typing import BinaryIO

import orjson

from octokube.cli.screen import Screen
from octokube.runtime.errors import UserError


def replay(
    file: BinaryIO,
    *,
    speed: float = 1.0,
    idle_limit_seconds: float | None = None,
    write: Callable[[str], None] | None = None,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> bool:
    """Writes to the terminal. False when the recording ends in the middle of a line. Raises UserError for no asciicast.

    Waiting is measured from the beginning, so that what writing takes makes nothing late.
    """
    _check_header(file.readline())
    show = write or _show
    screen = Screen()
    began_at = clock()
    former_seconds = skipped_seconds = 0.0
    try:
        for line in file:
            if not line.endswith(b"\n"):
                return False
            seconds, kind, text = _event(line)
            idle_seconds = seconds - former_seconds
            former_seconds = seconds
            if idle_limit_seconds is not None and idle_seconds > idle_limit_seconds:
                skipped_seconds += idle_seconds - idle_limit_seconds
            due_in_seconds = began_at + (seconds - skipped_seconds) / speed - clock()
            if due_in_seconds > 0:
                sleep(due_in_seconds)
            if kind == "o" and (drawn := screen.draw(text)):
                show(drawn)
    finally:
        show(screen.restore())
    return True


def _check_header(line: bytes) -> None:
    try:
        header = orjson.loads(line)
    except orjson.JSONDecodeError:
        header = None
    if not isinstance(header, dict) or header.get("version") != 2:
        raise UserError("the recording does not begin as an asciicast of version 2 does; nothing of it can be shown")


def _event(line: bytes) -> tuple[float, str, str]:
    try:
        seconds, kind, text = orjson.loads(line)
        return float(seconds), str(kind), str(text)
    except (orjson.JSONDecodeError, ValueError, TypeError) as error:
        raise UserError("a line of the recording is none of an asciicast; what comes after it is not shown") from error


def _show(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
