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
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6579; --line: #d5dae3; --paper: #fff; --head: #f2f4f8 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e8f0; --soft: #9aa5b8; --line: #333b4a; --paper: #14181f; --head: #1e242e }
}
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 75rem;
  color: var(--ink); background: var(--paper) }
h1 { font-size: 1.3rem; margin: 0 }
p { color: var(--soft); max-width: 48rem; margin: .4rem 0 1rem }
p.warning { color: var(--ink); border-left: 4px solid #c2410c; padding-left: .8rem }
table { border-collapse: collapse; table-layout: fixed; width: 100% }
caption { text-align: left; color: var(--soft); padding-bottom: .6rem; overflow-wrap: anywhere }
col:first-child { width: 42% }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--line);
  overflow-wrap: anywhere }
tbody th { background: var(--head); position: sticky; top: 0 }
td:first-child { font-family: ui-monospace, monospace; font-size: .9em }
@media (max-width: 40rem) {
  col:first-child { width: 54% }
  th, td { padding: .3rem }
  td:first-child { font-size: .8em }
}
@media print { tbody th { position: static } }
"""
_LEGEND = (
    "An object is CLUSTER/NAMESPACE TYPE/NAME; the namespace “cluster” is for objects outside of namespaces. "
    "“members of team:NAME” are people whom the identity provider puts into it, and who are in nothing else."
)
_EXAMPLES = " The objects are examples, one for every combination of rows; “any” stands for whatever no row names."
_NOTHING = "nobody may do anything"
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
    places = inventory.find(inventory_file, hub)
    found = survey(loaded, at, places)
    if output == "json":
        access = [{"who": a.who.shown, "object": str(a.place), "verbs": a.verbs} for a in found.access]
        click.echo(
            asking.dump({"revision": loaded.revision, "at": at, "complete": found.is_complete, "access": access})
        )
    elif output == "html":
        for line in _as_html(loaded, at, found, has_examples=places is None):
            click.echo(line)
    else:
        for line in _as_text(loaded, at, found):
            click.echo(line)


def _as_text(policy: PolicySet, at: datetime, found: Survey) -> Iterator[str]:
    yield f"who can do what at {asking.show(at)}, revision {policy.revision}"
    if not found.is_complete:
        yield _SHORTFALL
    if not found.access:
        yield _NOTHING
    for who, access in _by_person(found.access):
        yield f"{who}:"
        width = max(len(str(item.place)) for item in access)
        yield from (f"  {item.place!s:<{width}}  {', '.join(item.verbs)}" for item in access)


def _as_html(policy: PolicySet, at: datetime, found: Survey, *, has_examples: bool) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n<title>Who can do what</title>'
    yield f"<style>{_STYLE}</style>\n</head>\n<body>\n<h1>Who can do what</h1>"
    yield f"<p>{html.escape(_LEGEND + (_EXAMPLES if has_examples else ''))}</p>"
    if not found.is_complete:
        yield f'<p class="warning">{html.escape(_SHORTFALL)}</p>'
    commit = f", commit {html.escape(policy.commit)}" if policy.commit else ""
    yield "<table>"
    yield f"<caption>At {asking.show(at)}, policy revision {html.escape(policy.revision)}{commit}</caption>"
    yield "<colgroup><col><col></colgroup>"
    yield '<thead>\n<tr><th scope="col">Object</th><th scope="col">Verbs</th></tr>\n</thead>'
    for who, access in _by_person(found.access):
        yield f'<tbody>\n<tr><th scope="rowgroup" colspan="2">{html.escape(who)}</th></tr>'
        for item in access:
            cells = (str(item.place), ", ".join(item.verbs))
            yield f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"
        yield "</tbody>"
    if not found.access:
        yield f'<tbody>\n<tr><td colspan="2">{_NOTHING}</td></tr>\n</tbody>'
    yield "</table>\n</body>\n</html>"


def _by_person(access: Iterable[Access]) -> Iterator[tuple[str, list[Access]]]:
    for who, items in groupby(access, key=lambda item: item.who.shown):
        yield who, list(items)
