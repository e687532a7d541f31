"""Answers requests for a collection: LIST, WATCH, create, delete-collection."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import orjson
from aiohttp import web

from octokube_demo import errors
from octokube_demo.handlers.context import Call, answer
from octokube_demo.listing import ListOptions, Page, list_page
from octokube_demo.objects import Object
from octokube_demo.watching import CutMidLine, WatchOptions, check_watch_options, watch_lines
from octokube_demo.writing.deleting import DeleteOptions
from octokube_demo.writing.versions import shown_in

# Lists longer than this are encoded and written in parts, so that one big list does not stop the process.
_PART_ITEMS = 500


async def list_collection(call: Call) -> web.StreamResponse:
    """LIST."""
    faults = call.parts.faults
    if faults.takes("gone_lists"):
        raise errors.list_too_old()
    options = ListOptions(
        namespace=call.namespace,
        limit=max(0, call.number("limit") or 0),
        continue_token=call.query.get("continue", ""),
        resource_version=call.query.get("resourceVersion", ""),
        match=call.query.get("resourceVersionMatch", ""),
        selector=call.selector(),
    )
    if "sendInitialEvents" in call.query and call.parts.settings.watch_list != "ignored":
        text = "Forbidden: sendInitialEvents is forbidden for list"
        causes = [("FieldValueForbidden", "sendInitialEvents", text)]
        raise errors.invalid("ListOptions", "meta.k8s.io", "", causes)
    page = list_page(call.parts.store, call.resource.stored_name, options, revisions_back=faults.list_revisions_back)
    return await _write_page(call, page)


async def _write_page(call: Call, page: Page) -> web.StreamResponse:
    meta: Object = {"resourceVersion": str(page.revision)}
    if page.continue_token:
        meta["continue"] = page.continue_token
        if page.remaining is not None:
            meta["remainingItemCount"] = page.remaining
    head = orjson.dumps(
        {
            "kind": f"{call.resource.kind}List",
            "apiVersion": call.resource.api_version(call.target.version),
            "metadata": meta,
            "items": [],
        }
    )[:-2]  # up to and with the opening bracket of items
    convert = _item_form(call)
    if len(page.items) <= _PART_ITEMS:
        body = head + _joined(page.items, convert) + b"]}"
        return web.Response(body=body, content_type="application/json")
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(call.request)
    separator = head
    for start in range(0, len(page.items), _PART_ITEMS):
        await response.write(separator + _joined(page.items[start : start + _PART_ITEMS], convert))
        separator = b","
        await asyncio.sleep(0)  # a write that fits into the socket's buffer does not give way by itself
    await response.write_eof(b"]}")
    return response


def _item_form(call: Call) -> Callable[[Object], Object] | None:
    """How items look in a list: built-in ones carry no kind and apiVersion there, custom ones do."""
    convert = shown_in(call.resource, call.target.version)
    if call.resource.is_custom:
        return convert

    def item(value: Object) -> Object:
        shown = dict(value if convert is None else convert(value))
        shown.pop("kind", None)
        shown.pop("apiVersion", None)
        return shown

    return item


def _joined(items: list[Object], convert: Callable[[Object], Object] | None) -> bytes:
    shown = items if convert is None else [convert(item) for item in items]
    return orjson.dumps(shown)[1:-1]


async def watch_collection(call: Call) -> web.StreamResponse:
    """WATCH of a collection (of one object: with the field selector metadata.name, as clients do)."""
    settings = call.parts.settings
    timeout = call.number("timeoutSeconds")
    options = WatchOptions(
        type_name=call.resource.stored_name,
        kind=call.resource.kind,
        api_version=call.resource.api_version(call.target.version),
        convert=shown_in(call.resource, call.target.version),
        namespace=call.namespace,
        resource_version=call.query.get("resourceVersion", ""),
        # The real server draws between one and two times its minimum, so that clients do not all come back at once.
        timeout_seconds=timeout or settings.watch_timeout_seconds * (1 + random.random()),
        selector=call.selector(),
        has_bookmarks=call.flag("allowWatchBookmarks"),
        sends_initial_events=call.flag("sendInitialEvents"),
        bookmark_seconds=settings.bookmark_seconds,
        watch_lists=settings.watch_list,
        match=call.query.get("resourceVersionMatch", ""),
    )
    check_watch_options(options)
    lines = watch_lines(call.parts.store, call.parts.faults, options, call.parts.closing)
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(call.request)
    call.parts.open_watches[call.resource.name] += 1
    try:
        async for block in lines:
            await response.write(block)
        await response.write_eof()
    except CutMidLine as cut:
        await response.write(cut.half)
        if call.request.transport is not None:
            call.request.transport.close()
    finally:
        call.parts.open_watches[call.resource.name] -= 1
        await lines.aclose()  # type: ignore[attr-defined]  # an async generator, typed as what its reader needs
    return response


async def create_object(call: Call) -> web.StreamResponse:
    """POST."""
    value = call.parts.api.create(
        call.resource.name,
        await call.object_body(),
        namespace=call.target.namespace,
        manager=call.manager,
        is_dry_run=call.is_dry_run,
    )
    return answer(call.shown(value), 201)


async def delete_collection(call: Call) -> web.StreamResponse:
    """DELETE of a collection: answers with the list of what was deleted."""
    options = DeleteOptions.parse(await call.body(), call.query)
    selector = call.selector()
    store = call.parts.store
    deleted: list[Object] = []
    for value in list(store.values(call.resource.stored_name, call.namespace)):
        if selector is None or selector(value):
            meta = value["metadata"]
            result, _ = call.parts.api.delete(call.resource.name, meta.get("namespace", ""), meta["name"], options)
            deleted.append(call.shown(result))
    return answer(
        {
            "kind": f"{call.resource.kind}List",
            "apiVersion": call.resource.api_version(call.target.version),
            "metadata": {"resourceVersion": str(store.revision)},
            "items": deleted,
        }
    )
