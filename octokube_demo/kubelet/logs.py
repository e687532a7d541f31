"""Streams a container's log: which lines, from when, until when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from octokube_demo.kubelet.containers import Run
from octokube_demo.kubelet.loglines import interval_seconds, last_words, line_text, line_time
from octokube_demo.objects import Clock, parse_timestamp

# A real kubelet rotates at 10 MiB; older lines are gone there, too.
KEPT_LINES = 5000
# How often a follower looks whether its container still lives.
_LIVENESS_SECONDS = 0.5
# A whole log takes a tenth of a second to invent: in parts, so that others get their turn.
_PART_LINES = 200


@dataclass(frozen=True, slots=True)
class LogOptions:
    """The query of a log request."""

    is_following: bool = False
    is_previous: bool = False
    has_timestamps: bool = False
    since: datetime | None = None
    tail_lines: int | None = None
    limit_bytes: int | None = None

    @classmethod
    def parse(cls, query: Mapping[str, str], now: datetime) -> LogOptions:
        """Raises ValueError with one sentence."""

        def number(name: str) -> int | None:
            text = query.get(name)
            if not text:
                return None
            if not text.isdigit():
                raise ValueError(f"{name} must be a number that is not negative, not {text!r}")
            return int(text)

        since = None
        if seconds := number("sinceSeconds"):
            since = now - timedelta(seconds=seconds)
        elif text := query.get("sinceTime"):
            since = parse_timestamp(text)
        return cls(
            is_following=query.get("follow", "").lower() in ("1", "true"),
            is_previous=query.get("previous", "").lower() in ("1", "true"),
            has_timestamps=query.get("timestamps", "").lower() in ("1", "true"),
            since=since,
            tail_lines=number("tailLines"),
            limit_bytes=number("limitBytes"),
        )


def line_count(run: Run, until: datetime) -> int:
    """How many lines a run had written by then."""
    until = min(until, run.ended) if run.ended else until
    count = max(0, int((until - run.started).total_seconds() / interval_seconds(run)))
    # The jitter moves a line by less than one interval, so the boundary is off by one at most.
    while line_time(run, count) <= until:
        count += 1
    while count and line_time(run, count - 1) > until:
        count -= 1
    return count


def past_lines(run: Run, options: LogOptions, now: datetime) -> tuple[list[Callable[[], bytes]], int]:
    """(the lines up to now, number of the next line); a line is made when it is called for."""
    count = line_count(run, now)
    first = max(0, count - KEPT_LINES)
    if options.since is not None:
        while first < count and line_time(run, first) < options.since:
            first += 1
    closing = last_words(run) if run.ended and run.exit_code else []
    if options.tail_lines is not None:
        first = max(first, count - max(0, options.tail_lines - len(closing)))
        closing = closing[-options.tail_lines :] if options.tail_lines else []
    lines: list[Callable[[], bytes]] = [partial(encoded_line, run, number, options) for number in range(first, count)]
    lines += [partial(_encode, text, run.ended or now, options) for text in closing]
    return lines, count


def encoded_line(run: Run, number: int, options: LogOptions) -> bytes:
    """One line with its end, and its time in front when asked."""
    return _encode(line_text(run, number), line_time(run, number), options)


def _encode(text: str, moment: datetime, options: LogOptions) -> bytes:
    if options.has_timestamps:
        text = f"{moment.strftime('%Y-%m-%dT%H:%M:%S.%f')}000Z {text}"
    return text.encode() + b"\n"


async def stream(run: Run, options: LogOptions, now: Clock, is_alive: Callable[[], bool]) -> AsyncIterator[bytes]:
    """Blocks of lines: the past, then, when following, each line at its time until the run ends."""
    left = options.limit_bytes
    texts, number = past_lines(run, options, now())
    for start in range(0, len(texts), _PART_LINES):
        block = b"".join(text() for text in texts[start : start + _PART_LINES])[:left]
        left = None if left is None else left - len(block)
        if not block:
            return
        yield block
        await asyncio.sleep(0)
    while options.is_following and run.ended is None and left != 0:
        wait_seconds = (line_time(run, number) - now()).total_seconds()
        if wait_seconds > 0:
            await asyncio.sleep(min(wait_seconds, _LIVENESS_SECONDS))
            if not is_alive():
                return
            continue
        block = encoded_line(run, number, options)[:left]
        left = None if left is None else left - len(block)
        number += 1
        yield block
