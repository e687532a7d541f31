"""The objects, people, policies and subscriptions of the simulation, and what stock Casbin says of them."""

import datetime
import functools
import re

from octokube.state import EncodedObject, Key
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import frame_pb2, resource_pb2
from octokube_hub.policy import AccessRequest, PolicySet, Subject
from octokube_hub.policy.windows import Window
from tests.hub.objects import to_message
from tests.hub.policies import policy

CLUSTERS = ("c1", "c2")
NAMES = ("a", "b", "c", "d")
PLACES = (("pods", "red"), ("pods", "blue"), ("secrets", "red"), ("nodes", ""))
TYPES = ("nodes", "pods", "secrets")
PEOPLE = ("alice", "bob", "carol", "dana", "admin")
CANARY = re.compile(rb"canary<([a-z]+)\|([a-z]*)\|([a-z]+)>")

_EVERYBODY = "p, user:admin, *, **, *, *, read, always, allow\n"
_RULES = (
    # People of one team see the same: one audience. carol is kept from secrets.
    "p, team:red, *, red, *, *, read, always, allow\n"
    "p, user:carol, *, **, *, *, read, always, allow\np, user:carol, *, **, secrets, *, *, always, deny\n",
    # Everything for everybody.
    "p, role:everyone, *, **, *, *, read, always, allow\n",
    # Windows that open and close while it runs, on rows and on a membership.
    "p, team:red, *, **, pods, *, read, daily 10:00-10:01 UTC, allow\n"
    "p, team:red, *, **, nodes, *, read, always, allow\n"
    "p, user:carol, *, red, *, *, read, daily 10:01-10:30 UTC, allow\n"
    "p, user:bob, *, *, secrets, *, *, daily 09:59-10:02 UTC, deny\n",
    # One cluster only, and names only.
    "p, team:red, c2, **, *, *, read, always, allow\np, user:carol, *, *, *, [ab], read, always, allow\n",
    # A deny on everything that was seen.
    "p, role:everyone, *, **, *, *, read, always, allow\np, role:everyone, c1, *, pods, [ac], *, always, deny\n",
    # Nobody.
    "",
)
_TEAMS = "g, user:alice, team:red\ng, user:dana, team:red\ng, user:bob, team:red, daily 10:00-10:03 UTC\n"


@functools.cache
def policies() -> tuple[PolicySet, ...]:
    """The policies between which a schedule swaps."""
    return tuple(policy(_EVERYBODY + rules, teams=_TEAMS) for rules in _RULES)


def _subscription(
    detail: pb.Detail,
    clusters: tuple[str, ...] = ("*",),
    types: tuple[str, ...] = ("*",),
    namespaces: tuple[str, ...] = ("**",),
    names: tuple[str, ...] = (),
    labels: str = "",
) -> pb.Subscription:
    return pb.Subscription(
        clusters=clusters, types=types, namespaces=namespaces, names=names, label_selector=labels, detail=detail
    )


SUBSCRIPTIONS = (
    _subscription(pb.DETAIL_ROWS),
    _subscription(pb.DETAIL_OBJECTS),
    _subscription(pb.DETAIL_OBJECTS, clusters=("c1",), types=("pods",), namespaces=("red",)),
    _subscription(pb.DETAIL_ROWS, types=("nodes", "secrets"), names=("a*", "b")),
    _subscription(pb.DETAIL_OBJECTS, clusters=("c2",)),
    _subscription(pb.DETAIL_ROWS, labels="note=x"),
    _subscription(pb.DETAIL_OBJECTS, types=("pods",), labels="note notin (x, y)"),
)
SELECTED = {"": ("", "x", "y"), "note=x": ("x",), "note notin (x, y)": ("",)}
"""The notes of what each selector of labels selects."""


@functools.lru_cache(maxsize=20_000)
def encoded(key: Key, resource_version: str, status: str, note: str) -> EncodedObject:
    """An object as an agent encodes it: the row shows ``status``, the body everything; both hold the canary.

    The canary ends with the resource version, so that a merge patch of it holds it whole.
    """
    canary = f"canary<{key.type}|{key.namespace}|{key.name}>"
    head = frame_pb2.Entry(key=to_message(key), resource_version=resource_version).SerializeToString()
    cells = [resource_pb2.Cell(text=status), resource_pb2.Cell(text=canary)]
    row = frame_pb2.Entry(row=resource_pb2.Row(cells=cells)).SerializeToString()
    text = f'{{"canary":"{canary}{resource_version}","filling":"{key.name * 60}",'
    text += f'"metadata":{{"labels":{{"note":"{note}"}}}},"note":"{note}","status":"{status}"}}'
    return EncodedObject(resource_version, head, row, frame_pb2.Entry(body=text.encode()).SerializeToString())


@functools.lru_cache(maxsize=20_000)
def row_of(value: EncodedObject) -> resource_pb2.Row:
    """The row inside an encoded object."""
    return frame_pb2.Entry.FromString(value.row).row


@functools.lru_cache(maxsize=20_000)
def body_of(value: EncodedObject) -> bytes:
    """The JSON inside an encoded object."""
    return frame_pb2.Entry.FromString(value.body).body


@functools.cache
def _windows(index: int) -> tuple[Window, ...]:
    found = policies()[index]
    rules = [row.window for row in found.rows] + [membership.window for membership in found.memberships]
    return tuple(window for window in dict.fromkeys(rules) if not window.is_always)


@functools.lru_cache(maxsize=20_000)
def _window_states(index: int, minute: datetime.datetime) -> tuple[bool, ...]:
    return tuple(window.is_open(minute) for window in _windows(index))


_decisions: dict[tuple[object, ...], bool] = {}


def is_allowed(
    index: int, person: str, cluster: str, type: str, namespace: str, name: str, at: datetime.datetime
) -> bool:
    """What stock Casbin decides, remembered for equal states of all windows (whose edges are on whole minutes)."""
    states = _window_states(index, at.replace(second=0, microsecond=0))
    question = (index, person, cluster, type, namespace, name, states)
    decision = _decisions.get(question)
    if decision is None:
        request = AccessRequest(Subject(f"user:{person}"), cluster, type, namespace, name, "watch")
        decision = _decisions[question] = policies()[index].decide(request, at).is_allowed
    return decision
