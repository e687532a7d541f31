"""Asciicast v2, as https://docs.asciinema.org/manual/asciicast/v2/ describes it."""

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from octokube_hub.recording.cast import Cast


def lines(*parts: bytes) -> list[object]:
    return [json.loads(line) for line in b"".join(parts).splitlines()]


def test_the_first_size_is_the_sessions_and_later_ones_are_events() -> None:
    cast = Cast(title="user:alice: exec", started_at=1_700_000_000.9)
    header, output, resize = lines(
        cast.resize(0.0, 120, 40), cast.output(0.5, b"$ "), cast.resize(1.25, 100, 30), cast.end(2.0)
    )
    assert header == {"version": 2, "width": 120, "height": 40, "timestamp": 1_700_000_000, "title": "user:alice: exec"}
    assert output == [0.5, "o", "$ "]
    assert resize == [1.25, "r", "100x30"]


def test_a_session_in_which_nothing_happens_is_a_header() -> None:
    (header,) = lines(Cast(title="", started_at=0).end(3.0))
    assert isinstance(header, dict) and (header["width"], header["height"]) == (80, 24)


@given(st.lists(st.tuples(st.sampled_from(["stdout", "stderr"]), st.binary(max_size=9)), max_size=12))
def test_whatever_the_borders_of_messages_each_stream_reads_as_if_it_came_at_once(
    parts: list[tuple[str, bytes]],
) -> None:
    cast = Cast(title="", started_at=0)
    written = [cast.output(number, content, stream) for number, (stream, content) in enumerate(parts)]
    events = lines(*written, cast.end(len(parts)))[1:]
    shown = "".join(event[2] for event in events)  # type: ignore[index]
    wholes = [b"".join(content for name, content in parts if name == stream) for stream in ("stdout", "stderr")]
    expected = [whole.decode("utf-8", "replace") for whole in wholes]
    assert sorted(shown) == sorted("".join(expected))
    assert all(event[0] <= later[0] for event, later in itertools.pairwise(events))  # type: ignore[index]
