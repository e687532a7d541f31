"""Answers LIST: which objects, as of which version, which page."""

from __future__ import annotations

import base64
import binascii
from bisect import bisect_right
from dataclasses import dataclass

import orjson

from octokube_demo import errors
from octokube_demo.objects import Key, Object
from octokube_demo.selectors import Predicate
from octokube_demo.store import Past, Store


@dataclass(frozen=True, slots=True)
class ListOptions:
    """The query of a list, parsed but not yet judged. `namespace` is None for all namespaces."""

    namespace: str | None = None
    limit: int = 0
    continue_token: str = ""
    resource_version: str = ""
    match: str = ""
    selector: Predicate | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One answer. `remaining` is None when the server cannot know it cheaply (a selector), as with the real one."""

    items: list[Object]
    revision: int
    continue_token: str = ""
    remaining: int | None = None


def check_options(options: ListOptions) -> None:
    """Raises ApiError 422 for the combinations that the real server refuses."""
    causes: list[tuple[str, str, str]] = []
    field = "resourceVersionMatch"
    if options.match:
        if not options.resource_version:
            causes.append(
                ("FieldValueForbidden", field, _forbidden(f"{field} is forbidden unless resourceVersion is provided"))
            )
        if options.continue_token:
            causes.append(("FieldValueForbidden", field, _forbidden(f"{field} is forbidden when continue is provided")))
        if options.match not in ("Exact", "NotOlderThan"):
            sentence = f'Unsupported value: "{options.match}": supported values: "Exact", "NotOlderThan", ""'
            causes.append(("FieldValueNotSupported", field, sentence))
        if options.match == "Exact" and options.resource_version == "0":
            causes.append(
                ("FieldValueForbidden", field, _forbidden(f'{field} "exact" is forbidden for resourceVersion "0"'))
            )
    if causes:
        raise errors.invalid("ListOptions", "meta.k8s.io", "", causes)


def _forbidden(text: str) -> str:
    return f"Forbidden: {text}"


def list_page(store: Store, type_name: str, options: ListOptions, *, revisions_back: int = 0) -> Page:
    """One page of a list. Raises ApiError 400, 410 or 504.

    Guarantee: all pages reached through one continue token are of one version. `revisions_back` is the fault "an older
    version than anybody was shown before".
    """
    check_options(options)
    limit = options.limit
    start_after: Key | None = None
    if options.continue_token:
        revision, start_after = _decode_token(options.continue_token)
        if options.resource_version:
            raise errors.bad_request("specifying resource version is not allowed when using continue")
        revision = revision or store.revision
    else:
        revision = _asked_revision(store, options)
        if options.resource_version == "0" and not options.match:
            limit = 0  # served from the watch cache, which does not page
    if revisions_back and not options.continue_token:
        revision = max(store.table(type_name).history.compacted, revision - revisions_back)
    if start_after is not None and revision < store.table(type_name).history.compacted:
        raise errors.continue_expired(_encode_token(0, start_after))
    return _cut(Past(store, type_name, options.namespace, revision), revision, limit, start_after, options.selector)


def _cut(past: Past, revision: int, limit: int, start_after: Key | None, selector: Predicate | None) -> Page:
    start = 0 if start_after is None else bisect_right(past.keys, start_after)
    chosen: list[Object] = []
    for index in range(start, len(past.keys)):
        value = past.value(past.keys[index])
        if value is None or (selector is not None and not selector(value)):
            continue
        chosen.append(value)
        if len(chosen) == limit:
            if remaining := past.count_after(index):
                token = _encode_token(revision, past.keys[index])
                return Page(chosen, revision, token, None if selector else remaining)
            break
    return Page(chosen, revision)


def _asked_revision(store: Store, options: ListOptions) -> int:
    asked = parse_revision(options.resource_version)
    if asked > store.revision:
        raise errors.too_large(asked, store.revision)
    # A limit with a version and no match is the legacy way to say "exact".
    is_exact = options.match == "Exact" or (asked > 0 and options.limit > 0 and not options.match)
    return asked if is_exact else store.revision


def parse_revision(text: str) -> int:
    """A resourceVersion parameter as a number; empty is 0. Raises ApiError 400."""
    if not text:
        return 0
    if not text.isdigit():
        raise errors.bad_request(
            f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": invalid syntax'
        )
    return int(text)


def _encode_token(revision: int, last: Key) -> str:
    return base64.urlsafe_b64encode(orjson.dumps({"v": "octokube", "rv": revision, "after": last})).decode()


def _decode_token(token: str) -> tuple[int, Key]:
    try:
        content = orjson.loads(base64.urlsafe_b64decode(token))
        namespace, name = content["after"]
        return int(content["rv"]), (str(namespace), str(name))
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise errors.bad_request(f"invalid continue token: continue key is not valid: {error}") from error
