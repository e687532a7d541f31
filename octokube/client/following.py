"""Keeps one subscription alive across broken connections, and yields what changes."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

import structlog

from octokube.client.acknowledging import Acknowledger
from octokube.client.feed import Feed, FeedError, WatchStream
from octokube.client.receiver import FeedFault, Receiver
from octokube.client.viewed import ViewChange
from octokube.runtime.backoff import Backoff
from octokube.v1 import cluster_service_pb2

log = structlog.get_logger(__name__)

FINAL_CODES = frozenset({"UNAUTHENTICATED", "PERMISSION_DENIED", "INVALID_ARGUMENT", "UNIMPLEMENTED"})
"""gRPC status codes that the same request will meet again."""
SILENCE_SECONDS = 15.0
"""The hub sends a bookmark at least every 5 s; three missing ones are a path that is dead in one direction."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What one message of the stream meant. ``changes`` may be empty; then only freshness moved."""

    cluster: str = ""
    changes: list[ViewChange] = field(default_factory=list)
    notice: cluster_service_pb2.Notice | None = None
    is_interrupted: bool = False
    """The connection broke: the copies are kept, are no longer current, and a new try is under way."""
    message: str = ""


async def follow(
    feed: Feed, token: str, subscription: cluster_service_pb2.Subscription, receiver: Receiver
) -> AsyncGenerator[Progress]:
    """Yields progress for ever, resuming after every break; ``receiver`` holds the copies.

    Raises FeedError when the hub refuses for good (the token, the request). Acknowledges each frame after the
    consumer is done with it, so a slow consumer is sent merged newer states instead of a backlog.
    """
    backoff = Backoff(initial_seconds=0.5, cap_seconds=15)
    while True:
        receiver.restart()
        stream = feed.watch(token, peer="")
        wait_seconds: float | None = None
        try:
            await stream.send(_subscribe(subscription, receiver))
            async for progress in _one_stream(stream, receiver):
                backoff.reset()
                yield progress
            reason = "the stream ended"
        except FeedFault as fault:
            receiver.distrust()
            reason = str(fault)
        except FeedError as error:
            if error.code in FINAL_CODES:
                raise
            wait_seconds, reason = error.retry_after_seconds, str(error)
        finally:
            await stream.close()
        wait_seconds = backoff.next_seconds() + (wait_seconds or 0.0)
        log.debug("feed.interrupted", reason=reason, retry_seconds=round(wait_seconds, 2))
        yield Progress(is_interrupted=True, message=reason)
        await asyncio.sleep(wait_seconds)


async def _one_stream(stream: WatchStream, receiver: Receiver) -> AsyncGenerator[Progress]:
    acknowledger = Acknowledger(stream)
    acknowledging = asyncio.create_task(acknowledger.run(), name="client/acknowledging")
    try:
        while (message := await _receive(stream, receiver)) is not None:
            response = cluster_service_pb2.WatchResponse.FromString(message)
            if response.HasField("frame"):
                frame = response.frame
                yield Progress(frame.cluster, receiver.apply(frame))
                acknowledger.applied(frame.sequence, len(message))
            elif response.HasField("notice"):
                yield Progress(notice=response.notice)
            elif response.HasField("close"):
                raise _error(response.close)
    finally:
        acknowledging.cancel()
        await asyncio.gather(acknowledging, return_exceptions=True)


async def _receive(stream: WatchStream, receiver: Receiver) -> bytes | None:
    if not receiver.sequence:
        return await stream.receive()  # nothing was promised yet: there may be no cluster to tell of
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            return await stream.receive()
    except TimeoutError as error:
        raise FeedError("UNAVAILABLE", f"the hub has been silent for {SILENCE_SECONDS:g} s") from error


def _subscribe(subscription: cluster_service_pb2.Subscription, receiver: Receiver) -> bytes:
    points = [
        cluster_service_pb2.ResumePoint(cluster=cluster, resume_token=token)
        for cluster, token in receiver.resume_points()
    ]
    subscribe = cluster_service_pb2.Subscribe(subscription=subscription, resume=points, accepts_patches=True)
    return cluster_service_pb2.WatchRequest(subscribe=subscribe).SerializeToString()


def _error(close: cluster_service_pb2.Close) -> FeedError:
    codes = {
        cluster_service_pb2.CLOSE_REASON_UNAUTHENTICATED: "UNAUTHENTICATED",
        cluster_service_pb2.CLOSE_REASON_BAD_REQUEST: "INVALID_ARGUMENT",
    }
    code = codes.get(close.reason, "UNAVAILABLE" if close.retryable else "INTERNAL")
    retry_after = close.retry_after.ToTimedelta().total_seconds() if close.HasField("retry_after") else None
    return FeedError(code, close.message, retry_after)
