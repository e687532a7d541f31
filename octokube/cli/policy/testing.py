"""``octokube policy test``: runs the tables that lie beside a policy."""

from pathlib import Path

import click

from octokube.cli.policy import asking
from octokube.runtime.errors import UserError
from octokube_hub.policy import PolicyError
from octokube_hub.policy.tabletests import read_tables, run_tables


@click.command("test")
@click.argument("directory", type=asking.DIRECTORY)
@asking.OUTPUT
@click.pass_context
def run_test(context: click.Context, directory: Path, output: str) -> None:
    """Run the tables in DIRECTORY/tests against the policy in DIRECTORY.

    Exit code 0: every case got the answer it expects. 1: some did not. 2: the policy or a table is malformed, or there
    is no case at all.
    """
    loaded = asking.load(directory)
    try:
        cases = read_tables(directory)
    except PolicyError as error:
        raise UserError(f"a table is malformed: {directory}/{error.problems[0]}") from error
    if not cases:
        raise UserError(f"there are no cases; write some into {directory}/tests/NAME.yaml")
    outcomes = list(run_tables(loaded, cases))
    failed = [outcome for outcome in outcomes if not outcome.is_passed]
    if output == "json":
        found = [
            {
                "file": outcome.case.file,
                "line": outcome.case.line,
                "passed": outcome.is_passed,
                "expected": "allow" if outcome.case.is_allow_expected else "deny",
                "why": outcome.case.why,
                "row": outcome.decision.row.where if outcome.decision.row else None,
            }
            for outcome in outcomes
        ]
        click.echo(asking.dump({"passed": not failed, "revision": loaded.revision, "cases": found}))
    else:
        for outcome in failed:
            case, row = outcome.case, outcome.decision.row
            click.echo(
                f"{directory}/{case.file}:{case.line}: expected {'allow' if case.is_allow_expected else 'deny'} "
                f"({case.why}), but {f'{row.where} decides: {row}' if row else 'no row allows it'}"
            )
        click.echo(f"{directory}: {len(outcomes) - len(failed)} of {len(outcomes)} cases passed")
    context.exit(1 if failed else 0)
