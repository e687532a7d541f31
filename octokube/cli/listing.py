"""Writes what a hub lists: tables for people, JSON for programs."""

import datetime
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from octokube.cli.plain import plain
from octokube.runtime.errors import UserError

_AGE = re.compile(r"([1-9][0-9]*)([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def read_age(text: str) -> datetime.timedelta:
    """``12h``, ``90d`` or ``30m``. Raises UserError."""
    found = _AGE.fullmatch(text)
    if found is None:
        raise UserError(f"--expires {text} is no span of time; write it like 12h or 90d")
    try:
        return datetime.timedelta(**{_UNITS[found[2]]: int(found[1])})
    except OverflowError as error:
        raise UserError(f"--expires {text} is longer than time lasts; a token lasts 366 days at most") from error


def time_of(at: Timestamp) -> str:
    """Written in the zone of this machine."""
    return at.ToDatetime(datetime.UTC).astimezone().strftime("%Y-%m-%d %H:%M %Z")


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Writes columns, with a head. What others chose is written so that it steers no terminal."""
    lines = [head, *([plain(cell) for cell in row] for row in rows)]
    widths = [max(len(line[index]) for line in lines) for index in range(len(head))]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        sys.stdout.write("   ".join(padded).rstrip() + "\n")


def print_json(message: Message) -> None:
    """Writes one message."""
    sys.stdout.write(orjson.dumps(_document(message), option=orjson.OPT_INDENT_2).decode() + "\n")


def print_json_list(messages: Sequence[Message]) -> None:
    """Writes a list of them."""
    documents = [_document(message) for message in messages]
    sys.stdout.write(orjson.dumps(documents, option=orjson.OPT_INDENT_2).decode() + "\n")


def _document(message: Message) -> Any:
    return MessageToDict(message, preserving_proto_field_name=True)
