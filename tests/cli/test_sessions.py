"""Recorded sessions replay as they were, and a recording can do nothing to a terminal but draw on it."""

import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube.cli.replaying import replay
from octokube.cli.screen import Screen
from octokube.runtime.errors import UserError

HEADER = {"version": 2, "width": 80, "height": 24, "timestamp": 1_800_000_000, "title": "user:alice: exec"}


def cast(*events: tuple[float, str, str]) -> io.BytesIO:
    lines = [json.dumps(HEADER), *(json.dumps(event) for event in events)]
    return io.BytesIO("".join(f"{line}\n" for line in lines).encode())


class Terminal:
    """What was written, and the waits before it, on a clock that only waiting moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waited: list[float] = []
        self.shown = ""

    def sleep(self, seconds: float) -> None:
        self.waited.append(round(seconds, 6))
        self.now += seconds

    def write(self, text: str) -> None:
        self.shown += text

    def play(self, file: io.BytesIO, **options: float) -> bool:
        return replay(file, write=self.write, sleep=self.sleep, clock=lambda: self.now, **options)  # type: ignore[arg-type]


def test_it_plays_what_was_shown_at_the_times_at_which_it_was() -> None:
    terminal = Terminal()
    assert terminal.play(cast((0.5, "o", "$ "), (1.5, "r", "100x40"), (1.5, "o", "ls\r\n"), (1.5, "o", "file\r\n")))
    assert terminal.waited == [0.5, 1.0]
    assert terminal.shown.startswith("$ ls\r\nfile\r\n")
    assert "100x40" not in terminal.shown


def test_it_plays_faster_and_waits_no_longer_than_it_may_where_nothing_happened() -> None:
    terminal = Terminal()
    terminal.play(cast((1.0, "o", "a"), (3_601.0, "o", "b"), (3_602.0, "o", "c")), speed=2.0, idle_limit_seconds=4.0)
    assert terminal.waited == [0.5, 2.0, 0.5]


def test_a_recording_that_was_cut_off_within_a_line_is_played_up_to_there_and_said_to_be() -> None:
    terminal = Terminal()
    whole = cast((0.0, "o", "kept"), (1.0, "o", "torn")).getvalue()
    assert not terminal.play(io.BytesIO(whole[:-4]))
    assert terminal.shown.startswith("kept")
    assert "torn" not in terminal.shown


@pytest.mark.parametrize("content", [b"", b"[]\n", b'{"version": 1}\n', b"\x00\xff\n"])
def test_what_is_no_asciicast_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(UserError, match="does not begin as an asciicast"):
        Terminal().play(io.BytesIO(content))


@pytest.mark.parametrize(
    "sequence",
    [
        "\x1b[6n",  # asks where the cursor is: the answer is typed into the shell of whoever replays
        "\x1b[c",
        "\x1b[>c",
        "\x1b[>q",
        "\x1b[?1;2$p",
        "\x1b[21t",
        "\x1b[?u",
        "\x1bZ",
        "\x05",
        "\x1b]52;c;cm0gLXJmIC8=\x07",  # fills the clipboard
        "\x1b]0;a title\x1b\\",
        "\x1b]8;;https://evil.example\x1b\\",
        "\x1bP$q m\x1b\\",
        "\x1b_payload\x1b\\",
        "\x1b[?1000h",
        "\x1b[?2004h",
        "\x1b[5i",
        "\x9b6n",
        "\x9d0;title\x9c",
    ],
)
def test_what_questions_or_sets_the_terminal_is_left_out_wherever_it_is_cut(sequence: str) -> None:
    for cut in range(len(sequence) + 1):
        screen = Screen()
        drawn = screen.draw("a" + sequence[:cut]) + screen.draw(sequence[cut:] + "b")
        assert drawn[0] == "a" and drawn[-1] == "b"
        assert not set(drawn) & {"\x1b", "\x05", "\x9b", "\x9d"}, drawn


@pytest.mark.parametrize(
    "sequence",
    ["\x1b[1;31m", "\x1b[2J", "\x1b[10;20H", "\x1b[?1049h", "\x1b[?25l", "\x1b7", "\x1b(0", "\x1b[2 q", "\r\n\t\b"],
)
def test_what_draws_is_passed_on_wherever_it_is_cut(sequence: str) -> None:
    for cut in range(len(sequence) + 1):
        screen = Screen()
        assert screen.draw("a" + sequence[:cut]) + screen.draw(sequence[cut:] + "b") == f"a{sequence}b"


def test_only_the_modes_of_the_screen_are_set_of_several() -> None:
    assert Screen().draw("\x1b[?1000;1049;2004h") == "\x1b[?1049h"


def test_a_string_that_never_ends_swallows_the_rest_without_being_held() -> None:
    screen = Screen()
    screen.draw("\x1b]52;c;")
    for _ in range(100):
        assert screen.draw("x" * 10_000) == ""
    assert len(screen._left) <= 3


def test_the_terminal_is_left_as_it_was_also_after_a_replay_that_broke_off() -> None:
    terminal = Terminal()
    with pytest.raises(UserError):
        terminal.play(io.BytesIO(cast((0.0, "o", "\x1b[?1049h\x1b[?25l\x1b[31m")).getvalue() + b"not json\n"))
    shown = terminal.shown.removeprefix("\x1b[?1049h\x1b[?25l\x1b[31m")
    assert shown.startswith("\x1b[?1049l") and "\x1b[?25h" in shown and "\x1b[0m" in shown


@given(st.lists(st.text(st.sampled_from("\x1b[]P_\\?>;0126nchtqm\x07\x05\x9b x"), max_size=12), max_size=6))
def test_no_sequence_that_a_terminal_answers_ever_comes_out(parts: list[str]) -> None:
    screen = Screen()
    drawn = "".join(screen.draw(part) for part in parts)
    assert not re.search(r"[\x05\x9b]|\x1b[Z\]P_]|\x1b\[[<=>?]?[0-9;:]*[cntq]|\x1b\[\?[0-9;]*\b1000\b", drawn)
