"""Tells a person in sentences what policy lets them do, and when, and nothing of what concerns others."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from octokube_hub.policy import globs
from octokube_hub.policy.overlaps import is_overlapping
from octokube_hub.policy.policyset import PolicySet
from octokube_hub.policy.rows import CLUSTER_SCOPED, Row
from octokube_hub.policy.subjects import EVERYONE, AccessRequest, Subject
from octokube_hub.policy.verbs import find_action

_PHRASES = {
    "deletecollection": "delete collections of",
    "logs": "read the logs of",
    "exec": "run commands in",
    "attach": "attach to",
    "portforward": "forward ports to",
    "rollback": "roll back",
    "reveal": "reveal the values of",
    "escalate": "raise the privileges of",
}
"""Verbs that are no English verbs, or say too little."""

SPAN_HORIZON = timedelta(days=14)
SPAN_LIMIT = 64

Reason = Literal["granted", "not-granted", "not-now", "refused", "unknown-verb"]


@dataclass(frozen=True, slots=True)
class Answer:
    """The decision about one request. ``row`` is the one that makes it, or that will make it at ``changes_at``."""

    is_allowed: bool
    reason: Reason
    sentence: str
    changes_at: datetime | None = None
    row: Row | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A row that concerns a person.

    ``changes_at`` is when the clock alone changes whether it is in force; ``spans`` tell when it is within
    ``SPAN_HORIZON``, where the clock has a say in that.
    """

    row: Row
    is_in_force: bool
    changes_at: datetime | None
    sentence: str
    spans: tuple[tuple[datetime, datetime], ...] = ()


def answer(policy: PolicySet, request: AccessRequest, at: datetime) -> Answer:
    """Why a request is allowed or not, as its subject may know it.

    Guarantee: ``is_allowed`` is the decision. A refusal is told where an allow row for the subject speaks about the
    request, too; of everything else it is said that nothing allows it, whether another row names it or not: a deny of
    what somebody could never reach would tell them that it exists.
    """
    if find_action(request.resource, request.verb) is None:
        return Answer(False, "unknown-verb", f"There is no {request.verb!r} on {request.resource}.")
    ceiling = request.subject.ceiling
    if ceiling is not None and not ceiling.allows(request.cluster, request.resource, request.verb):
        return Answer(False, "not-granted", f"You may not {_phrase(request.verb)} this with this token: {ceiling}.")
    candidates = policy.candidates(request)
    in_force = candidates.in_force(at)
    deny = next((row for row in in_force if row.rule.effect == "deny"), None)
    allow = next((row for row in in_force if row.rule.effect == "allow"), None)
    change = candidates.next_change(at)
    if allow is not None and deny is None:
        until = f" until {show(change)}" if change else ""
        return Answer(
            True, "granted", f"You may {_phrase(request.verb)} this{until}{_by(allow, request)}.", change, allow
        )
    if allow is not None and deny is not None:
        until = f" until {show(change)}" if change else ""
        return Answer(False, "refused", f"A rule for {deny.subject} refuses this{until}{_in(deny)}.", change, deny)
    if change is None:  # it never opens again, or never without a deny
        return Answer(False, "not-granted", f"Nothing lets you {_phrase(request.verb)} this.")
    coming = candidates.deciding(change)
    by = _by(coming, request) if coming is not None else ""
    return Answer(
        False, "not-now", f"Not now: you may {_phrase(request.verb)} this from {show(change)}{by}.", change, coming
    )


def grants_of(policy: PolicySet, subject: Subject, at: datetime, *, limit: int) -> tuple[tuple[Grant, ...], int]:
    """The allow rows for a subject, and the denies that take something from them; how many there are beyond ``limit``.

    Left out are denies of what the subject could never reach; those that name a cluster, a namespace or an object that
    no allowance names, too, for they would tell what there is to hide; and those for a team that the subject is not in
    now. Whoever asks about one object is told whether it is refused.
    """
    rows = policy.rows_for(subject)
    allows = [row for row in rows if row.rule.effect == "allow"]
    shown = allows[:limit]
    denies = [row for row in rows if row.rule.effect == "deny"][:limit]
    told = {id(row) for row in shown}
    groups = policy.groups_of(subject, at)
    told |= {
        id(deny)
        for deny in denies
        if deny.subject in groups
        and any(is_overlapping(deny.rule, row.rule) and _names_nothing_beyond(deny, row) for row in shown)
    }
    times: dict[tuple[str, str], tuple[datetime | None, tuple[tuple[datetime, datetime], ...]]] = {}
    found: list[Grant] = []
    for row in rows:
        if id(row) not in told:
            continue
        if len(found) == limit:
            break
        is_in_force = row.subject in groups and row.window.is_open(at)
        key = (row.subject, row.window.name)
        if key not in times:
            candidates = policy.candidates_of(subject, (row,))
            change = candidates.next_change_in_force(at)
            turns = change is not None and change < at + SPAN_HORIZON
            spans = candidates.spans_in_force(at, at + SPAN_HORIZON, limit=SPAN_LIMIT) if turns else ()
            times[key] = (change, spans)
        change, spans = times[key]
        sentence = _describe(row, subject, is_in_force=is_in_force, change=change)
        found.append(Grant(row, is_in_force, change, sentence, spans))
    return tuple(found), max(0, len(told) + len(allows) - len(shown) - len(found))


def _names_nothing_beyond(deny: Row, allow: Row) -> bool:
    """Whether where and what a deny is about is said in general words, or in those of an allowance."""
    cluster, namespace, name = (deny.columns[place] for place in (1, 2, 4))
    return (
        (globs.is_everything(cluster) or cluster == allow.columns[1])
        and (namespace in ("**", CLUSTER_SCOPED) or globs.is_everything(namespace) or namespace == allow.columns[2])
        and (globs.is_everything(name) or name == allow.columns[4])
    )


def show(moment: datetime) -> str:
    """An instant for a person, in UTC to the minute (to the second where there are some)."""
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%d %H:%M:%S UTC" if utc.second else "%Y-%m-%d %H:%M UTC")


def _by(row: Row, request: AccessRequest) -> str:
    return f"{_as_member(row.subject, request.subject.name)}{_in(row)}"


def _in(row: Row) -> str:
    return "" if row.window.is_always else f" (window {row.window.name})"


def _as_member(subject: str, own_name: str) -> str:
    if subject == own_name:
        return ""
    return ", like everyone" if subject == EVERYONE else f", as a member of {subject}"


def _describe(row: Row, subject: Subject, *, is_in_force: bool, change: datetime | None) -> str:
    _, cluster, namespace, resource, name, verbs, _, effect = row.columns
    what = f"{_types(resource)}{_named(name)}{_where(namespace)} of {_clusters(cluster)}"
    may = "may not" if effect == "deny" else "may"
    verb = _verbs(verbs, is_deny=effect == "deny")
    whatever = ", whatever else allows it" if effect == "deny" else ""
    if change is not None:
        when = f", until {show(change)}" if is_in_force else f", but not before {show(change)}"
    else:
        when = "" if is_in_force else ", but not any more"
    by = _as_member(row.subject, subject.name)
    return f"You {may} {verb} {what}{by}{whatever}{when}{_in(row)}."


def _verbs(column: str, *, is_deny: bool) -> str:
    if column == "*":
        return "do anything with" if is_deny else "do everything with"
    return _listed(column.split("|"), "or" if is_deny else "and")


def _phrase(verb: str) -> str:
    return _PHRASES.get(verb, verb)


def _types(resource: str) -> str:
    type_name, slash, subresource = resource.partition("/")
    if resource == "**":
        return "everything"
    shown = _patterned(type_name, any="objects of every type", one="{}", some="types like {}")
    if not slash:
        return shown
    return f"{'every subresource' if subresource == '*' else subresource} of {shown}"


def _named(name: str) -> str:
    return _patterned(name, any="", one=" named {}", some=" named like {}")


def _where(namespace: str) -> str:
    if namespace == "**":
        return " everywhere"
    if namespace == CLUSTER_SCOPED:
        return " outside of namespaces"
    return _patterned(namespace, any=" in every namespace", one=" in namespace {}", some=" in namespaces like {}")


def _clusters(cluster: str) -> str:
    return _patterned(cluster, any="every cluster", one="cluster {}", some="clusters like {}")


def _patterned(pattern: str, *, any: str, one: str, some: str) -> str:
    if globs.is_everything(pattern):
        return any
    return (one if globs.is_literal(pattern) else some).format(pattern)


def _listed(words: Iterable[str], last: str) -> str:
    *others, final = [_phrase(word.strip()) for word in words]
    return f"{', '.join(others)} {last} {final}" if others else final
