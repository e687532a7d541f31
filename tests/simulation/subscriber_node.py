"""Subscribers of the simulation: one follows as the SDK does, the other as the page does, with every bad habit."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import grpc

from octokube.client.feed import Feed, FeedError
from octokube.client.following import follow
from octokube.client.receiver import FeedFault, Receiver
from octokube.client.viewed import ChangeKind, ViewedObject
from octokube.state import Key
from octokube.v1 import cluster_service_pb2 as pb
from tests.simulation.network import BROKEN, Ended, Network, Stream

if TYPE_CHECKING:
    from tests.simulation.invariants import Watcher

SILENCE_SECONDS = 15.0
SIGN_IN_SECONDS = 1.0


class WatchStream:
    """A stream as a client sees it, with the manners of the gRPC feed."""

    def __init__(self, network: Network, stream: Stream) -> None:
        self._network = network
        self.stream = stream
        self._is_closed = False

    async def send(self, request: bytes) -> None:
        """Sends a request."""
        if self._is_closed:
            return
        try:
            await self.stream.up.put(request)
        except Ended:
            if (self.stream.status or BROKEN)[0] is not grpc.StatusCode.OK:
                raise _feed_error(self.stream) from None

    async def receive(self) -> bytes | None:
        """The next message."""
        try:
            message = await self.stream.down.get()
        except Ended:
            if self._is_closed:
                return None
            raise _feed_error(self.stream) from None
        if message is None and (self.stream.status or BROKEN)[0] is not grpc.StatusCode.OK:
            raise _feed_error(self.stream)
        return message

    async def close(self) -> None:
        """Cancels the call."""
        self._is_closed = True
        self.stream.leave()
        self._network.forget(self.stream)


class InsideStream:
    """A stream of the feed inside the hub's process, with everything that passes reported."""

    def __init__(self, stream: Any, books: Stream, watcher: "Watcher") -> None:
        self._inner = stream
        self.stream = books
        self._watcher = watcher

    async def send(self, request: bytes) -> None:
        """Sends a request."""
        self._watcher.hub_reads(self.stream, request)
        await self._inner.send(request)

    async def receive(self) -> bytes | None:
        """The next message."""
        message: bytes | None = await self._inner.receive()
        if message is not None:
            self.stream.session = self._inner._session
            self._watcher.hub_writes(self.stream, message)
        return message

    async def close(self) -> None:
        """Ends the stream."""
        await self._inner.close()


class CheckedReceiver(Receiver):
    """The SDK's receiver, with every frame that it applies reported."""

    def __init__(self, report: Callable[[Any], None]) -> None:
        super().__init__()
        self._report = report
        self.told: dict[str, dict[Key, ViewedObject]] = {}
        """What somebody holds who has applied all changes that were told, by cluster."""

    def forget(self) -> None:
        super().forget()
        self.told.clear()

    def apply(self, frame: Any) -> list[Any]:
        changes = super().apply(frame)
        told = self.told.setdefault(frame.cluster, {})
        for change in changes:
            if change.kind in (ChangeKind.ADDED, ChangeKind.MODIFIED):
                told[change.object.key] = change.object
            else:
                del told[change.object.key]
        self._report(frame)
        return changes


class Subscriber:
    """One person's view. ``sign_in`` gives a fresh token."""

    def __init__(
        self,
        person: str,
        subscription: pb.Subscription,
        network: Network,
        watcher: "Watcher",
        chance: random.Random,
        sign_in: Callable[[str], str],
        *,
        is_sdk: bool,
        accepts_patches: bool,
        window_bytes: int,
        is_acknowledging: bool,
        inside: Callable[[], Feed] | None = None,
    ) -> None:
        self.person = person
        self.subscription = subscription
        self.network = network
        self.is_sdk = is_sdk
        self.accepts_patches = accepts_patches
        self.window_bytes = window_bytes
        self.is_acknowledging = is_acknowledging
        self.think_seconds = 0.0
        self.sign_in = sign_in
        self.token = sign_in(person)
        self.receiver = CheckedReceiver(lambda frame: watcher.subscriber_applies(self, frame))
        self.current: WatchStream | InsideStream | None = None
        self.inside = inside
        self.faults = 0
        """How often the receiver found the stream to be wrong."""
        self._watcher = watcher
        self._chance = chance
        self._task: asyncio.Task[None] | None = None

    def __str__(self) -> str:
        return f"{self.person}/{'sdk' if self.is_sdk else 'page'}{'' if self.inside is None else ' inside'}"

    @property
    def is_patched(self) -> bool:
        """Whether this subscriber takes patches."""
        return self.is_sdk or self.accepts_patches

    def start(self) -> None:
        """Begins to follow."""
        self._task = asyncio.create_task(self._run(), name=f"subscriber/{self.person}")

    async def stop(self) -> None:
        """The program ends."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    def restart(self, *, has_tokens: bool) -> None:
        """Begins again after ``stop``, with what it held or with nothing."""
        if not has_tokens:
            self.receiver.forget()
        self.start()

    async def resubscribe(self, subscription: pb.Subscription) -> None:
        """Takes another selection: on the open stream where the page does, else with a new one."""
        self.subscription = subscription
        if self.is_sdk:
            await self.stop()
            self.restart(has_tokens=True)
        elif self.current is not None:
            with contextlib.suppress(FeedError):
                await self.current.send(self._subscribe(has_tokens=False))

    # The feed, as the SDK asks for it.

    def watch(self, token: str, *, peer: str) -> WatchStream | InsideStream:
        """Opens a stream."""
        if self.inside is None:
            self.current = WatchStream(self.network, self.network.open("watch", self.person, token))
        else:
            books = self.network.books("inside", self.person, token)
            self.current = InsideStream(self.inside().watch(token, peer=""), books, self._watcher)
        self.current.stream.window_bytes = self.window_bytes
        return self.current

    async def _run(self) -> None:
        while True:
            try:
                if self.is_sdk:
                    feed: Any = self
                    async with contextlib.aclosing(
                        follow(feed, self.token, self.subscription, self.receiver)
                    ) as following:
                        async for _ in following:
                            await self._think()
                else:
                    await self._follow()
            except FeedError as error:
                self._watcher.note(f"{self} is refused: {error.code} {error.message}")
                self.receiver.forget()
                await asyncio.sleep(SIGN_IN_SECONDS)
                if error.code == "UNAUTHENTICATED":
                    self.token = self.sign_in(self.person)

    async def _follow(self) -> None:
        """The page's way. Raises FeedError for a refusal that is final."""
        while True:
            self.receiver.restart()
            stream = self.watch(self.token, peer="")
            try:
                await stream.send(self._subscribe(has_tokens=True))
                async for response in self._responses(stream):
                    if response.HasField("frame"):
                        self.receiver.apply(response.frame)
                        await self._think()
                        if self.is_acknowledging:
                            ack = pb.FrameAck(sequence=response.frame.sequence)
                            await stream.send(pb.WatchRequest(ack=ack).SerializeToString())
                    elif response.HasField("close"):
                        if response.close.reason == pb.CLOSE_REASON_UNAUTHENTICATED:
                            raise FeedError("UNAUTHENTICATED", response.close.message)
                        break
            except FeedFault as fault:
                self.faults += 1
                self._watcher.note(f"{self} finds a fault: {fault}")
                self.receiver.distrust()
            except FeedError as error:
                if error.code in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
                    raise
            finally:
                await stream.close()
            await asyncio.sleep(self._chance.uniform(0.05, 1.0))

    async def _responses(self, stream: WatchStream | InsideStream) -> AsyncIterator[pb.WatchResponse]:
        while True:
            try:
                async with asyncio.timeout(SILENCE_SECONDS):
                    message = await stream.receive()
            except TimeoutError:
                return
            if message is None:
                return
            yield pb.WatchResponse.FromString(message)

    def _subscribe(self, *, has_tokens: bool) -> bytes:
        subscribe = pb.Subscribe(
            subscription=self.subscription, window_bytes=self.window_bytes, accepts_patches=self.accepts_patches
        )
        for cluster, token in self.receiver.resume_points() if has_tokens else ():
            subscribe.resume.add(cluster=cluster, resume_token=token)
        return pb.WatchRequest(subscribe=subscribe).SerializeToString()

    async def _think(self) -> None:
        if self.think_seconds:
            await asyncio.sleep(self.think_seconds)


def _feed_error(stream: Stream) -> FeedError:
    code, details, trailing = stream.status or BROKEN
    retry = next((float(value) for name, value in trailing if name == "retry-after"), None)
    return FeedError(code.name, details or code.name, retry)
