"""What a hub sends is what it has always sent, and a receiver makes of it what it has always made.

The page's tests replay the same file.
"""

import base64
import json
import pathlib
from typing import Any

import pytest

from octokube.state import merge_patch
from tests.golden import links
from tests.golden.recording import record, replay
from tests.golden.stores import scripts

STREAMS = pathlib.Path(__file__).parent / "streams.json"
STORES = pathlib.Path(__file__).parent / "stores.json"
LINKS = pathlib.Path(__file__).parent / "links.json"
PATCHES = pathlib.Path(__file__).parent / "merge-patch.json"
BODIES = pathlib.Path(__file__).parent / "patched-bodies.json"


def encoded() -> bytes:
    """The recorded streams as the file has them."""
    return json.dumps(record(), indent=1, ensure_ascii=False).encode() + b"\n"


def encoded_stores() -> bytes:
    """The stores' scripts as the file has them."""
    return b"[\n" + b",\n".join(json.dumps(script).encode() for script in scripts()) + b"\n]\n"


def encoded_links() -> bytes:
    """The recorded links as the file has them."""
    return json.dumps(links.record(), indent=1, ensure_ascii=False).encode() + b"\n"


def test_a_hub_sends_the_very_bytes_that_were_recorded() -> None:
    assert encoded() == STREAMS.read_bytes(), "what is sent has changed; if that is meant, run tools/generate-golden"


def test_a_store_tells_of_every_version_what_was_recorded() -> None:
    assert encoded_stores() == STORES.read_bytes(), (
        "a store tells something else; run tools/generate-golden if it should"
    )


@pytest.mark.parametrize("stream", json.loads(STREAMS.read_text()), ids=lambda stream: stream["name"])
def test_a_receiver_holds_after_each_message_what_was_recorded(stream: dict[str, Any]) -> None:
    messages = [base64.b64decode(step["response"]) for step in stream["messages"]]
    assert json.loads(json.dumps(replay(messages))) == stream["messages"]


def test_every_broken_stream_ends_in_a_fault_and_no_good_one_does() -> None:
    faults = {stream["name"]: stream["messages"][-1].get("fault") for stream in json.loads(STREAMS.read_text())}
    assert {name for name, fault in faults.items() if fault} == {name for name in faults if not name[0].isupper()}, (
        "broken streams are named in lower case"
    )


def test_an_agent_sends_the_very_bytes_that_were_recorded() -> None:
    assert encoded_links() == LINKS.read_bytes(), (
        "what an agent sends, or what comes of it, has changed; if that is meant, run tools/generate-golden"
    )


@pytest.mark.parametrize("link", json.loads(LINKS.read_text()), ids=lambda link: link["name"])
def test_a_hub_holds_after_each_message_of_an_agent_what_was_recorded(link: dict[str, Any]) -> None:
    sessions = [[base64.b64decode(step["request"]) for step in steps] for steps in link["sessions"]]
    # Nothing comes after a refusal, so what is recorded may be shorter than what was sent, and replays to the same.
    assert links.replay(sessions) == link["sessions"]


def test_every_broken_link_ends_in_a_refusal_and_no_good_one_does() -> None:
    refused = {link["name"]: "refused" in link["sessions"][-1][-1] for link in json.loads(LINKS.read_text())}
    assert {name for name in refused if refused[name]} == {name for name in refused if not name[0].isupper()}, (
        "broken links are named in lower case"
    )


@pytest.mark.parametrize(("target", "patch", "result"), json.loads(PATCHES.read_text()))
def test_a_merge_patch_does_what_the_rfc_says(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch.apply(target, patch) == result


@pytest.mark.parametrize(("body", "patch", "result"), json.loads(BODIES.read_text()))
def test_a_patched_body_has_its_members_sorted_by_code_point(body: str, patch: str, result: str) -> None:
    assert merge_patch.apply_to_body(body.encode(), patch.encode()).decode() == result
