"""``octokube policy diff``: what a change of the policy means, in people and objects."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from octokube.cli.policy import asking, hubs, inventory
from octokube.runtime.errors import UserError
from octokube_hub.policy.comparing import Change, Comparison, compare
from octokube_hub.policy.explaining import next_opening
from octokube_hub.policy.people import Person
from octokube_hub.policy.policyset import PolicySet
from octokube_hub.policy.rows import Membership, Row

_MOST_NAMES = 8
"""People who gain and lose alike and are told by name in the text; JSON has all."""


@click.command()
@click.argument("directories", nargs=-1, required=True, type=asking.DIRECTORY, metavar="[OLD] NEW")
@inventory.OPTION
@asking.AT
@click.option(
    "--days", default=7, type=click.IntRange(1, 3660), show_default=True, help="How far ahead windows are followed."
)
@hubs.OPTIONS
@asking.OUTPUT
@click.pass_context
def diff(
    context: click.Context,
    directories: tuple[Path, ...],
    inventory_file: Path | None,
    at_text: str | None,
    days: int,
    hub: hubs.HubAccess | None,
    output: str,
) -> None:
    """Tell who gains (+) or loses (-) which verbs on which objects, and when, from OLD to NEW.

    With --hub, OLD may be left out (it is the policy in force), and the inventory is what the token may see.
    Without an inventory, an example is made for every combination of rows that tells OLD from NEW. "members of
    team:NAME" are people whom the identity provider puts into it, and who are in nothing else.

    Exit code 0: nobody gains or loses anything. 1: somebody does. 2: a policy or the inventory is malformed.
    """
    *old, new = directories
    if len(old) > 1 or (not old and hub is None):
        raise UserError("name two directories, OLD and NEW; or NEW and a --hub, to compare with the policy in force")
    before = asking.load(old[0]) if old else asking.load_from(None, hub)
    after = asking.load(new)
    at = asking.read_at(at_text)
    places = inventory.find(inventory_file, hub)
    found = compare(before, after, at, at + timedelta(days=days), places)
    later = tuple(_begin_later(before, after, found))
    if output == "json":
        click.echo(asking.dump(_as_json(found, before.revision, after.revision, days, later)))
    else:
        for line in _as_text(found, days, later, has_inventory=places is not None):
            click.echo(line)
    context.exit(1 if found.changes else 0)


def _begin_later(before: PolicySet, after: PolicySet, found: Comparison) -> Iterable[str]:
    """What is in one of the two policies and counts only after the time that was looked at."""
    for title, policy, other in (("OLD", before, after), ("NEW", after, before)):
        known: set[object] = {(row.columns, row.window) for row in other.rows}
        known |= {(step.member, step.group, step.window) for step in other.memberships}
        items: tuple[Row | Membership, ...] = (*policy.rows, *policy.memberships)
        for item in items:
            same = (item.columns, item.window) if isinstance(item, Row) else (item.member, item.group, item.window)
            opens = next_opening(item.window, found.since)
            if same not in known and opens is not None and opens >= found.until:
                yield f"{item.file}:{item.line} of {title} counts from {asking.show(opens)} only: see it by --days"


def _as_text(found: Comparison, days: int, later: Iterable[str], *, has_inventory: bool) -> Iterable[str]:
    looked_at = _number(found.places, "object" if has_inventory else "example object")
    if found.changes:
        people, groups, objects = _count(found.changes)
        who = [_number(people, "person", "people")] * bool(people) + [_number(groups, "group")] * bool(groups)
        does = "gains or loses" if people + groups == 1 else "gain or lose"
        yield f"{' and '.join(who)} {does} something on {_number(objects, 'object')} within {days} days"
    else:
        yield f"nobody gains or loses anything within {days} days"
    yield f"(asked about {_number(found.people, 'subject')}, and {looked_at} where the policies may differ)"
    yield from _shortfalls(found, days)
    yield from later
    by_person: dict[Person, list[Change]] = {}
    for change in found.changes:
        by_person.setdefault(change.who, []).append(change)
    alike: dict[tuple[object, ...], list[Person]] = {}
    for person, changes in by_person.items():
        alike.setdefault(tuple((c.place, c.verb, c.is_gain, c.intervals) for c in changes), []).append(person)
    for people_alike in alike.values():
        yield from _lines_for(people_alike, by_person[people_alike[0]], found.since)


def _lines_for(people: list[Person], changes: list[Change], since: datetime) -> Iterable[str]:
    """Everything that some people gain and lose alike."""
    who = ", ".join(person.shown for person in people[:_MOST_NAMES])
    if len(people) > _MOST_NAMES:
        who += f" and {len(people) - _MOST_NAMES} more"
    grouped: dict[tuple[object, ...], tuple[Change, list[str]]] = {}
    for change in changes:
        grouped.setdefault((change.place, change.is_gain, change.intervals), (change, []))[1].append(change.verb)
    for change, verbs in grouped.values():
        line = f"{'+' if change.is_gain else '-'} {who}: {', '.join(verbs)} on {change.place}"
        if change.intervals == ((since, None),):
            yield line
        elif len(change.intervals) == 1:
            yield f"{line} ({_tell(*change.intervals[0], since)})"
        else:
            yield f"{line}, {len(change.intervals)} times:"
            yield from (f"    {_tell(start, stop, since)}" for start, stop in change.intervals)


def _tell(start: datetime, stop: datetime | None, since: datetime) -> str:
    parts = [] if start == since else [f"from {asking.show(start)}"]
    return " ".join((*parts, *([f"until {asking.show(stop)}"] if stop else [])))


def _shortfalls(found: Comparison, days: int) -> Iterable[str]:
    if found.until < found.since + timedelta(days=days):
        yield f"windows open and close so often that they were followed until {asking.show(found.until)} only"
    if not found.has_all_pairs:
        yield "people in several teams of the identity provider may gain or lose more: their combinations are too many"
    if not found.is_complete:
        yield "patterns overlap in too many ways for an example of each: there may be more; give an --inventory"


def _as_json(found: Comparison, old: str, new: str, days: int, later: Iterable[str]) -> dict[str, Any]:
    people, groups, objects = _count(found.changes)
    return {
        "old": old,
        "new": new,
        "since": found.since,
        "until": found.until,
        "affected": {"people": people, "groups": groups, "objects": objects},
        "looked_at": {"subjects": found.people, "objects": found.places},
        "shortfalls": [*_shortfalls(found, days), *later],
        "changes": [
            {
                "who": change.who.shown,
                "subject": change.who.subject.name if change.who.is_named else None,
                "object": str(change.place),
                "cluster": change.place.cluster,
                "namespace": change.place.namespace,
                "resource": change.place.resource,
                "name": change.place.name,
                "verb": change.verb,
                "change": "gains" if change.is_gain else "loses",
                "intervals": [{"from": start, "until": stop} for start, stop in change.intervals],
            }
            for change in found.changes
        ],
    }


def _count(changes: Iterable[Change]) -> tuple[int, int, int]:
    """How many people who are named, groups of people who are not, and objects."""
    changes = tuple(changes)
    who = {change.who for change in changes}
    people = sum(person.is_named for person in who)
    return people, len(who) - people, len({change.place for change in changes})


def _number(count: int, noun: str, nouns: str = "") -> str:
    return f"{count} {noun if count == 1 else nouns or f'{noun}s'}"
