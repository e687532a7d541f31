"""``octokube policy check``: validates a directory."""

from pathlib import Path
from typing import Any

import click

from octokube.cli.policy.asking import DIRECTORY, OUTPUT, dump
from octokube_hub.policy.checking import Report, check_directory


@click.command()
@click.argument("directory", type=DIRECTORY)
@click.option("--strict", is_flag=True, help="Count warnings as errors.")
@OUTPUT
@click.pass_context
def check(context: click.Context, directory: Path, strict: bool, output: str) -> None:
    """Validate the policy in DIRECTORY.

    Exit code 0: a hub would put it in force. 1: it would refuse it (with --strict: or warn). 2: no such directory.
    """
    report = check_directory(directory)
    if output == "json":
        click.echo(dump(_report_as_json(report)))
    else:
        for problem in report.problems:
            click.echo(f"{directory / problem.file}{str(problem)[len(problem.file) :]}")
        click.echo(_summarise(directory, report))
    if report.has_errors or (strict and report.problems):
        context.exit(1)


def _report_as_json(report: Report) -> dict[str, Any]:
    return {
        "valid": not report.has_errors,
        "revision": report.policy.revision if report.policy else None,
        "problems": [
            {"file": found.file, "line": found.line, "severity": found.severity, "message": found.message}
            for found in report.problems
        ],
    }


def _summarise(directory: Path, report: Report) -> str:
    errors = sum(problem.severity == "error" for problem in report.problems)
    warnings = len(report.problems) - errors
    if errors or report.policy is None:
        return f"{directory}: refused ({_count(errors, 'error')}, {_count(warnings, 'warning')})"
    found = report.policy
    content = ", ".join(
        (
            _count(len(found.rows), "row"),
            _count(len(found.memberships), "membership"),
            _count(len(found.windows), "named window"),
            _count(warnings, "warning"),
        )
    )
    return f"{directory}: valid ({content}), revision {found.revision}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
