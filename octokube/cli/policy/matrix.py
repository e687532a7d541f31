"""``octokube policy matrix``: who can do what, as a list for people and programs."""

import html
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby
from pathlib import Path

import click

from octokube.cli.policy import asking, hubs, inventory
from octokube_hub.policy import PolicySet
from octokube_hub.policy.surveying import Access, Survey, survey

_STYLE = """
body { font: 15px/1.4 system-ui, sans-serif; margin: 2rem; color: #1d2433; background: #fff }
table { border-collapse: collapse }
caption { text-align: left; font-size: 1.2rem; padding-bottom: .6rem }
th, td { text-align: left; vertical-align: top; padding: .25rem .8rem; border-bottom: 1px solid #d5dae3 }
thead th { border-bottom: 2px solid #1d2433; position: sticky; top: 0; background: #fff }
td:nth-of-type(1) { font-family: ui-monospace, monospace }
"""
_SHORTFALL = "patterns overlap in too many ways for an example of each: there may be more; give an --inventory"


@click.command()
@click.argument("directory", type=asking.DIRECTORY, required=False)
@inventory.OPTION
@asking.AT
@hubs.OPTIONS
@click.option("-o", "--output", type=click.Choice(["text", "json", "html"]), default="text", help="Default: text.")
def matrix(
    directory: Path | None, inventory_file: Path | None, at_text: str | None, hub: hubs.HubAccess | None, output: str
) -> None:
    """Show who can do what at an instant, under the policy in DIRECTORY or the one in force at a --hub.

    Without an inventory, an example is made for every combination of rows; with --hub, the inventory is the objects
    that the token may see. "members of team:NAME" are people whom the
    identity provider puts into it, and who are in nothing else.

    Exit code 0: done. 2: the policy or the inventory is malformed.
    """
    loaded = asking.load_from(directory, hub)
    at = asking.read_at(at_text)
    found = survey(loaded, at, inventory.find(inventory_file, hub))
    if output == "json":
        access = [{"who": a.who.shown, "object": str(a.place), "verbs": a.verbs} for a in found.access]
        click.echo(
            asking.dump({"revision": loaded.revision, "at": at, "complete": found.is_complete, "access": access})
        )
    else:
        for line in (_as_html if output == "html" else _as_text)(loaded, at, found):
            click.echo(line)


def _as_text(policy: PolicySet, at: datetime, found: Survey) -> Iterator[str]:
    yield f"who can do what at {asking.show(at)}, revision {policy.revision}"
    if not found.is_complete:
        yield _SHORTFALL
    for who, access in _by_person(found.access):
        yield f"{who}:"
        width = max(len(str(item.place)) for item in access)
        yield from (f"  {item.place!s:<{width}}  {', '.join(item.verbs)}" for item in access)


def _as_html(policy: PolicySet, at: datetime, found: Survey) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Who can do what</title>'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n<table>"
    yield f"<caption>Who can do what at {asking.show(at)}, policy revision {html.escape(policy.revision)}</caption>"
    yield '<thead>\n<tr><th scope="col">Who</th><th scope="col">Object</th><th scope="col">Verbs</th></tr>\n</thead>'
    for who, access in _by_person(found.access):
        yield "<tbody>"
        head = f'<th scope="rowgroup" rowspan="{len(access)}">{html.escape(who)}</th>'
        for item in access:
            cells = (str(item.place), ", ".join(item.verbs))
            yield f"<tr>{head}{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"
            head = ""
        yield "</tbody>"
    yield "</table>"
    if not found.is_complete:
        yield f"<p>{html.escape(_SHORTFALL)}</p>"
    yield "</body>\n</html>"


def _by_person(access: Iterable[Access]) -> Iterator[tuple[str, list[Access]]]:
    for who, items in groupby(access, key=lambda item: item.who.shown):
        yield who, list(items)
