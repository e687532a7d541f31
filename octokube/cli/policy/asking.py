"""Answers ``octokube policy check`` and ``can``, and holds what its other commands share."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from octokube.runtime.errors import UserError
from octokube_hub.policy import AccessRequest, Decision, PolicyError, PolicySet, Subject, kinds, load_policy
from octokube_hub.policy.checking import Report, check_directory
from octokube_hub.policy.rows import CLUSTER_SCOPED, Row
from octokube_hub.policy.windows import Window
from octokube_hub.policy.windowtext import read_instant

OUTPUT = click.option(
    "-o", "--output", type=click.Choice(["text", "json"]), default="text", help="How to print. Default: text."
)
AT = click.option("--at", "at_text", help="When, such as 2026-11-23T08:00+01:00. Default: now.")
DIRECTORY = click.Path(exists=True, file_okay=False, path_type=Path)


_QUESTION = (
    click.argument("subject"),
    click.argument("verb"),
    click.argument("resource", metavar="RESOURCE[/NAME]"),
    click.option("-n", "--namespace", help="The namespace, or the word cluster for a cluster-scoped object."),
    click.option("--cluster", required=True, help="The cluster's name."),
    click.option("--subresource", default="", help="A subresource, as in --subresource status."),
    click.option("--group", "groups", multiple=True, help="A team from the identity provider. May be repeated."),
    AT,
    click.option(
        "--policies",
        "directory",
        type=DIRECTORY,
        default=Path("policies"),
        help="The policy directory. Default: policies.",
    ),
)


def QUESTION(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the arguments and options that name one request."""
    for decorate in reversed(_QUESTION):
        command = decorate(command)
    return command


@click.group()
def policy() -> None:
    """Check a policy directory, and ask what it allows. Works offline."""


@policy.command()
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


@policy.command()
@QUESTION
@OUTPUT
@click.pass_context
def can(
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
    """Say whether SUBJECT may VERB the RESOURCE, which row decides it, and when the clock changes that.

    \b
    octokube policy can user:alice restart deployments.apps/api -n payments --cluster demo
    octokube policy can user:bob watch nodes --cluster demo --at 2026-11-23T08:00+01:00

    Without a NAME only rows for all names count. Exit code 0: allowed. 1: denied. 2: the question or the policy is
    malformed.
    """
    loaded = load(directory)
    at = read_at(at_text)
    request = read_request(subject, verb, resource, namespace, cluster, subresource, groups)
    decision = loaded.decide(request, at)
    if output == "json":
        click.echo(dump(decision_as_json(loaded, request, decision, at)))
    else:
        print_decision(loaded, request, decision, at)
    context.exit(0 if decision.is_allowed else 1)


def read_request(
    subject: str,
    verb: str,
    resource: str,
    namespace: str | None,
    cluster: str,
    subresource: str,
    groups: tuple[str, ...],
) -> AccessRequest:
    """The request that the arguments name. Raises UserError."""
    type_name, _, name = resource.partition("/")
    try:
        asker = Subject(subject, frozenset(groups))
    except ValueError as error:
        raise UserError(str(error)) from error
    return AccessRequest(
        asker,
        cluster,
        f"{type_name}/{subresource}" if subresource else type_name,
        _read_namespace(type_name, namespace),
        name,
        verb,
    )


def load(directory: Path) -> PolicySet:
    """The policy of a directory. Raises UserError with its first problem."""
    try:
        return load_policy(directory)
    except PolicyError as error:
        first, *others = error.problems
        more = f" (and {len(others)} more)" if others else ""
        raise UserError(
            f"the policy is invalid: {directory}/{first}{more}; run: octokube policy check {directory}"
        ) from error


def read_at(text: str | None) -> datetime:
    """An instant as it is written, or now. Raises UserError."""
    return datetime.now(UTC) if text is None else read_instant_of("--at", text)


def read_instant_of(option: str, text: str) -> datetime:
    """The instant that an option names. Raises UserError."""
    try:
        return read_instant(text, None, "since")
    except ValueError as error:
        raise UserError(f"{option} {error}") from error


def _read_namespace(type_name: str, namespace: str | None) -> str:
    if namespace is None:
        if type_name not in kinds.CLUSTER_SCOPED:
            raise UserError(f"say where {type_name} are: -n NAMESPACE, or -n cluster for a cluster-scoped object")
        return ""
    return "" if namespace == CLUSTER_SCOPED else namespace


def print_decision(loaded: PolicySet, request: AccessRequest, decision: Decision, at: datetime) -> None:
    """Shows a decision with its row, path, windows and next change."""
    place = f"namespace {request.namespace}" if request.namespace else "no namespace (cluster-scoped)"
    what = f"{request.resource} {request.name or '(any name)'}, {place}, cluster {request.cluster}"
    lines = [("asked", f"{request.subject.name} {request.verb} {what}"), ("at", show(at))]
    reasons = {
        "allowed": "allowed",
        "denied": "denied: a row denies it, and any deny wins",
        "no-rule": "denied: no row allows it",
        "unknown-action": f"denied: there is no {request.verb!r} on {request.resource}",
    }
    row = decision.row
    if row is not None:
        lines.append(("row", f"{row.where}: {row}"))
        lines.append(("window", _describe(row.window, at)))
        for step in loaded.path_to(request.subject, row.subject, at):
            lines.append(("by way of", f"{step}, {_describe(step.window, at)}"))
    groups = sorted(loaded.groups_of(request.subject, at) - {request.subject.name})
    lines.append(("member of", ", ".join(groups)))
    change = loaded.next_change(request, at)
    then = "denied" if decision.is_allowed else "allowed"
    lines.append(("next change", f"{then} from {show(change)}" if change else "none by the clock within 400 days"))
    lines.append(("revision", loaded.revision))
    click.echo(reasons[decision.reason])
    for title, text in lines:
        click.echo(f"  {title:<12} {text}")


def decision_as_json(loaded: PolicySet, request: AccessRequest, decision: Decision, at: datetime) -> dict[str, Any]:
    """The same for programs."""
    row = decision.row
    return {
        "allowed": decision.is_allowed,
        "reason": decision.reason,
        "subject": request.subject.name,
        "verb": request.verb,
        "resource": request.resource,
        "name": request.name,
        "namespace": request.namespace,
        "cluster": request.cluster,
        "at": at,
        "row": row_as_json(row),
        "window": None if row is None else {"name": row.window.name, "next_change": row.window.next_change(at)},
        "path": []
        if row is None
        else [
            {
                "file": step.file,
                "line": step.line,
                "member": step.member,
                "group": step.group,
                "window": {"name": step.window.name, "next_change": step.window.next_change(at)},
            }
            for step in loaded.path_to(request.subject, row.subject, at)
        ],
        "groups": sorted(loaded.groups_of(request.subject, at)),
        "next_change": loaded.next_change(request, at),
        "revision": loaded.revision,
    }


def row_as_json(row: Row | None) -> dict[str, Any] | None:
    """Where a row stands, and what it says."""
    return None if row is None else {"file": row.file, "line": row.line, "text": str(row)}


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


def _describe(window: Window, at: datetime) -> str:
    if window.is_always:
        return "always"
    state = "open" if window.is_open(at) else "closed"
    edge = window.next_change(at)
    return f"{window.name} is {state}, until {show(edge)}" if edge else f"{window.name} is {state}"


def show(moment: datetime) -> str:
    """An instant, as UTC to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def dump(value: dict[str, Any]) -> str:
    """JSON for programs."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode()
