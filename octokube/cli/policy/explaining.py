"""``octokube policy explain``: every row beside one question."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from octokube.cli.policy import asking, hubs
from octokube_hub.policy.explaining import NearMiss, consider, find_nearest, next_opening
from octokube_hub.policy.subjects import Subject
from octokube_hub.policy.windows import Window


@click.command()
@asking.QUESTION
@asking.OUTPUT
@click.pass_context
def explain(
    context: click.Context,
    subject: str,
    verb: str,
    resource: str,
    namespace: str | None,
    cluster: str,
    subresource: str,
    groups: tuple[str, ...],
    at_text: str | None,
    directory: Path | None,
    hub: hubs.HubAccess | None,
    output: str,
) -> None:
    """Answer like can, and show every row with what it lacks, and the allow row that came nearest.

    \b
    octokube policy explain user:alice exec pods/api-1 -n payments --cluster demo

    Exit code 0: allowed. 1: denied. 2: the question or the policy is malformed.
    """
    loaded = asking.load_from(directory, hub, default=Path("policies"))
    at = asking.read_at(at_text)
    request = asking.read_request(subject, verb, resource, namespace, cluster, subresource, groups)
    decision = loaded.decide(request, at)
    considered = consider(loaded, request, at)
    nearest = None if decision.is_allowed else find_nearest(loaded, request, considered, at)
    if output == "json":
        found = asking.decision_as_json(loaded, request, decision, at)
        found["considered"] = [
            {"file": item.row.file, "line": item.row.line, "text": str(item.row), "misses": item.misses}
            for item in considered
        ]
        found["nearest"] = None if nearest is None else _nearest_as_json(nearest, at)
        click.echo(asking.dump(found))
    else:
        asking.print_decision(loaded, request, decision, at)
        if nearest is not None:
            click.echo(f"  nearest miss {nearest.row.where} would match if {' and '.join(nearest.misses)}")
            for hint in _hints(nearest, request.subject, at):
                click.echo(f"               {hint}")
        click.echo("rows considered:")
        for item in considered:
            told = f"would match if {' and '.join(item.misses)}" if item.misses else f"matches: {item.row.rule.effect}"
            click.echo(f"  {item.row.where:<14} {told}")
    context.exit(0 if decision.is_allowed else 1)


def _hints(nearest: NearMiss, subject: Subject, at: datetime) -> list[str]:
    """What would make the nearest row match, as far as memberships and the clock have a say."""
    hints = []
    if nearest.chain is None:
        group = nearest.row.subject
        if group.startswith(("team:", "role:")):
            other = " or a group of the identity provider" if group.startswith("team:") else ""
            hints.append(f"nothing ever makes {subject.name} a member of {group}: that takes a g row{other}")
    else:
        hints.extend(
            f"{step.member} is in {step.group} by {step.file}:{step.line}, {_tell(step.window, at)}"
            for step in nearest.chain
            if not step.window.is_open(at)
        )
    if not nearest.row.window.is_open(at):
        hints.append(f"the row counts {_tell(nearest.row.window, at)}")
    return hints


def _tell(window: Window, at: datetime) -> str:
    opens = next_opening(window, at)
    return f"while {window.name}, which {f'opens {asking.show(opens)}' if opens else 'does not open again'}"


def _nearest_as_json(nearest: NearMiss, at: datetime) -> dict[str, Any]:
    return {
        "file": nearest.row.file,
        "line": nearest.row.line,
        "text": str(nearest.row),
        "would_match_if": nearest.misses,
        "window": _window_as_json(nearest.row.window, at),
        "memberships": None
        if nearest.chain is None
        else [
            {
                "file": step.file,
                "line": step.line,
                "member": step.member,
                "group": step.group,
                "window": _window_as_json(step.window, at),
            }
            for step in nearest.chain
        ],
    }


def _window_as_json(window: Window, at: datetime) -> dict[str, Any]:
    return {"name": window.name, "open": window.is_open(at), "opens_at": next_opening(window, at)}
