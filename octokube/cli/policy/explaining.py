"""``octokube policy explain``: every row beside one question."""

from pathlib import Path

import click

from octokube.cli.policy import asking
from octokube_hub.policy.explaining import consider, find_nearest


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
    directory: Path,
    output: str,
) -> None:
    """Answer like can, and show every row with what it lacks, and the allow row that came nearest.

    \b
    octokube policy explain user:alice exec pods/api-1 -n payments --cluster demo

    Exit code 0: allowed. 1: denied. 2: the question or the policy is malformed.
    """
    loaded = asking.load(directory)
    at = asking.read_at(at_text)
    request = asking.read_request(subject, verb, resource, namespace, cluster, subresource, groups)
    decision = loaded.decide(request, at)
    considered = consider(loaded, request, at)
    nearest = None if decision.is_allowed else find_nearest(considered)
    if output == "json":
        found = asking.decision_as_json(loaded, request, decision, at)
        found["considered"] = [
            {"file": item.row.file, "line": item.row.line, "text": str(item.row), "misses": item.misses}
            for item in considered
        ]
        found["nearest"] = (
            None
            if nearest is None
            else {"file": nearest.row.file, "line": nearest.row.line, "would_match_if": nearest.misses}
        )
        click.echo(asking.dump(found))
    else:
        asking.print_decision(loaded, request, decision, at)
        if nearest is not None:
            click.echo(f"  nearest miss {nearest.row.where} would match if {' and '.join(nearest.misses)}")
        click.echo("rows considered:")
        for item in considered:
            told = f"would match if {' and '.join(item.misses)}" if item.misses else f"matches: {item.row.rule.effect}"
            click.echo(f"  {item.row.where:<14} {told}")
    context.exit(0 if decision.is_allowed else 1)
