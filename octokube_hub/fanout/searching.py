"""Finds objects by what they say, part by part, among what the asker may see when the answer is given."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from octokube.state import EncodedObject, Key, Stored
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_hub.errors import Refused
from octokube_hub.fanout import document
from octokube_hub.fanout.selection import BadSubscription, Selection, read_subscription
from octokube_hub.policy import Scope
from octokube_hub.replica import Registry, Replica

MAX_TEXT = 200
MAX_LIMIT = 1_000
DEFAULT_LIMIT = 100
MAX_LABELS = 64
SHOWN = 200
"""Characters of a part that are told."""
PART = 2_000
"""Objects that one call looks into: about 40 ms in slices, so that a reader sees hits as they are found."""
SLICE = 100
"""Objects that are parsed with one turn of the event loop: about 2 ms."""
TRIES = 3
"""How often a part is looked for anew because access has changed meanwhile."""
_FIELDS = (pb.SEARCH_FIELD_NAME, pb.SEARCH_FIELD_LABEL, pb.SEARCH_FIELD_ANNOTATION, pb.SEARCH_FIELD_IMAGE)

_Text = tuple[pb.SearchField, str]
_Place = tuple[str, str, str, str]
"""Cluster, type, namespace and name: the order in which objects are looked at."""


@dataclass(frozen=True, slots=True)
class Question:
    """A search that was read."""

    selection: Selection
    words: tuple[str, ...]
    fields: tuple[int, ...]
    limit: int
    after: _Place

    @property
    def is_about_names(self) -> bool:
        """Whether the objects themselves need not be looked into."""
        return not set(self.fields) - {pb.SEARCH_FIELD_NAME} and self.selection.labels is None


def read_question(message: bytes) -> Question:
    """Checks and reads a SearchRequest. Raises Refused."""
    try:
        request = pb.SearchRequest.FromString(message)
        after = pb.SearchHit.FromString(request.after)
    except DecodeError as error:
        raise Refused("INVALID_ARGUMENT", "the request is no protobuf of this contract") from error
    if len(request.text) > MAX_TEXT:
        raise Refused("INVALID_ARGUMENT", f"a search has at most {MAX_TEXT} characters; write fewer words")
    if request.limit > MAX_LIMIT:
        raise Refused("INVALID_ARGUMENT", f"a part holds at most {MAX_LIMIT} hits; ask for the next part after it")
    if set(request.fields) - set(_FIELDS):
        raise Refused("INVALID_ARGUMENT", "a field is none that can be searched: name, label, annotation or image")
    try:
        selection = read_subscription(request.within)
    except BadSubscription as error:
        raise Refused("INVALID_ARGUMENT", str(error)) from error
    return Question(
        selection,
        tuple(request.text.casefold().split()),
        tuple(request.fields) or _FIELDS,
        request.limit or DEFAULT_LIMIT,
        (after.cluster, after.key.type, after.key.namespace, after.key.name),
    )


class Searches:
    """Answers searches, one at a time for each person: somebody who asks a lot waits for themselves."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._asking: dict[str, tuple[asyncio.Lock, int]] = {}

    async def answer(self, who: str, question: Question, scope: Callable[[], Scope]) -> pb.SearchResponse:
        """One part. ``scope`` is what the asker may see at the moment it is called."""
        async with self._turn_of(who):
            for _ in range(TRIES):
                seen = scope()
                found, searched, last = await self._look(question, seen)
                # What was in sight when it was found may be out of sight by now. From here to the answer nothing waits.
                if scope() == seen:
                    return pb.SearchResponse(hits=found, searched=searched, next=_written(last) if last else b"")
            raise Refused("UNAVAILABLE", "what you may see has changed again and again meanwhile; search again")

    async def _look(self, question: Question, scope: Scope) -> tuple[list[pb.SearchHit], int, _Place | None]:
        found: list[pb.SearchHit] = []
        searched = 0
        slice = SLICE if not question.is_about_names else SLICE * 20
        part = PART if not question.is_about_names else PART * 10
        for replica, stored in self._objects(question, scope):
            searched += 1
            hit = _hit(question, replica.cluster, stored)
            if hit is not None:
                found.append(hit)
            if searched >= part or len(found) >= question.limit:
                key = stored.key
                return found, searched, (replica.cluster, key.type, key.namespace, key.name)
            if searched % slice == 0:
                await self._registry.turns.take()
        return found, searched, None

    def _objects(self, question: Question, scope: Scope) -> Iterator[tuple[Replica, Stored[EncodedObject]]]:
        """What is asked for and in sight, behind where the part before ended, in order."""
        selection, after = question.selection, question.after
        for replica in sorted(self._registry, key=lambda one: one.cluster):
            cluster, store = replica.cluster, replica.store
            if cluster < after[0] or not selection.has_cluster(cluster):
                continue
            for type in sorted(store.types()):
                selector = scope.selector(cluster, type)
                if (cluster, type) < after[:2] or selector.none or not selection.has_type(type):
                    continue
                for namespace in sorted(store.namespaces(type)):
                    if (cluster, type, namespace) < after[:3]:
                        continue
                    if not selection.has_namespace(namespace) or not selector.has_namespace(namespace):
                        continue
                    objects = store.of_namespace(type, namespace)
                    if (cluster, type, namespace) == after[:3]:
                        objects = [stored for stored in objects if stored.key.name > after[3]]
                    objects.sort(key=lambda stored: stored.key.name)
                    for stored in objects:
                        if selector.allows(namespace, stored.key.name) and selection.has_name(stored.key.name):
                            yield replica, stored

    @contextlib.asynccontextmanager
    async def _turn_of(self, who: str) -> AsyncIterator[None]:
        lock, waiting = self._asking.get(who, (asyncio.Lock(), 0))
        self._asking[who] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._asking.pop(who)
            if waiting > 1:
                self._asking[who] = (lock, waiting - 1)


def _hit(question: Question, cluster: str, stored: Stored[EncodedObject]) -> pb.SearchHit | None:
    key, body = stored.key, stored.value.body
    labels = question.selection.labels
    if labels is not None and not labels.is_met_by(body):
        return None
    if question.is_about_names:
        if not all(word in key.name.casefold() for word in question.words):
            return None
        return _told(cluster, key, body, question.words, ((pb.SEARCH_FIELD_NAME, key.name),))
    lowered = None
    for word in question.words:
        # Most objects hold a word nowhere: then they need not be parsed. JSON writes some characters differently.
        if word.isascii() and not set(word) & {'"', "\\"}:
            lowered = body.lower() if lowered is None else lowered
            # "key=value" stands apart in JSON, and its parts as they are.
            if not all(piece.encode() in lowered for piece in word.split("=")) and word not in key.name.casefold():
                return None
    texts = tuple(_texts(question.fields, key, body))
    folded = [text.casefold() for _, text in texts]
    if not all(any(word in text for text in folded) for word in question.words):
        return None
    return _told(cluster, key, body, question.words, texts)


def _texts(fields: tuple[int, ...], key: Key, body: bytes) -> Iterator[_Text]:
    found = document.read(body)
    if pb.SEARCH_FIELD_NAME in fields:
        yield pb.SEARCH_FIELD_NAME, key.name
    if pb.SEARCH_FIELD_LABEL in fields:
        for name, value in document.labels(found).items():
            yield pb.SEARCH_FIELD_LABEL, f"{name}={value}"
    if pb.SEARCH_FIELD_IMAGE in fields:
        for image in document.images(found):
            yield pb.SEARCH_FIELD_IMAGE, image
    if pb.SEARCH_FIELD_ANNOTATION in fields:
        for name, value in document.annotations(found).items():
            yield pb.SEARCH_FIELD_ANNOTATION, f"{name}={value}"


def _told(cluster: str, key: Key, body: bytes, words: tuple[str, ...], texts: tuple[_Text, ...]) -> pb.SearchHit:
    hit = pb.SearchHit(cluster=cluster)
    hit.key.type, hit.key.namespace, hit.key.name, hit.key.uid = key.type, key.namespace, key.name, key.uid
    for name, value in sorted(document.labels(document.read(body)).items())[:MAX_LABELS]:
        hit.labels.append(f"{name}={value}")
    if words:
        for field, text in texts:
            at = text.casefold().find(words[0])
            if at >= 0:
                start = max(0, min(at - SHOWN // 4, len(text) - SHOWN))
                hit.field, hit.text = field, text[start : start + SHOWN]
                break
    return hit


def _written(place: _Place) -> bytes:
    cluster, type, namespace, name = place
    return pb.SearchHit(
        cluster=cluster, key=resource_pb2.Key(type=type, namespace=namespace, name=name)
    ).SerializeToString()
