"""Label selectors: the language of Kubernetes, and what of an object it is asked of."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube.v1 import frame_pb2
from octokube_hub.fanout.labels import BadLabelSelector, LabelSelector, read_label_selector

WEB = {"app": "web", "tier": "front", "env": "prod", "count": "3", "empty": ""}


def body(labels: dict[str, str]) -> bytes:
    """An encoded body with these labels, and words beside them that look like labels."""
    whole = {"metadata": {"annotations": {"ghost": "x", "app": "other"}, "labels": labels}, "spec": {"absent": 1}}
    return frame_pb2.Entry(body=json.dumps(whole, separators=(",", ":")).encode()).SerializeToString()


def selector(text: str) -> LabelSelector:
    found = read_label_selector(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("app=web", True),
        ("app==web", True),
        (" app = web , tier = front ", True),
        ("app=web,tier=back", False),
        ("app!=web", False),
        ("nothing!=web", True),
        ("app", True),
        ("nothing", False),
        ("!nothing", True),
        ("! app", False),
        ("env in (dev, prod)", True),
        ("env in (dev)", False),
        ("env notin (dev,test)", True),
        ("env notin (prod)", False),
        ("nothing notin (prod)", True),
        ("count>2", True),
        ("count < 3", False),
        ("app>2", False),
        ("nothing>2", False),
        ("empty=", True),
        ("app=", False),
        ("empty in (,x)", True),
        ("ghost=x", False),
        ("!ghost", True),
        ("absent", False),
        ("in=x", False),
        ("notin", False),
    ],
)
def test_a_selector_selects_what_kubernetes_would(text: str, is_met: bool) -> None:
    assert selector(text).is_met_by(body(WEB)) is is_met


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("app=web,", "a label's name is expected at 9"),
        (",app", "a label's name is expected at 1"),
        ("-app=web", "a label's name is expected at 1"),
        ("app=web tier=back", "a comma or the end is expected at 9"),
        ("app in dev", "( is expected at 8"),
        ("app in (dev", "a comma or ) is expected at 12"),
        ("app in (dev prod)", "a comma or ) is expected at 13"),
        ("app=we$b", "a label's value is expected at 5"),
        ("app>web", "> compares with a whole number"),
        ("EXAMPLE.com/app", "a domain"),
        ("app==", None),
        ("a" * 64, "a label's name is expected"),
        ("a=" + "b" * 64, "a label's value is expected"),
        ("a=b," * 300, "at most 1024 characters"),
        ("!", "a label's name is expected at 2"),
        ("(", "a label's name is expected at 1"),
    ],
)
def test_what_is_no_selector_is_told_with_its_place(text: str, says: str | None) -> None:
    if says is None:
        read_label_selector(text)
        return
    with pytest.raises(BadLabelSelector) as error:
        read_label_selector(text)
    assert says in str(error.value)


def test_an_empty_selector_selects_everything() -> None:
    assert read_label_selector("") is None
    assert read_label_selector("   ") is None


def test_selectors_that_mean_the_same_are_one() -> None:
    assert selector("b in (y,x),a=1").requirements == selector("a==1, b in (x, y, x)").requirements


def test_a_body_that_is_none_has_no_labels() -> None:
    for broken in (b"", b"\x22\x03abc", frame_pb2.Entry(body=b'"app":').SerializeToString()):
        assert selector("!app").is_met_by(broken)
        assert not selector("app=web").is_met_by(broken)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused_as_no_selector(text: str) -> None:
    with contextlib.suppress(BadLabelSelector):
        read_label_selector(text)


_KEYS = st.sampled_from(["a", "b", "c"])
_VALUES = st.sampled_from(["", "x", "y", "2"])


@given(
    st.dictionaries(_KEYS, _VALUES),
    _KEYS,
    st.sampled_from(["=", "!=", " in ", " notin "]),
    st.lists(_VALUES, min_size=1, max_size=3),
)
def test_looking_without_parsing_never_changes_the_answer(
    labels: dict[str, str], key: str, operator: str, values: list[str]
) -> None:
    text = f"{key}{operator}({','.join(values)})" if "in" in operator else f"{key}{operator}{values[0]}"
    found = selector(text)
    assert found.is_met_by(body(labels)) is all(one.is_met(labels) for one in found.requirements)
