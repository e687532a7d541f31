"""Keeps a copy over the gateway's websocket, as the page does: applies, acknowledges, resumes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import orjson

from octokube.client.receiver import FeedFault, Receiver
from octokube.client.viewed import ChangeKind
from octokube.state import Key
from octokube.v1 import browser_pb2, cluster_service_pb2


class BrowserView:
    """One person's view of all they may see. Reconnects by itself; ``left`` records what was withdrawn or deleted."""

    def __init__(self, url: str, token: str, subscription: cluster_service_pb2.Subscription) -> None:
        self.receiver = Receiver()
        self.left: list[tuple[ChangeKind, Key]] = []
        self.bytes_received = bytearray()
        self.connects = 0
        self._url = url
        self._token = token
        self._subscription = subscription
        self._changed = asyncio.Event()

    def objects(self, type: str | None = None) -> dict[tuple[str, str, str], dict[str, Any]]:
        """What is held: (type, namespace, name) → projected body."""
        return {
            key[:3]: orjson.loads(viewed.body)
            for copy in self.receiver.clusters.values()
            for key, viewed in copy.objects.items()
            if type is None or key.type == type
        }

    @property
    def is_live(self) -> bool:
        """Whether a cluster is there and its copy is complete and current."""
        copies = self.receiver.clusters.values()
        return bool(copies) and all(copy.is_synced and copy.state.condition == 1 for copy in copies)

    async def until(self, look: Callable[[], Any], *, seconds: float = 30.0) -> Any:
        """The first truthy result of ``look``, which is asked after each message."""
        async with asyncio.timeout(seconds):
            while not (result := look()):
                self._changed.clear()
                await self._changed.wait()
            return result

    async def run(self) -> None:
        """Follows for ever."""
        headers = {"Authorization": f"Bearer {self._token}"}
        async with aiohttp.ClientSession(self._url, headers=headers) as session:
            while True:
                try:
                    ws = await session.ws_connect("/api/v1/socket", protocols=["octokube.v1.proto"], max_msg_size=0)
                except aiohttp.ClientError:
                    await asyncio.sleep(0.1)
                    continue
                try:
                    await self._follow(ws)
                except FeedFault:
                    self.receiver.forget()
                finally:
                    await ws.close()
                await asyncio.sleep(0.1)

    async def _follow(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.receiver.restart()
        points = [
            cluster_service_pb2.ResumePoint(cluster=cluster, resume_token=token)
            for cluster, token in self.receiver.resume_points()
        ]
        subscribe = cluster_service_pb2.Subscribe(subscription=self._subscription, resume=points)
        await self._send(ws, cluster_service_pb2.WatchRequest(subscribe=subscribe))
        self.connects += 1
        async for message in ws:
            if message.type is not aiohttp.WSMsgType.BINARY:
                return
            self.bytes_received += message.data
            response = browser_pb2.GatewayMessage.FromString(message.data)
            if response.HasField("closed") or response.watch.HasField("close"):
                return
            if response.watch.HasField("frame"):
                for change in self.receiver.apply(response.watch.frame):
                    if change.kind in (ChangeKind.DELETED, ChangeKind.WITHDRAWN):
                        self.left.append((change.kind, change.object.key))
                ack = cluster_service_pb2.FrameAck(sequence=response.watch.frame.sequence)
                await self._send(ws, cluster_service_pb2.WatchRequest(ack=ack))
            self._changed.set()

    async def _send(self, ws: aiohttp.ClientWebSocketResponse, request: cluster_service_pb2.WatchRequest) -> None:
        with contextlib.suppress(ConnectionError):
            await ws.send_bytes(browser_pb2.BrowserMessage(channel=1, watch=request).SerializeToString())


@contextlib.asynccontextmanager
async def browsing(url: str, token: str, *, types: tuple[str, ...] = ("*",)) -> AsyncIterator[BrowserView]:
    """A person's view of every object of some types, following."""
    subscription = cluster_service_pb2.Subscription(
        clusters=["*"], types=types, namespaces=["**"], detail=cluster_service_pb2.DETAIL_OBJECTS
    )
    view = BrowserView(url, token, subscription)
    task = asyncio.create_task(view.run())
    try:
        yield view
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    if not task.cancelled():
        task.result()
