"""A program's live view by way of the gateway's websocket, as the page has it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from octokube.client import ChangeKind, Client, ClusterView, FeedError
from octokube.client.connection import connected
from octokube.state import Key
from tests.support.websocket_feed import WebsocketFeed


class BrowserView:
    """One person's view of all they may see. Reconnects by itself; ``left`` records what was withdrawn or deleted."""

    def __init__(self, view: ClusterView, feed: WebsocketFeed) -> None:
        self.view = view
        self.left: list[tuple[ChangeKind, Key]] = []
        self._feed = feed

    def objects(self, type: str | None = None) -> dict[tuple[str, str, str], dict[str, Any]]:
        """What is held: (type, namespace, name) → projected body."""
        return {viewed.key[:3]: viewed.content for viewed in self.view.list(type=type)}

    @property
    def is_live(self) -> bool:
        """Whether a cluster is there and its copy is complete and current."""
        return bool(self.view.clusters) and self.view.is_live

    @property
    def bytes_received(self) -> bytearray:
        """All that the gateway has sent."""
        return self._feed.bytes_received

    @property
    def connects(self) -> int:
        """How many streams it took so far."""
        return self._feed.watches

    async def until(self, look: Callable[[], Any], *, seconds: float = 30.0) -> Any:
        """The first truthy result of ``look``, which is asked after each message."""
        await self.view.until(lambda _: look(), seconds)
        return look()

    async def record(self) -> None:
        """Notes what leaves, until the view ends."""
        with contextlib.suppress(FeedError):  # the view itself tells whoever asks
            async for change in self.view:
                if change.kind in (ChangeKind.DELETED, ChangeKind.WITHDRAWN):
                    self.left.append((change.kind, change.object.key))


@contextlib.asynccontextmanager
async def browsing_client(url: str, token: str) -> AsyncIterator[tuple[Client, WebsocketFeed]]:
    """The gateway as a person's programs reach it."""
    async with aiohttp.ClientSession(url) as session:
        feed = WebsocketFeed(session)
        async with connected(feed, token) as client:
            yield client, feed


@contextlib.asynccontextmanager
async def browsing(url: str, token: str, *, types: tuple[str, ...] = ("*",)) -> AsyncIterator[BrowserView]:
    """A person's view of every object of some types, following."""
    async with browsing_client(url, token) as (client, feed):
        view = BrowserView(client.view(*types), feed)
        recording = asyncio.create_task(view.record())
        try:
            yield view
        finally:
            await view.view.close()
            await asyncio.gather(recording, return_exceptions=True)
        recording.result()
