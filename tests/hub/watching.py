"""Reads a real Watch stream into a copy."""

import asyncio
from collections.abc import Callable

from octokube.client.feed import Feed
from octokube.client.receiver import Receiver
from octokube.client.viewed import ViewChange
from octokube.v1 import cluster_service_pb2 as pb
from tests.hub.world import everything
from tests.support.waiting import HANG_SECONDS


class Watcher:
    """One stream of one person, applied and acknowledged as it comes."""

    def __init__(self, feed: Feed, token: str, subscription: pb.Subscription | None = None) -> None:
        self.receiver = Receiver()
        self.messages: list[bytes] = []
        self.changes: list[ViewChange] = []
        self.close_message: pb.Close | None = None
        self.notices: list[pb.Notice] = []
        self.outcomes: list[str] = []
        self._subscription = subscription or everything()
        self._stream = feed.watch(token, peer="127.0.0.1")

    async def subscribe(self, *, is_resuming: bool = False) -> None:
        """Sends the subscription."""
        subscribe = pb.Subscribe(subscription=self._subscription)
        if is_resuming:
            for cluster, token in self.receiver.resume_points():
                subscribe.resume.add(cluster=cluster, resume_token=token)
        await self._stream.send(pb.WatchRequest(subscribe=subscribe).SerializeToString())

    async def until(self, look: Callable[["Watcher"], object], seconds: float = HANG_SECONDS) -> "Watcher":
        """Reads until a condition holds. Raises TimeoutError, or EOFError when the stream ends before."""
        async with asyncio.timeout(seconds):
            while not look(self):
                if not await self.read():
                    raise EOFError(f"the stream ended: {self.close_message}")
        return self

    async def read(self) -> bool:
        """Reads one message. False at the end."""
        message = await self._stream.receive()
        if message is None:
            return False
        self.messages.append(message)
        response = pb.WatchResponse.FromString(message)
        if response.HasField("frame"):
            self.changes += self.receiver.apply(response.frame)
            if response.frame.resume_outcome:
                self.outcomes.append(response.frame.resume_outcome)
            ack = pb.WatchRequest(ack=pb.FrameAck(sequence=response.frame.sequence))
            await self._stream.send(ack.SerializeToString())
        elif response.HasField("close"):
            self.close_message = response.close
        else:
            self.notices.append(response.notice)
        return True

    async def send(self, message: bytes) -> None:
        """Sends whatever a client may send."""
        await self._stream.send(message)

    async def close(self) -> None:
        """Goes away."""
        await self._stream.close()

    def names(self, cluster: str = "c1") -> set[str]:
        """What is held, as namespace/name."""
        copy = self.receiver.clusters.get(cluster)
        return {f"{key.namespace}/{key.name}" for key in copy.objects} if copy is not None else set()

    def is_synced(self, cluster: str = "c1") -> bool:
        """Whether a snapshot or resume has completed."""
        copy = self.receiver.clusters.get(cluster)
        return copy is not None and copy.is_synced


async def watching(feed: Feed, token: str, subscription: pb.Subscription | None = None) -> Watcher:
    """Opens a stream and waits for the first complete state of cluster c1."""
    watcher = Watcher(feed, token, subscription)
    await watcher.subscribe()
    return await watcher.until(lambda w: w.is_synced())
