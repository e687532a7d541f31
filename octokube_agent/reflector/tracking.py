"""Decides what an event or a list means, given what is held."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from octokube.state import EncodedObject, Key, Stored
from octokube_agent.kube import errors

INITIAL_EVENTS_END = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class Put:
    """The object is to be stored."""

    obj: dict[str, Any]
    version: str


@dataclass(frozen=True, slots=True)
class Remove:
    """The object is to be removed."""

    key: Key
    version: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Nothing changes but the version up to which the server has told everything."""

    version: str
    is_initial_end: bool = False


@dataclass(frozen=True, slots=True)
class Failed:
    """The stream is of no further use."""

    error: errors.KubeError


@dataclass(frozen=True, slots=True)
class Ignored:
    """Already known, or older than what is held."""

    version: str


Decision = Put | Remove | Progress | Failed | Ignored


def decide(type: str, event: Any, held: Stored[EncodedObject] | None) -> Decision:
    """What a watch event asks for. ``held`` is the object that has the event's name now, if any.

    Guarantees: an object never goes back to an older state of the same uid, and the deletion of a predecessor never
    removes its successor. Raises Malformed for what is no watch event.
    """
    kind = event.get("type") if isinstance(event, dict) else None
    obj = event.get("object") if isinstance(event, dict) else None
    if not isinstance(kind, str) or not isinstance(obj, dict):
        raise errors.Malformed(f"the watch of {type} sent something that is no event")
    if kind == "ERROR":
        return Failed(error_of_status(type, obj))
    metadata = obj.get("metadata")
    version = str(metadata.get("resourceVersion") or "") if isinstance(metadata, dict) else ""
    if kind == "BOOKMARK":
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        is_end = isinstance(annotations, dict) and annotations.get(INITIAL_EVENTS_END) == "true"
        return Progress(version, is_initial_end=is_end)
    if kind in ("ADDED", "MODIFIED"):
        if held is not None and held.key.uid == _uid(obj) and is_older(version, held.value.resource_version):
            return Ignored(version)
        return Put(obj, version)
    if kind == "DELETED":
        is_held = held is not None and held.key.uid == _uid(obj)
        return Remove(held.key, version) if held is not None and is_held else Ignored(version)
    raise errors.Malformed(f"the watch of {type} sent an event of an unknown type")


def error_of_status(type: str, status: dict[str, Any]) -> errors.KubeError:
    """The error that an ERROR event's Status stands for. One without a code is taken for a failure of the server."""
    code = status.get("code")
    details = status.get("details")
    seconds = details.get("retryAfterSeconds") if isinstance(details, dict) else None
    if status.get("reason") in ("Expired", "Gone"):
        code = 410
    return errors.from_status(
        code if isinstance(code, int) else 500,
        f"the watch of {type}",
        message=str(status.get("message", "")),
        retry_after_seconds=float(seconds) if isinstance(seconds, int) else None,
    )


def is_older(version: str, other: str) -> bool:
    """Whether one resource version is certainly older than another of the same type.

    Kubernetes calls them opaque; those of every etcd-backed API are numbers that grow, and client-go compares them so.
    What is no number is never called older.
    """
    return version.isdigit() and other.isdigit() and int(version) < int(other)


def newest(version: str, other: str) -> str:
    """The newer of two versions; the second where that can't be told."""
    return version if is_older(other, version) else other


def vanished(held: Iterable[Stored[EncodedObject]], listed: set[tuple[str, str]]) -> list[Key]:
    """The keys that are held and whose (namespace, name) a complete list does not have."""
    return [stored.key for stored in held if (stored.key.namespace, stored.key.name) not in listed]


def name_of(obj: Any) -> tuple[str, str]:
    """(namespace, name) of an event's object; empty where missing."""
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    if not isinstance(metadata, dict):
        return "", ""
    return str(metadata.get("namespace") or ""), str(metadata.get("name") or "")


def _uid(obj: dict[str, Any]) -> str:
    metadata = obj["metadata"] if isinstance(obj.get("metadata"), dict) else {}
    return str(metadata.get("uid") or f"name:{metadata.get('name')}")
