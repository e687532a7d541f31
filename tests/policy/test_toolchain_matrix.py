"""``octokube policy matrix``: who can do what, for people and for programs."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest

POLICIES = Path(__file__).parents[2] / "policies"
NOON = "2026-03-04T12:00Z"


@pytest.mark.parametrize("output", ["text", "json", "html"])
def test_matrix_shows_who_can_do_what(run, output):
    code, out, _ = run("matrix", POLICIES, "--at", NOON, "-o", output)
    assert code == 0
    assert "demo/payments pods/any" in out
    if output == "json":
        found = {(line["who"], line["object"]): line["verbs"] for line in json.loads(out)["access"]}
        assert found["user:alice", "demo/payments pods/any"] == ["get", "list", "watch", "logs"]
        assert ("user:alice", "demo/platform pods/any") not in found


def test_the_text_is_grouped_by_person(run):
    lines = run("matrix", POLICIES, "--at", NOON)[1].splitlines()
    heads = [line for line in lines[1:] if not line.startswith(" ")]
    assert len(heads) == len(set(heads))
    assert "user:alice:" in heads
    assert "anybody else:" not in heads  # nothing is allowed to them


class Page(HTMLParser):
    """Counts elements, and sees that each is closed where it should be."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.scopes: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        if tag == "th":
            self.scopes.append(dict(attrs)["scope"])
        if tag not in ("meta", "col"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_a_table_with_a_caption_and_heads_and_runs_nothing(run, tmp_path):
    (tmp_path / "policy.csv").write_text("p, user:<b>&, demo, a, pods, *, read, always, allow\n")
    page = Page()
    out = run("matrix", tmp_path, "-o", "html")[1]
    page.feed(out)
    assert page.open == []
    assert {"caption", "thead", "tbody", "style"} <= set(page.seen)
    assert page.scopes == ["col", "col", "rowgroup"]
    assert not {"script", "b"} & set(page.seen)
    assert "user:&lt;b&gt;&amp;" in out


@pytest.mark.parametrize("output", ["text", "html"])
def test_that_nobody_may_do_anything_is_said(run, tmp_path, output):
    assert "nobody may do anything" in run("matrix", tmp_path, "-o", output)[1]


def test_the_page_says_what_its_objects_are(run, tmp_path):
    (tmp_path / "objects.json").write_text(
        '[{"cluster": "demo", "namespace": "payments", "resource": "pods", "name": "api-1"}]'
    )
    assert "The objects are examples" in run("matrix", POLICIES, "-o", "html")[1]
    listed = run("matrix", POLICIES, "-o", "html", "--inventory", tmp_path / "objects.json")[1]
    assert "demo/payments pods/api-1" in listed
    assert "The objects are examples" not in listed
