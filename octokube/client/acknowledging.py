"""Acknowledges what was applied, seldom enough to cost nothing and often enough never to hold up the hub."""

import asyncio

from octokube.client.feed import FeedError, WatchStream
from octokube.v1 import cluster_service_pb2

ACK_BYTES = 128 * 1024
"""An eighth of the hub's default window: the next acknowledgement is on its way long before the window is full."""
ACK_SECONDS = 1.0
"""A hub with a smaller window than ours is freed after this time, and a quiet stream costs one message a second."""


class Acknowledger:
    """One stream's acknowledgements. An acknowledgement covers all frames before it, so that few are needed.

    A frame that is larger than the hub's window is followed by none until it is acknowledged, after ``ACK_SECONDS`` at
    the latest.
    """

    def __init__(self, stream: WatchStream) -> None:
        self._stream = stream
        self._sequence = 0
        self._bytes = 0
        self._is_due = asyncio.Event()
        self._is_urgent = asyncio.Event()

    def applied(self, sequence: int, size_bytes: int) -> None:
        """Everything up to a sequence is applied; the last frame had this size."""
        self._sequence = sequence
        self._bytes += size_bytes
        self._is_due.set()
        if self._bytes >= ACK_BYTES:
            self._is_urgent.set()

    async def run(self) -> None:
        """Sends what is due until it is cancelled, or the stream ends, which its reader tells."""
        while True:
            await self._is_due.wait()
            try:
                async with asyncio.timeout(ACK_SECONDS):
                    await self._is_urgent.wait()
            except TimeoutError:
                pass  # time enough for others to be covered, too
            self._is_due.clear()
            self._is_urgent.clear()
            self._bytes = 0
            ack = cluster_service_pb2.FrameAck(sequence=self._sequence)
            try:
                await self._stream.send(cluster_service_pb2.WatchRequest(ack=ack).SerializeToString())
            except FeedError:
                return
