"""The two kinds of rows, and the rule inside one of them."""

import hashlib
from dataclasses import dataclass, field
from typing import Literal

from octokube_hub.policy import globs
from octokube_hub.policy.windows import Window

Effect = Literal["allow", "deny"]
CLUSTER_SCOPED = "cluster"


def is_namespace_match(namespace: str, pattern: str) -> bool:
    """Matches a namespace against a row's column. "" is a cluster-scoped object: only ``cluster`` and ``**`` reach it.

    A namespace that happens to be called "cluster" is reached by patterns (``*``, ``clus*``), never by the word.
    """
    if pattern == "**":
        return True
    if namespace == "":
        return pattern == CLUSTER_SCOPED
    return pattern != CLUSTER_SCOPED and globs.is_match(namespace, pattern)


def is_namespace_covering(wide: str, narrow: str) -> bool:
    """True when every namespace that ``narrow`` reaches is surely reached by ``wide``."""
    if wide in ("**", narrow):
        return True
    return CLUSTER_SCOPED not in (wide, narrow) and narrow != "**" and globs.is_covering(wide, narrow)


@dataclass(frozen=True, slots=True)
class Rule:
    """What a row says once it is clear that it counts: an effect on objects and actions. Subject and window are gone.

    ``digest`` is equal for two rules exactly when all else is equal.
    """

    effect: Effect
    cluster: str
    namespace: str
    type_pattern: str
    name: str
    actions: frozenset[str]
    digest: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = (self.effect, self.cluster, self.namespace, self.type_pattern, self.name, *sorted(self.actions))
        object.__setattr__(self, "digest", hashlib.blake2b("\0".join(parts).encode(), digest_size=16).digest())

    def is_covering(self, other: "Rule") -> bool:
        """True when everything that ``other`` matches is surely matched by this. The effects are not compared."""
        return (
            other.actions <= self.actions
            and globs.is_covering(self.cluster, other.cluster)
            and self.is_covering_objects(other)
        )

    def is_covering_objects(self, other: "Rule") -> bool:
        """The same without regard to actions, and within one cluster."""
        return (
            is_namespace_covering(self.namespace, other.namespace)
            and globs.is_covering(self.type_pattern, other.type_pattern)
            and globs.is_covering(self.name, other.name)
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A ``p`` row: for whom, what, and when. ``columns`` is the row as it was written."""

    subject: str
    rule: Rule
    window: Window
    columns: tuple[str, ...]
    file: str
    line: int

    @property
    def where(self) -> str:
        """The place of the row, ``policy.csv:12``."""
        return f"{self.file}:{self.line}"

    def __str__(self) -> str:
        return ", ".join(("p", *self.columns))


@dataclass(frozen=True, slots=True)
class Membership:
    """A ``g`` row: ``member`` is in ``group`` while ``window`` is open."""

    member: str
    group: str
    window: Window
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.member} in {self.group}"
