"""Who asks, and what for."""

import re
from dataclasses import dataclass

from octokube_hub.policy.ceiling import Ceiling

_NAME = re.compile(r"(user|service|team|role):[^\s,\"*?\[\]#:]+(:[^\s,\"*?\[\]#:]+)*")
EVERYONE = "role:everyone"


def find_fault(name: str) -> str | None:
    """Says why a subject's name is malformed, or None."""
    if _NAME.fullmatch(name):
        return None
    if any(character in name for character in "*?["):
        return f"subjects are no patterns; name one, or write {EVERYONE} instead of {name!r}"
    return f"{name!r} is not a subject; write user:NAME, service:NAME, team:NAME or role:NAME"


@dataclass(frozen=True, slots=True)
class Subject:
    """A signed-in person or an embedder's service.

    ``name`` is "user:alice" or "service:ci". ``groups`` are the identity provider's groups of this session, already
    mapped to "team:…" names; memberships of the policy files are added to them. ``ceiling`` is what the token that was
    shown leaves of all that; it is a part of the subject so that no answer about the subject can do without it. Raises
    ValueError for other names.
    """

    name: str
    groups: frozenset[str] = frozenset()
    ceiling: Ceiling | None = None

    def __post_init__(self) -> None:
        if not self.name.startswith(("user:", "service:")) or not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} cannot ask for access; a subject is user:NAME or service:NAME")
        for group in self.groups:
            if not group.startswith("team:") or not _NAME.fullmatch(group):
                raise ValueError(f"{group!r} is no group of a subject; map it to a team:NAME")


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """One thing that a subject wants to do.

    ``resource`` is a type, with a subresource after a slash ("pods", "pods/exec"); ``verb`` a Kubernetes verb or the
    name of an operation. ``namespace`` is "" for a cluster-scoped object: the word ``cluster`` stands for it in rows
    only, since a namespace may well be called "cluster". ``name`` is "" when no single object is meant (a create, a
    list): only rows whose name is ``*`` match that.
    """

    subject: Subject
    cluster: str
    resource: str
    namespace: str
    name: str
    verb: str
