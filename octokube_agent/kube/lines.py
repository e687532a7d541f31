"""Cuts a byte stream into lines, however the network chunked it."""

from octokube_agent.kube import errors

MAX_LINE_BYTES = 64 * 1024 * 1024
"""etcd refuses objects beyond about 1.5 MB and aggregated APIs seldom pass 10 MB: far above both, so that it only stops
a peer that never sends a line feed."""


class LineSplitter:
    """Feeds on chunks, gives whole lines without their line feed. Empty lines are skipped.

    Holds at most one unfinished line, of at most ``max_line_bytes``; a longer one raises TooLarge. Cost is linear in
    the bytes fed: chunks of an unfinished line are joined once, when it ends.
    """

    def __init__(self, *, max_line_bytes: int = MAX_LINE_BYTES) -> None:
        self._max_line_bytes = max_line_bytes
        self._pending: list[bytes] = []
        self._pending_bytes = 0

    @property
    def has_unfinished(self) -> bool:
        """Whether bytes of a line were fed whose end was not."""
        return self._pending_bytes > 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that this chunk completes, in order."""
        head, separator, rest = chunk.partition(b"\n")
        if not separator:
            self._keep(head)
            return []
        self._keep(head)
        first = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        lines = [first, *rest.split(b"\n")]
        self._keep(lines.pop())
        return [line for line in lines if line]

    def _keep(self, part: bytes) -> None:
        if not part:
            return
        self._pending_bytes += len(part)
        if self._pending_bytes > self._max_line_bytes:
            raise errors.TooLarge(
                f"the API server sent a line of more than {self._max_line_bytes} bytes; the agent reads no further"
            )
        self._pending.append(part)
