"""How a byte stream is cut into lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube_agent.kube import errors
from octokube_agent.kube.lines import LineSplitter


@given(st.lists(st.binary(min_size=1).filter(lambda line: b"\n" not in line)), st.data())
def test_lines_come_out_whole_however_they_were_cut(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line + b"\n" for line in lines)
    splitter = LineSplitter()
    found: list[bytes] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        found += splitter.feed(stream[:cut])
        stream = stream[cut:]
    assert found == lines
    assert not splitter.has_unfinished


def test_an_unfinished_line_is_held_until_its_end_comes() -> None:
    splitter = LineSplitter()
    assert splitter.feed(b'{"a":') == []
    assert splitter.has_unfinished
    assert splitter.feed(b"1}\n{") == [b'{"a":1}']
    assert splitter.has_unfinished


def test_a_line_of_three_megabytes_passes() -> None:
    splitter = LineSplitter()
    line = b"x" * 3_000_000
    found = [item for start in range(0, len(line), 65_536) for item in splitter.feed(line[start : start + 65_536])]
    assert found + splitter.feed(b"\n") == [line]


def test_a_line_beyond_the_bound_is_refused_with_a_clear_error() -> None:
    splitter = LineSplitter(max_line_bytes=10)
    with pytest.raises(errors.TooLarge, match="more than 10 bytes"):
        splitter.feed(b"12345678901")
