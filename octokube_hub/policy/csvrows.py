"""Splits rule files into fields."""

import unicodedata
from dataclasses import dataclass

from octokube_hub.policy.problems import Problem


@dataclass(frozen=True, slots=True)
class Fields:
    """One line that says something: its number and its fields, trimmed and unquoted."""

    line: int
    fields: tuple[str, ...]


def split_lines(file: str, text: str) -> tuple[tuple[Fields, ...], tuple[Problem, ...]]:
    """The rows of a file and its malformed lines.

    A row is one line. Fields are separated by commas and trimmed; a field in double quotes keeps commas, ``#`` and
    spaces, and says a quote by doubling it. ``#`` at the start of a line or after a blank begins a comment. Empty lines
    are skipped.
    """
    rows: list[Fields] = []
    problems: list[Problem] = []
    for number, line in enumerate(text.split("\n"), 1):
        try:
            fields = _split(line.rstrip("\r"))
        except ValueError as error:
            problems.append(Problem(file, number, str(error)))
            continue
        if fields:
            rows.append(Fields(number, fields))
    return tuple(rows), tuple(problems)


def _split(line: str) -> tuple[str, ...]:
    fields: list[str] = []
    index, length = 0, len(line)
    while True:
        while index < length and line[index].isspace():
            index += 1
        if index < length and line[index] == '"':
            field, index = _quoted(line, index + 1)
        else:
            start = index
            while index < length and line[index] != "," and not _is_comment(line, index):
                index += 1
            field = line[start:index].rstrip()
            if '"' in field:
                raise ValueError(f"a quote stands inside the field {field!r}; put the whole field in quotes")
        _refuse_invisible(field)
        fields.append(field)
        while index < length and line[index].isspace():
            index += 1
        if index >= length or _is_comment(line, index):
            return tuple(fields) if len(fields) > 1 or fields[0] else ()
        if line[index] != ",":
            raise ValueError(f"text follows the closing quote of {field!r}; put a comma between fields")
        index += 1


def _refuse_invisible(field: str) -> None:
    """A name with a character that nobody sees is another name: a deny of it would deny nothing."""
    for character in field:
        if character != " " and unicodedata.category(character)[0] in "CZ":
            shown = "".join(one for one in field if one.isprintable())
            raise ValueError(f"the invisible character U+{ord(character):04X} stands in {shown!r}; delete it")


def _quoted(line: str, index: int) -> tuple[str, int]:
    parts: list[str] = []
    while True:
        end = line.find('"', index)
        if end == -1:
            raise ValueError("a quote is never closed; a row and its quotes are one line")
        parts.append(line[index:end])
        if line[end + 1 : end + 2] != '"':
            return "".join(parts).strip(), end + 1
        parts.append('"')
        index = end + 2


def _is_comment(line: str, index: int) -> bool:
    return line[index] == "#" and (index == 0 or line[index - 1].isspace())
