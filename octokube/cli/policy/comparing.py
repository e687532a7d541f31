"""``octokube policy diff`` and ``matrix``: what policies mean, in people and objects."""

import html
from datetime import datetime, timedelta
from pathlib import Path

import click
import orjson

from octokube.cli.policy import asking
from octokube.runtime.errors import UserError
from octokube_hub.policy import PolicySet
from octokube_hub.policy.rows import CLUSTER_SCOPED
from octokube_hub.policy.subjects import Subject
from octokube_hub.policy.surveying import Place, people_of, places_of, survey

_INVENTORY = click.option(
    "--inventory",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON list of objects: cluster, namespace (cluster: cluster-scoped), resource, name. "
    "Default: an example for each pattern of the rows.",
)
_AT = click.option("--at", "at_text", help="When, such as 2026-11-23T08:00+01:00. Default: now.")
_LONGEST_LOOK = 2_000
"""Window edges looked at for one person: a week of windows that change a hundred times a day fits twice."""


@click.command()
@click.argument("old", type=asking.DIRECTORY)
@click.argument("new", type=asking.DIRECTORY)
@_INVENTORY
@_AT
@click.option("--days", default=7, show_default=True, help="How far ahead windows are followed.")
@asking.OUTPUT
@click.pass_context
def diff(
    context: click.Context, old: Path, new: Path, inventory: Path | None, at_text: str | None, days: int, output: str
) -> None:
    """Tell who gains (+) or loses (-) which verbs on which objects, and when first, from OLD to NEW.

    Exit code 0: nobody gains or loses anything. 1: somebody does. 2: a policy or the inventory is malformed.
    """
    before, after = asking.load(old), asking.load(new)
    at = asking.read_at(at_text)
    places = _read_inventory(inventory) if inventory else places_of(before, after)
    changes = []
    for shown, subject in people_of(before, after).items():
        for (place, verb, sign), since in _changes(before, after, subject, places, at, days).items():
            changes.append((shown, place, sign, verb, since))
    if output == "json":
        found = [
            {"who": who, "object": str(place), "verb": verb, "change": "gains" if sign == "+" else "loses", "at": when}
            for who, place, sign, verb, when in changes
        ]
        click.echo(asking.dump({"old": before.revision, "new": after.revision, "changes": found}))
    else:
        grouped: dict[tuple[str, Place, str, datetime], list[str]] = {}
        for who, place, sign, verb, since in changes:
            grouped.setdefault((who, place, sign, since), []).append(verb)
        for (who, place, sign, since), found_verbs in grouped.items():
            when = "" if since == at else f" (from {asking.show(since)})"
            click.echo(f"{sign} {who}: {', '.join(found_verbs)} on {place}{when}")
        if not changes:
            click.echo(f"nobody gains or loses anything within {days} days ({len(places)} objects looked at)")
    context.exit(1 if changes else 0)


@click.command()
@click.argument("directory", type=asking.DIRECTORY)
@_INVENTORY
@_AT
@click.option("-o", "--output", type=click.Choice(["text", "json", "html"]), default="text", help="Default: text.")
def matrix(directory: Path, inventory: Path | None, at_text: str | None, output: str) -> None:
    """Show who can do what at an instant.

    Exit code 0: done. 2: the policy or the inventory is malformed.
    """
    loaded = asking.load(directory)
    at = asking.read_at(at_text)
    places = _read_inventory(inventory) if inventory else places_of(loaded)
    lines = [
        (shown, place, allowed)
        for shown, subject in people_of(loaded).items()
        for place, allowed in survey(loaded, subject, places, at).items()
    ]
    if output == "json":
        found = [{"who": who, "object": str(place), "verbs": allowed} for who, place, allowed in lines]
        click.echo(asking.dump({"revision": loaded.revision, "at": at, "access": found}))
    elif output == "html":
        click.echo("<!doctype html><meta charset=utf-8><title>Who can do what</title><table>")
        click.echo("<tr><th>who<th>object<th>verbs")
        for who, place, allowed in lines:
            click.echo("<tr>" + "".join(f"<td>{html.escape(text)}" for text in (who, str(place), ", ".join(allowed))))
        click.echo("</table>")
    else:
        for who, place, allowed in lines:
            click.echo(f"{who:<24} {place!s:<48} {', '.join(allowed)}")


def _changes(
    before: PolicySet, after: PolicySet, subject: Subject, places: tuple[Place, ...], at: datetime, days: int
) -> dict[tuple[Place, str, str], datetime]:
    """Each (object, verb, sign) with the first instant at which the two policies differ in it."""
    found: dict[tuple[Place, str, str], datetime] = {}
    seen: set[tuple[str, str]] = set()
    moment: datetime | None = at
    for _ in range(_LONGEST_LOOK):
        if moment is None or moment > at + timedelta(days=days):
            break
        pair = (before.scope(subject, moment).fingerprint, after.scope(subject, moment).fingerprint)
        if pair[0] != pair[1] and pair not in seen:  # equal scopes allow the same, and a pair is looked at once
            seen.add(pair)
            old = survey(before, subject, places, moment)
            new = survey(after, subject, places, moment)
            for place in places:
                had, has = old.get(place, ()), new.get(place, ())
                for verb in dict.fromkeys((*had, *has)):
                    if (verb in had) != (verb in has):
                        found.setdefault((place, verb, "-" if verb in had else "+"), moment)
        edges = (before.next_edge(subject, moment), after.next_edge(subject, moment))
        moment = min((edge for edge in edges if edge is not None), default=None)
    return found


def _read_inventory(path: Path) -> tuple[Place, ...]:
    try:
        return tuple(
            Place(
                str(item["cluster"]),
                "" if item["namespace"] == CLUSTER_SCOPED else str(item["namespace"]),
                str(item["resource"]),
                str(item["name"]),
            )
            for item in orjson.loads(path.read_bytes())
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no inventory ({error}); it is a JSON list of objects, see --help") from error
