"""A patch leads from one document to another, byte for byte, or there is none."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube.state import merge_patch
from octokube.state.merge_patch import BadPatch, Unpatchable

NAMES = st.sampled_from(["a", "b", "c"])
SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, -0.0, 1.0, 2.5]) | st.text("xé", max_size=2)
)
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner), max_leaves=8)
OBJECTS = st.dictionaries(NAMES, VALUES)


def encoded(value: Any) -> bytes:
    """As the agent encodes a body."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


@given(OBJECTS, OBJECTS)
def test_applying_the_difference_gives_the_very_bytes_of_the_new_object(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    try:
        patch = merge_patch.diff(old, new)
    except Unpatchable:
        assert b"null" in encoded(new)
        return
    assert encoded(merge_patch.apply(old, patch)) == encoded(new)
    assert merge_patch.apply_to_body(encoded(old), orjson.dumps(patch)) == encoded(new)


@given(OBJECTS)
def test_nothing_is_said_of_what_is_equal(document: dict[str, Any]) -> None:
    assert merge_patch.diff(document, orjson.loads(encoded(document))) == {}


@given(OBJECTS, OBJECTS)
def test_an_encoded_patch_is_smaller_than_the_body_it_stands_for(old: dict[str, Any], new: dict[str, Any]) -> None:
    patch = merge_patch.diff_bodies(encoded(old), encoded(new))
    if patch is not None:
        assert len(patch) < len(encoded(new))
        assert merge_patch.apply_to_body(encoded(old), patch) == encoded(new)


def test_what_a_patch_is_applied_to_stays_as_it_was() -> None:
    target = {"spec": {"replicas": 1}}
    assert merge_patch.apply(target, {"spec": {"replicas": 2}}) == {"spec": {"replicas": 2}}
    assert target == {"spec": {"replicas": 1}}


@pytest.mark.parametrize("new", [{"a": None}, {"a": {"b": None}}, {"a": {"b": {"c": None}}}])
def test_an_object_with_a_new_null_has_no_patch(new: dict[str, Any]) -> None:
    with pytest.raises(Unpatchable):
        merge_patch.diff({}, new)
    assert merge_patch.diff_bodies(b'{"long":"enough that a patch would be smaller"}', encoded({**new, "x": 1})) is None


def test_a_null_inside_a_list_is_a_value() -> None:
    assert merge_patch.diff({"a": [1]}, {"a": [None, {"b": None}]}) == {"a": [None, {"b": None}]}


@pytest.mark.parametrize("number", ["9007199254740993", "-12345678901234567890", "1234567890123456789.5"])
def test_a_number_that_javascript_would_change_is_sent_whole(number: str) -> None:
    old = b'{"big":%s,"small":1,"text":"some text that is not sent again"}' % number.encode()
    assert merge_patch.diff_bodies(old, old.replace(b'"small":1', b'"small":2')) is None


def test_long_digits_inside_a_text_do_not_matter() -> None:
    old = b'{"image":"registry/app@sha256:12345678901234567890abcdef","ready":false}'
    assert merge_patch.diff_bodies(old, old.replace(b"false", b"true")) == b'{"ready":true}'


def test_a_document_that_is_nested_beyond_reason_is_sent_whole() -> None:
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    assert merge_patch.diff_bodies(deep, deep.replace(b"1", b"2")) in (None, deep.replace(b"1", b"2"))


def test_a_body_beyond_the_limit_is_sent_whole() -> None:
    old = encoded({"text": "x" * merge_patch.MAX_BODY_BYTES, "ready": False})
    assert merge_patch.diff_bodies(old, old.replace(b"false", b"true")) is None


@pytest.mark.parametrize(("body", "patch"), [(b"[]", b"{}"), (b"{}", b"[]"), (b"{}", b"{"), (b"", b"{}")])
def test_what_is_no_object_is_refused(body: bytes, patch: bytes) -> None:
    with pytest.raises(BadPatch):
        merge_patch.apply_to_body(body, patch)
