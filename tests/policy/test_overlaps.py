"""Two patterns overlap exactly when some name matches both."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octokube_hub.policy import globs
from octokube_hub.policy.overlaps import is_pattern_overlapping

# Where two patterns of three steps meet at all, they meet in a name of six letters.
NAMES = ["".join(letters) for length in range(7) for letters in itertools.product("ab-x", repeat=length)]
patterns = st.lists(
    st.sampled_from(["a", "b", "-", "*", "?", "[ab]", "[!a]", "[!ab-]", "[a-b]", "[!b]"]), min_size=1, max_size=3
).map("".join)


@settings(max_examples=150, deadline=None)
@given(patterns, patterns)
def test_an_overlap_is_a_name_that_both_match(first, second):
    expected = any(globs.is_match(name, first) and globs.is_match(name, second) for name in NAMES)
    assert is_pattern_overlapping(first, second) == expected
    assert is_pattern_overlapping(second, first) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("*", "anything", True),
        ("api-*", "*-web", True),
        ("api-*", "web-*", False),
        ("api-[0-4]*", "api-[5-9]*", False),
        ("api-[!0-9]", "api-[a-c]", True),
        ("api-[!a-c]", "api-[a-c]", False),
        ("?", "??", False),
        ("a*b*c", "*cb*c", True),
        ("a*b", "*cb*c", False),
        ("a*b*c", "*b*cb*c", True),
        ("[a-m]*", "[m-z]*", True),
        ("[!a-m]*", "[!n-z]*", True),
    ],
)
def test_overlaps_by_example(first, second, expected):
    assert is_pattern_overlapping(first, second) is expected
    assert is_pattern_overlapping(second, first) is expected
