"""Reads a subscription: which objects somebody asks for, before policy is asked what they get."""

import hashlib
from collections.abc import Iterable, Sequence

from octokube.state import Key
from octokube.v1 import cluster_service_pb2
from octokube_hub.fanout.labels import BadLabelSelector, LabelSelector, read_label_selector
from octokube_hub.policy import globs
from octokube_hub.policy.rows import is_namespace_match

MAX_ITEMS = 200
MAX_LENGTH = 512
MAX_SPACING_SECONDS = 60.0


class BadSubscription(Exception):
    """The subscription can't be read. The text says which part, and what to write."""


class Selection:
    """A checked subscription. Immutable; narrows what policy allows and never widens it.

    ``fingerprint`` is equal for two selections exactly when they ask for the same of any one cluster: the same types,
    namespaces, names, labels and detail, in whatever order they were written.
    """

    __slots__ = (
        "_clusters",
        "_names",
        "_namespaces",
        "_types",
        "fingerprint",
        "is_rows",
        "labels",
        "minimum_spacing_seconds",
        "named_types",
    )

    def __init__(
        self,
        *,
        clusters: Iterable[str] = (),
        types: Iterable[str] = (),
        namespaces: Iterable[str] = (),
        names: Iterable[str] = (),
        labels: LabelSelector | None = None,
        is_rows: bool = True,
        minimum_spacing_seconds: float = 0.0,
    ) -> None:
        self._clusters = tuple(sorted(set(clusters)))
        chosen = frozenset(types)
        self._types = None if "*" in chosen else chosen
        self.named_types = chosen - {"*"}
        """The types that are asked for by name."""
        self._namespaces = tuple(sorted(set(namespaces)))
        self._names = tuple(sorted(set(names)))
        self.labels = labels
        """What the labels of an object have to be; None: whatever they are."""
        self.is_rows = is_rows
        self.minimum_spacing_seconds = minimum_spacing_seconds
        asked: tuple[object, ...] = (is_rows, sorted(chosen), self._namespaces, self._names)
        if labels is not None:  # so that what resumed before there were labels does so still
            asked += (labels.requirements,)
        self.fingerprint = hashlib.blake2b(repr(asked).encode(), digest_size=16).digest()

    def has_cluster(self, cluster: str) -> bool:
        """Whether anything of a cluster is asked for."""
        return any(globs.is_match(cluster, pattern) for pattern in self._clusters)

    def has_type(self, type: str) -> bool:
        """Whether anything of a type is asked for."""
        return self._types is None or type in self._types

    def has_namespace(self, namespace: str) -> bool:
        """Whether anything of a namespace is asked for; "" stands for cluster-scoped objects."""
        return any(is_namespace_match(namespace, pattern) for pattern in self._namespaces)

    @property
    def is_any(self) -> bool:
        """Whether names and labels are left open."""
        return not self._names and self.labels is None

    @property
    def effort(self) -> int:
        """About how many times as long it takes to look at an object as where names decide: labels are parsed."""
        return 1 if self.labels is None else 10

    def has_name(self, name: str) -> bool:
        """Whether a name is asked for."""
        return not self._names or any(globs.is_match(name, pattern) for pattern in self._names)

    def has(self, key: Key) -> bool:
        """Whether this object is asked for, in a cluster that is, and whatever its labels."""
        return self.has_type(key.type) and self.has_namespace(key.namespace) and self.has_name(key.name)


NOTHING = Selection()


def read_subscription(message: cluster_service_pb2.Subscription) -> Selection:
    """Checks and reads a Subscription. Raises BadSubscription."""
    for field, values in (
        ("clusters", message.clusters),
        ("types", message.types),
        ("namespaces", message.namespaces),
        ("names", message.names),
    ):
        _check(field, values)
    spacing_seconds = 0.0
    if message.HasField("minimum_spacing"):
        spacing_seconds = message.minimum_spacing.seconds + message.minimum_spacing.nanos / 1e9
        if not 0.0 <= spacing_seconds <= MAX_SPACING_SECONDS:
            raise BadSubscription(f"minimum_spacing has to be from 0 to {MAX_SPACING_SECONDS:g} seconds")
    if message.detail not in cluster_service_pb2.Detail.values():
        raise BadSubscription("detail is neither DETAIL_ROWS nor DETAIL_OBJECTS")
    try:
        labels = read_label_selector(message.label_selector)
    except BadLabelSelector as error:
        raise BadSubscription(f"label_selector can't be read: {error}") from error
    return Selection(
        clusters=message.clusters,
        types=message.types,
        namespaces=message.namespaces,
        names=message.names,
        labels=labels,
        is_rows=message.detail != cluster_service_pb2.DETAIL_OBJECTS,
        minimum_spacing_seconds=spacing_seconds,
    )


def _check(field: str, values: Sequence[str]) -> None:
    if len(values) > MAX_ITEMS:
        raise BadSubscription(f"{field} has {len(values)} items; write at most {MAX_ITEMS}, or a glob")
    for value in values:
        if len(value) > MAX_LENGTH:
            raise BadSubscription(f"an item of {field} has {len(value)} characters; write at most {MAX_LENGTH}")
        if field == "types":
            if not value:
                raise BadSubscription("an item of types is empty; write * to mean every type")
            continue
        fault = globs.find_fault(value)
        if fault is not None:
            raise BadSubscription(f"an item of {field} can't be read: {fault}")
