"""Writes asciicast v2: a line of JSON about the session, and one for each thing that happened.

The format is https://docs.asciinema.org/manual/asciicast/v2/.
"""

import codecs

import orjson

DEFAULT_COLUMNS = 80
DEFAULT_ROWS = 24


class Cast:
    """The lines of one session, in order. Times are seconds since its beginning.

    Output is decoded as UTF-8 across the borders of messages; what is none is replaced. Input is never taken: whatever
    a terminal echoes is output, and a password that is not echoed is nowhere.
    """

    def __init__(self, *, title: str, started_at: float) -> None:
        self._title = title
        self._started_at = int(started_at)
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in ("stdout", "stderr")}
        self._has_header = False

    def output(self, seconds: float, content: bytes, stream: str = "stdout") -> bytes:
        """The line for some output; empty while a character is incomplete."""
        text = self._decoders[stream].decode(content)
        return self._event(seconds, "o", text) if text else b""

    def resize(self, seconds: float, columns: int, rows: int) -> bytes:
        """The line for a new size, which at the beginning is the session's."""
        if not self._has_header:
            return self._header(columns, rows)
        return self._event(seconds, "r", f"{columns}x{rows}")

    def end(self, seconds: float) -> bytes:
        """What is left: a character that never became complete, and the header where nothing happened."""
        left = b"".join(
            self._event(seconds, "o", text) for each in self._decoders.values() if (text := each.decode(b"", True))
        )
        return left or (b"" if self._has_header else self._header(DEFAULT_COLUMNS, DEFAULT_ROWS))

    def _header(self, columns: int, rows: int) -> bytes:
        self._has_header = True
        facts = {
            "version": 2,
            "width": max(1, columns),
            "height": max(1, rows),
            "timestamp": self._started_at,
            "title": self._title,
        }
        return orjson.dumps(facts) + b"\n"

    def _event(self, seconds: float, kind: str, text: str) -> bytes:
        header = b"" if self._has_header else self._header(DEFAULT_COLUMNS, DEFAULT_ROWS)
        return header + orjson.dumps([round(seconds, 6), kind, text]) + b"\n"
