"""Takes secrets out of texts that assign line by line: YAML, properties, scripts."""

import re
from collections.abc import Iterator, Sequence

from octokube_agent.projection.marker import REDACTED

_ASSIGNMENT = re.compile(
    r"(?P<indent>[ \t]*+)(?P<before>(?:- |export )?+[\"']?+(?P<name>[\w.-]++)[\"']?+[ \t]*+(?:=|:(?=[ \t]|\Z))[ \t]*+)"
    r"(?P<value>.*)\Z"
)
_BLOCK = re.compile(r"(?:[&!][^\s]*+\s++)*+[|>][0-9+-]{0,2}[ \t]*+(?:#.*)?\Z")
_ITEM = re.compile(r"([ \t]*+- [ \t]*+)[^\s{\[].*\Z")
_MANIFEST = re.compile(r"^[ \t-]*+kind:[ \t]*+[\"']?Secret[\"']?[ \t]*+(?:#.*)?\r?$", re.MULTILINE)
_ELSEWHERE = ('"', "'", "[", "{", "\\")
"""A value that begins so ends by its own rules, which the patterns of texts know."""


class LineRedactor:
    """Redacts the rest of each line that assigns to a name with one of the words in it, and what continues it below:
    a YAML block, a YAML list of scalars, lines joined by a final backslash.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = tuple(words)

    def is_secret_manifest(self, text: str) -> bool:
        """Whether a YAML text holds the manifest of a Secret, whose keys need not look like secrets."""
        return _MANIFEST.search(text) is not None

    def redact(self, text: str) -> str:
        """The text with such values replaced by the marker; line ends stay."""
        lines = text.split("\n")
        kept = list(self._lines(lines))
        return text if kept == lines else "\n".join(kept)

    def _lines(self, lines: list[str]) -> Iterator[str]:
        index = 0
        while index < len(lines):
            line = lines[index]
            index += 1
            match = _ASSIGNMENT.match(line.rstrip("\r"))
            if match is None or not self._is_secret(match["name"]):
                yield line
                continue
            value, depth = match["value"], len(match["indent"])
            if _BLOCK.match(value):
                yield line
                index, inner = _skip_block(lines, index, depth)
                if inner is not None:
                    yield inner + REDACTED
            elif not value or value.startswith("#"):
                yield line
                while index < len(lines) and (item := _ITEM.match(lines[index].rstrip("\r"))):
                    if re.search(r":(?:\s|\Z)", lines[index]):
                        break  # a list of objects, whose fields are judged one by one
                    yield item[1] + REDACTED
                    index += 1
            elif value.startswith(_ELSEWHERE):
                yield line
            else:
                yield match["indent"] + match["before"] + REDACTED
                while line.rstrip("\r").endswith("\\") and index < len(lines):
                    line = lines[index]
                    index += 1

    def _is_secret(self, name: str) -> bool:
        lower = name.lower()
        return any(word in lower for word in self._words)


def _skip_block(lines: list[str], index: int, depth: int) -> tuple[int, str | None]:
    """The index after a YAML block that belongs to a line of this depth, and the block's indentation, if it has any."""
    inner: str | None = None
    while index < len(lines):
        line = lines[index]
        indent = line[: len(line) - len(line.lstrip())]
        if line.strip() and len(indent) <= depth:
            break
        if inner is None and line.strip():
            inner = indent
        index += 1
    return index, inner
