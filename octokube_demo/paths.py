"""Reads a request path into what it asks for, once, before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote


@dataclass(frozen=True, slots=True)
class Target:
    """The parsed path of a resource request. Empty strings mean "not in the path"."""

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def parse_target(raw_path: str) -> Target | None:
    """The resource a path names, None when it names none (discovery, health, nonsense).

    The raw path is split before it is unescaped, so an escaped slash can never become a path separator.
    """
    parts = [unquote(part) for part in raw_path.strip("/").split("/")]
    if parts[:1] == ["api"] and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    if any("/" in part or part in ("", ".", "..") for part in rest):
        return None
    namespace = ""
    # /namespaces/x, /namespaces/x/status and /namespaces/x/finalize are the namespace itself, not something in it.
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    if len(rest) > 3:
        return None
    return Target(group, version, rest[0], namespace, *rest[1:])
