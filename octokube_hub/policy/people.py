"""Lists whom to ask about so that nobody's access goes unseen."""

from dataclasses import dataclass
from datetime import datetime

from octokube_hub.policy.policyset import PolicySet
from octokube_hub.policy.rows import Membership, Row, Rule
from octokube_hub.policy.subjects import EVERYONE, Subject
from octokube_hub.policy.windows import ALWAYS, Window

# Rows and memberships are asked about under this name for whoever they do not name.
_SOMEBODY = "user:-"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to ask about, and what to call them. ``is_named`` false: they stand for people whom no file names."""

    shown: str
    subject: Subject
    is_named: bool = False


class Reach:
    """What may ever concern a subject: rows and memberships, whatever their windows."""

    def __init__(self, policy: PolicySet) -> None:
        self._memberships: dict[str, list[Membership]] = {}
        self._rows: dict[str, list[Row]] = {}
        for membership in policy.memberships:
            self._memberships.setdefault(membership.member, []).append(membership)
        for row in policy.rows:
            self._rows.setdefault(row.subject, []).append(row)

    def of(self, subject: Subject) -> tuple[tuple[Row, ...], tuple[Membership, ...]]:
        """Every row and membership that the clock may ever put in force for a subject."""
        names = dict.fromkeys((subject.name, EVERYONE, *sorted(subject.groups)))
        waiting = list(names)
        memberships: list[Membership] = []
        for name in waiting:  # grows while it is walked
            for membership in self._memberships.get(name, ()):
                memberships.append(membership)
                if membership.group not in names:
                    names[membership.group] = None
                    waiting.append(membership.group)
        return tuple(row for name in names for row in self._rows.get(name, ())), tuple(memberships)

    def windows_of(self, subject: Subject) -> frozenset[Window]:
        """The windows that may concern a subject, ``always`` left out."""
        rows, memberships = self.of(subject)
        timed: tuple[Row | Membership, ...] = (*rows, *memberships)
        return frozenset(item.window for item in timed if not item.window.is_always)


def rules_in_force(policy: PolicySet, reach: Reach, subject: Subject, at: datetime) -> frozenset[Rule]:
    """The rules that count for a subject at an instant: what its scope is made of."""
    groups = policy.groups_of(subject, at)
    rows, _ = reach.of(subject)
    return frozenset(row.rule for row in rows if row.subject in groups and row.window.is_open(at))


def list_people(*policies: PolicySet) -> tuple[tuple[Person, ...], tuple[PolicySet, ...]]:
    """Everybody whom the files name, somebody for every team and role, and anybody else; with the policies to ask.

    A team may be filled by the identity provider, so that somebody in it and in nothing else is asked about. A role
    that nobody is in gets a member, in the policies that are returned: its rows mean something once somebody is.

    Not guaranteed: anything about people in several teams of the identity provider; see ``comparing.list_pairs``.
    """
    names = {row.subject for policy in policies for row in policy.rows} - {EVERYONE}
    names.update(name for policy in policies for row in policy.memberships for name in (row.member, row.group))
    people = [Person(name, Subject(name), True) for name in names if name.startswith(("user:", "service:"))]
    people += [Person(f"members of {name}", member_of(name)) for name in names if name.startswith("team:")]
    filled = {membership.group for policy in policies for membership in policy.memberships}
    examples = []
    for role in sorted(name for name in names if name.startswith("role:") and name not in filled):
        subject = Subject(f"user:-:{role}")
        examples.append(Membership(subject.name, role, ALWAYS, "", 0))
        people.append(Person(f"members of {role}", subject))
    people.append(Person("anybody else", Subject(_SOMEBODY)))
    people.sort(key=lambda person: (not person.is_named, person.shown))
    return tuple(people), tuple(_with(policy, examples) for policy in policies)


def member_of(*teams: str) -> Subject:
    """Somebody whom the identity provider puts into these teams, and who is in nothing else."""
    return Subject(_SOMEBODY, frozenset(teams))


def _with(policy: PolicySet, memberships: list[Membership]) -> PolicySet:
    if not memberships:
        return policy
    return PolicySet(
        revision=policy.revision,
        commit=policy.commit,
        rows=policy.rows,
        memberships=(*policy.memberships, *memberships),
        windows=policy.windows,
        warnings=policy.warnings,
        files=policy.files,
    )
