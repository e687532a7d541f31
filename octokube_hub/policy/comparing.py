"""Tells in people, objects and times what one policy allows and another does not."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from octokube_hub.policy.openings import open_intervals
from octokube_hub.policy.people import Person, Reach, list_people, rules_in_force
from octokube_hub.policy.places import Found, Place, find_places, verbs_at
from octokube_hub.policy.policyset import PolicySet
from octokube_hub.policy.rows import Rule
from octokube_hub.policy.scope import Scope
from octokube_hub.policy.subjects import Subject
from octokube_hub.policy.windows import Interval, Window

MOST_MOMENTS = 50_000
"""Instants that are looked at for one person: windows that change every minute fit for a month."""
MOST_PAIRS = 20_000
"""Combinations of a person and a team of the identity provider that are looked at: a few minutes' work at most."""
Difference = tuple[Place, str, bool]
"""An object, a verb, and whether the new policy alone allows it (gains), or the old one alone (loses)."""


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody gains or loses on an object, and when. An interval ends with None when it goes on beyond."""

    who: Person
    place: Place
    verb: str
    is_gain: bool
    intervals: tuple[tuple[datetime, datetime | None], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All changes in ``[since, until)``.

    ``until`` is earlier than asked for when windows change too often to follow. ``is_complete`` false: objects without
    an example may exist at which the policies differ. ``has_all_pairs`` false: people in several teams of the identity
    provider may gain or lose more.
    """

    changes: tuple[Change, ...]
    since: datetime
    until: datetime
    people: int
    places: int
    is_complete: bool
    has_all_pairs: bool


def compare(
    old: PolicySet, new: PolicySet, since: datetime, until: datetime, places: tuple[Place, ...] | None = None
) -> Comparison:
    """Everything that somebody gains or loses from the one to the other.

    ``places``: the objects to ask about; without, an example of each combination of rules that tells the two apart.
    Guarantee: when it is complete and says nothing of somebody, the two allow that person the same on every object.
    """
    people, (old, new) = list_people(old, new)
    work = _Work(old, new, since, until, places)
    found = [(person, work.compare(person.subject)) for person in people]
    known = {person.subject: differences for person, differences in found}
    pairs = list_pairs(old, new, people)
    for pair in pairs[:MOST_PAIRS]:
        alone = [known.get(part, {}) for part in (*_parts(pair.subject), *_teams_by_rows(new, pair.subject, since))]
        known[pair.subject] = work.compare(pair.subject)
        differences = {
            what: times
            for what, times in known[pair.subject].items()
            if not any(part.get(what) == times for part in alone)
        }
        found.append((pair, differences))
    changes = tuple(
        Change(who, place, verb, is_gain, times)
        for who, differences in found
        for (place, verb, is_gain), times in differences.items()
    )
    has_all_pairs = len(pairs) <= MOST_PAIRS
    return Comparison(changes, since, work.until, len(found), len(work.seen), work.is_complete, has_all_pairs)


def list_pairs(old: PolicySet, new: PolicySet, people: tuple[Person, ...]) -> list[Person]:
    """People once more, each in one team beside, where that may make a difference that neither makes alone.

    The teams are those that only the identity provider fills: who is in the others is in the files. Two at a time are
    enough, since one row allows and one row denies; and one of the two has to be under other denies than before.
    Teams come before people: what somebody of a team gains or loses is not told again for those in it by the files.
    """
    reaches = (Reach(old), Reach(new))
    anybody = [_denies(reach, Subject("user:-")) for reach in reaches]

    def is_denied_otherwise(person: Person) -> bool:
        before, after = (
            _denies(reach, person.subject) - common for reach, common in zip(reaches, anybody, strict=True)
        )
        return before != after

    filled = {row.group for policy in (old, new) for row in policy.memberships}
    teams = [person for person in people if person.subject.groups and person.subject.groups.isdisjoint(filled)]
    is_other = {person: is_denied_otherwise(person) for person in people}
    found: dict[Subject, Person] = {}
    for person in sorted((p for p in people if p.subject != Subject("user:-")), key=lambda p: p.is_named):
        for team in teams:
            if person.subject.groups >= team.subject.groups or not (is_other[person] or is_other[team]):
                continue
            subject = Subject(person.subject.name, person.subject.groups | team.subject.groups)
            found.setdefault(subject, Person(f"{person.shown} and {min(team.subject.groups)}", subject))
    return list(found.values())


def _denies(reach: Reach, subject: Subject) -> set[object]:
    """Everything about denies that may ever concern a subject, the ways by which they reach it included."""
    rows, memberships = reach.of(subject)
    denies = {(row.subject, row.rule.digest, row.window) for row in rows if row.rule.effect == "deny"}
    ways = {(step.member, step.group, step.window) for step in memberships} if denies else set()
    return {*denies, *ways}


Times = tuple[tuple[datetime, datetime | None], ...]


class _Work:
    """Holds what the comparison of one person has in common with that of the next."""

    def __init__(
        self, old: PolicySet, new: PolicySet, since: datetime, until: datetime, places: tuple[Place, ...] | None
    ) -> None:
        self._policies = (old, new)
        self._since, self._asked_until = since, until
        self._places = places
        self.until = until
        self.is_complete = True
        self.seen: set[Place] = set(places or ())
        self._open: dict[Window, _Openings] = {}
        self._found: dict[tuple[frozenset[Rule], frozenset[Rule]], Found] = {}
        self._differences: dict[tuple[str, str, tuple[Place, ...]], tuple[Difference, ...]] = {}

    @cached_property
    def _reach(self) -> tuple[Reach, Reach]:
        old, new = self._policies
        return Reach(old), Reach(new)

    def compare(self, subject: Subject) -> dict[Difference, Times]:
        """When the policies differ in what, for one person."""
        if self._is_same_for(subject):
            return {}
        stretches = [(start, stop, old, new) for start, stop, (old, new) in self._stretches(subject) if old != new]
        places = self._places
        if places is None:
            # The same objects at all times, so that a difference ends when it does and not when its example goes.
            places = self._examples(subject, {(old, new): start for start, _, old, new in stretches}.values())
        found: dict[Difference, list[tuple[datetime, datetime]]] = {}
        for start, stop, old, new in stretches:
            for difference in self._between(old, new, places):
                times = found.setdefault(difference, [])
                if times and times[-1][1] == start:
                    times[-1] = (times[-1][0], stop)
                else:
                    times.append((start, stop))
        return {
            what: tuple((a, b if b < self.until else None) for a, b in found[what])
            for what in sorted(found, key=lambda what: what[0])
        }

    def _is_same_for(self, subject: Subject) -> bool:
        old, new = (
            (
                frozenset((row.subject, row.rule.digest, row.window) for row in rows),
                frozenset((step.member, step.group, step.window) for step in memberships),
            )
            for rows, memberships in (reach.of(subject) for reach in self._reach)
        )
        return old == new

    def _stretches(self, subject: Subject) -> Iterator[tuple[datetime, datetime, tuple[Scope, Scope]]]:
        """The time to look at in pieces, in each of which no window that concerns the subject opens or closes."""
        windows = sorted({w for reach in self._reach for w in reach.windows_of(subject)}, key=lambda w: w.name)
        openings = [self._openings(window) for window in windows]
        moments = sorted({self._since, *(edge for opening in openings for edge in opening.edges)})
        if len(moments) > MOST_MOMENTS:
            self.until = min(self.until, moments[MOST_MOMENTS])
            moments = moments[:MOST_MOMENTS]
        scopes: dict[tuple[bool, ...], tuple[Scope, Scope]] = {}
        for start, stop in zip(moments, [*moments[1:], self.until], strict=True):
            if start >= self.until:
                return
            state = tuple(opening.is_open(start) for opening in openings)
            if state not in scopes:
                old, new = self._policies
                scopes[state] = (old.scope(subject, start), new.scope(subject, start))
            yield start, min(stop, self.until), scopes[state]

    def _between(self, old: Scope, new: Scope, places: tuple[Place, ...]) -> tuple[Difference, ...]:
        key = (old.fingerprint, new.fingerprint, places)
        if key not in self._differences:
            found: list[Difference] = []
            for place in places:
                had, has = verbs_at(old, place), verbs_at(new, place)
                found.extend((place, verb, False) for verb in had if verb not in has)
                found.extend((place, verb, True) for verb in has if verb not in had)
            self._differences[key] = tuple(found)
        return self._differences[key]

    def _examples(self, subject: Subject, moments: Iterable[datetime]) -> tuple[Place, ...]:
        """Objects that tell apart all rules that are in force at some of these instants."""
        rules: set[Rule] = set()
        wanted: set[Rule] = set()
        for at in moments:
            old, new = (
                rules_in_force(policy, reach, subject, at)
                for policy, reach in zip(self._policies, self._reach, strict=True)
            )
            rules |= old | new
            wanted |= old ^ new
        key = (frozenset(rules), frozenset(wanted))
        if key not in self._found:
            found = self._found[key] = find_places(sorted(rules, key=lambda rule: rule.digest), key[1])
            self.is_complete &= found.is_complete
            self.seen.update(found.places)
        return self._found[key].places

    def _openings(self, window: Window) -> "_Openings":
        if window not in self._open:
            self._open[window] = _Openings(open_intervals(window, self._since, self._asked_until), self._since)
        return self._open[window]


class _Openings:
    """When a window is open, for quick look-ups."""

    def __init__(self, intervals: Iterable[Interval], since: datetime) -> None:
        # Openings and closings take turns, so that the number of edges passed tells the state.
        edges = [edge for interval in intervals for edge in interval]
        self._is_open_at_first = bool(edges) and edges[0] == since
        self.edges = edges[1:] if self._is_open_at_first else edges

    def is_open(self, at: datetime) -> bool:
        return self._is_open_at_first != (bisect_right(self.edges, at) % 2 == 1)


def _parts(subject: Subject) -> Iterator[Subject]:
    for group in subject.groups:
        yield Subject("user:-", frozenset({group}))
        yield Subject(subject.name, subject.groups - {group})


def _teams_by_rows(policy: PolicySet, subject: Subject, at: datetime) -> Iterator[Subject]:
    """The pairs of which a named person is one already, by a team of the files."""
    for team in policy.groups_of(Subject(subject.name), at):
        if team.startswith("team:"):
            yield Subject("user:-", subject.groups | {team})
