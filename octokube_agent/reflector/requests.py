"""Reads a type's collection: pages of a list, batches of a watch."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from octokube_agent.kube import errors
from octokube_agent.kube.client import KubeClient, parse_json

PAGE_LIMIT = 500
"""client-go's page size: large enough for few requests, small enough not to hold up the server or this event loop."""
WATCH_SECONDS = (300, 600)
"""client-go's range: the server ends each watch by itself, at a time drawn anew, so that ends do not come in herds."""
SILENCE_SECONDS = 150.0
"""Servers that send bookmarks do so about once a minute: after two and a half missing ones the connection is dead."""
LIST_READ_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list. ``version`` is the list's, the same on every page."""

    items: list[dict[str, Any]]
    version: str
    continuation: str


async def read_page(client: KubeClient, path: str, *, limit: int, continuation: str = "") -> Page:
    """One page, consistent with the others of its list. Raises Gone when the list's version has been compacted."""
    query = {"limit": str(limit)}
    if continuation:
        query["continue"] = continuation
    document = parse_json(await client.get(path, query, read_seconds=LIST_READ_SECONDS), f"GET {path}")
    metadata = document.get("metadata") if isinstance(document, dict) else None
    if not isinstance(metadata, dict):
        raise errors.Malformed(f"the answer to GET {path} is no list")
    found = document.get("items")
    return Page(
        items=found if isinstance(found, list) else [],
        version=str(metadata.get("resourceVersion") or ""),
        continuation=str(metadata.get("continue") or ""),
    )


@asynccontextmanager
async def open_watch(
    client: KubeClient, path: str, *, version: str, is_initial: bool, has_bookmarks: bool
) -> AsyncIterator[AsyncIterator[list[Any]]]:
    """A watch from a version, as batches of parsed events. ``is_initial`` asks for a WatchList instead: everything
    there is, a bookmark that ends it, and then the changes. ``has_bookmarks`` says whether silence is suspicious.
    """
    seconds = random.randint(*WATCH_SECONDS)  # noqa: S311 - jitter is no secret
    query = {"watch": "1", "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds)}
    if is_initial:
        query |= {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
    if version:
        query["resourceVersion"] = version
    silence_seconds = SILENCE_SECONDS if has_bookmarks or is_initial else seconds + 30.0
    async with client.lines(path, query, silence_seconds=silence_seconds) as batches:
        yield _parsed(batches, path)


async def _parsed(batches: AsyncIterator[list[bytes]], path: str) -> AsyncIterator[list[Any]]:
    async for lines in batches:
        yield [parse_json(line, f"GET {path}?watch") for line in lines]
