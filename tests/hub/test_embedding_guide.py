"""The programs of docs/embedding.md do what the text around them says."""

import asyncio
import pathlib
import re
from collections.abc import Callable
from typing import Any

import pytest

from octokube_hub.app import Hub
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.support.waiting import eventually

GUIDE = pathlib.Path(__file__).parents[2] / "docs" / "embedding.md"


@pytest.fixture
def guide() -> dict[str, Callable[..., Any]]:
    """What the guide's blocks define, by name."""
    namespace: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        exec(compile(block, GUIDE.name, "exec"), namespace)  # noqa: S102 - our own documentation
    return namespace


async def test_a_view_lists_what_there_is(guide: dict[str, Callable[..., Any]], hub: Hub, agent: FakeAgent) -> None:
    agent.put(key("pods", "red", "web"))
    agent.put(key("pods", "blue", "web"))
    await agent.connect()
    assert await guide["count_pods"](hub.address, "demo:alice") == 1


async def test_changes_are_followed(guide: dict[str, Callable[..., Any]], hub: Hub, agent: FakeAgent) -> None:
    agent.put(key("pods", "red", "web"))
    agent.put(key("pods", "red", "api"))
    link = await agent.connect()
    following = asyncio.create_task(guide["follow_until_deleted"](hub.address, "demo:alice", "web"))
    await eventually(lambda: hub._sessions and any(session._window.is_clear for session in hub._sessions.watches))
    agent.remove(key("pods", "red", "web"))
    await link.delta()
    assert await following == ["ADDED api", "ADDED web", "DELETED web"]


async def test_a_refusal_says_why(guide: dict[str, Callable[..., Any]], hub: Hub, agent: FakeAgent) -> None:
    await agent.connect()
    answer = await guide["why_not"](hub.address, "nonsense")
    assert answer == "UNAUTHENTICATED: this token is not valid; sign in again"


async def test_what_may_be_done_is_explained(guide: dict[str, Callable[..., Any]], hub: Hub) -> None:
    assert await guide["may_scale"](hub.address, "demo:alice") == "Nothing lets you scale this."
    assert await guide["may_scale"](hub.address, "demo:admin") == "You may scale this."
