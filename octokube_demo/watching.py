"""Produces the lines of one WATCH from the shared history: a cursor, never a queue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeAlias

from octokube_demo import errors
from octokube_demo.faults import Faults
from octokube_demo.history import Change, ChangeKind, watch_line
from octokube_demo.listing import parse_revision
from octokube_demo.objects import Object
from octokube_demo.selectors import Predicate
from octokube_demo.store import Store

Convert: TypeAlias = Callable[[Object], Object]

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


class CutMidLine(Exception):
    """A fault: `half` is to be written, then the connection is to be broken."""

    def __init__(self, half: bytes) -> None:
        super().__init__("the watch is cut in the middle of a line")
        self.half = half


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """The query of a watch. `form` names the version its objects are shown in, `convert` makes it."""

    type_name: str
    kind: str
    api_version: str
    convert: Convert | None
    namespace: str | None
    resource_version: str
    timeout_seconds: float
    selector: Predicate | None = None
    has_bookmarks: bool = False
    sends_initial_events: bool = False
    bookmark_seconds: float = 60.0
    watch_lists: str = "served"  # "served", "refused" or "ignored"; see DemoSettings.watch_list
    match: str = ""


def check_watch_options(options: WatchOptions) -> None:
    """Raises ApiError 422 for what the real server of that age refuses."""
    causes: list[tuple[str, str, str]] = []
    field = "resourceVersionMatch"
    if options.watch_lists == "ignored":
        if options.match:
            causes.append(("FieldValueForbidden", field, f"Forbidden: {field} is forbidden for watch"))
    elif options.sends_initial_events:
        if options.match != "NotOlderThan":
            text = f"Forbidden: sendInitialEvents requires setting {field} to NotOlderThan"
            causes.append(("FieldValueForbidden", field, text))
        if options.watch_lists == "refused":
            text = "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
            causes.append(("FieldValueForbidden", "sendInitialEvents", text))
    elif options.match:
        text = f"Forbidden: {field} is forbidden for watch unless sendInitialEvents is provided"
        causes.append(("FieldValueForbidden", field, text))
    if causes:
        raise errors.invalid("ListOptions", "meta.k8s.io", "", causes)


async def watch_lines(
    store: Store, faults: Faults, options: WatchOptions, closing: asyncio.Event
) -> AsyncIterator[bytes]:
    """Encoded lines, several joined when several are due, until the time is up, the type goes or the server closes.

    Guarantee: every change of the type after the asked version appears exactly once, in order, or the stream ends with
    an ERROR event 410. Non-guarantee: a reader slower than the history ring is not caught up; its stream just ends.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + options.timeout_seconds
    history = store.table(options.type_name).history
    generation = faults.watch_generation
    asked = parse_revision(options.resource_version)
    shows_state = options.sends_initial_events and options.watch_lists == "served"
    if faults.takes("gone_watches"):
        yield error_line(errors.too_old(asked, store.revision))
        return
    if asked == 0 or shows_state:
        cursor, revision = history.end, store.revision
        initial = [value for value in store.values(options.type_name, options.namespace) if _is_chosen(options, value)]
        for start in range(0, len(initial), 500):
            part = initial[start : start + 500]
            yield b"".join(watch_line("ADDED", _shown(options, value)) for value in part)
            await asyncio.sleep(0)  # a big beginning must not stop the process
        if shows_state and options.has_bookmarks:
            yield _bookmark(options, revision, {INITIAL_EVENTS_END: "true"})
    elif asked < history.compacted:
        yield error_line(errors.too_old(asked, history.compacted))
        return
    else:
        cursor = history.cursor_after(asked)
        # Revisions from the future are not shown the past; they wait for their time.
        cursor = history.end if asked > store.revision else cursor
    next_bookmark = loop.time() + options.bookmark_seconds
    while not closing.is_set() and generation == faults.watch_generation:
        if cursor < history.first:
            return  # too slow for the ring; the client's next try gets its 410
        if cursor < history.end and not faults.is_watch_silent:
            changes = history.since(cursor)
            cursor += len(changes)
            if block := _encode(faults, options, changes):
                yield block
            continue
        if history.is_ended:
            return
        now = loop.time()
        if now >= deadline:
            return
        if options.has_bookmarks and now >= next_bookmark:
            next_bookmark = now + options.bookmark_seconds
            if faults.is_bookmarking and not faults.is_watch_silent:
                yield _bookmark(options, store.revision, None)
        until = min(deadline, next_bookmark) if options.has_bookmarks else deadline
        try:
            async with asyncio.timeout(max(0.0, until - now)):
                # A silent watch must not spin on the changes it holds back.
                await history.wait(history.end if faults.is_watch_silent else cursor)
        except TimeoutError:
            continue


def _encode(faults: Faults, options: WatchOptions, changes: list[Change]) -> bytes:
    lines: list[bytes] = []
    for change in changes:
        if change.is_dropped or (options.namespace is not None and change.key[0] != options.namespace):
            continue
        line = _line(options, change)
        if line is None:
            continue
        if faults.takes("watch_lines_to_cut"):
            raise CutMidLine(b"".join(lines) + line[: len(line) // 2])
        lines.append(line)
        if faults.takes("watch_lines_to_repeat"):
            lines.append(line)
    return lines[0] if len(lines) == 1 else b"".join(lines)


def _line(options: WatchOptions, change: Change) -> bytes | None:
    kind, value = change.kind, change.value
    if options.selector is not None:
        is_chosen = kind is not ChangeKind.DELETED and options.selector(value)
        was_chosen = change.previous is not None and options.selector(change.previous)
        if not is_chosen and not was_chosen:
            return None
        if is_chosen and not was_chosen:
            kind = ChangeKind.ADDED
        elif was_chosen and not is_chosen and kind is not ChangeKind.DELETED:
            # Leaving a selection looks like a deletion: the old state under the new version.
            kind = ChangeKind.DELETED
            assert change.previous is not None  # noqa: S101 — was_chosen says so
            meta = {**change.previous["metadata"], "resourceVersion": str(change.revision)}
            return watch_line(kind, _shown(options, {**change.previous, "metadata": meta}))
    form = f"{kind} {options.api_version}"
    return change.cached_line(form) or change.cache_line(form, kind, _shown(options, value))


def _is_chosen(options: WatchOptions, value: Object) -> bool:
    return options.selector is None or options.selector(value)


def _shown(options: WatchOptions, value: Object) -> Object:
    return value if options.convert is None else options.convert(value)


def _bookmark(options: WatchOptions, revision: int, annotations: dict[str, str] | None) -> bytes:
    meta: Object = {"resourceVersion": str(revision), "creationTimestamp": None}
    if annotations:
        meta["annotations"] = annotations
    return watch_line("BOOKMARK", {"kind": options.kind, "apiVersion": options.api_version, "metadata": meta})


def error_line(error: errors.ApiError) -> bytes:
    """An ERROR event."""
    return watch_line("ERROR", error.status())
