"""Whatever strangers send is read or refused, and nothing else: a shorter run of what `make fuzz` does."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.fuzz.parsers import PARSERS, tried


def mutated(seed: bytes) -> st.SearchStrategy[bytes]:
    """A seed in which a part is replaced."""
    places = st.integers(0, len(seed))
    return st.builds(
        lambda begin, length, part: seed[:begin] + part + seed[begin + length :], places, places, st.binary(max_size=40)
    )


@pytest.mark.parametrize("name", PARSERS)
def test_no_input_does_more_than_be_refused(name: str) -> None:
    parser = PARSERS[name]

    @settings(max_examples=150, deadline=None)
    @given(st.one_of(st.binary(max_size=500), *map(mutated, parser.seeds)))
    @example(b"")
    @example(b"\x00" * 300)
    @example("é\u202e\ud800".encode("utf-8", "surrogatepass"))
    def run(content: bytes) -> None:
        tried(parser, content)

    run()
