"""Answers ``octokube policy can``, and holds what the other commands share."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import orjson

from octokube.cli.policy import hubs
from octokube.runtime.errors import UserError
from octokube_hub.policy import AccessRequest, Decision, PolicyError, PolicySet, Subject, kinds, load_policy, questions
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
        "--policies", "directory", type=DIRECTORY, help="The policy directory. Default: policies, without --hub."
    ),
    hubs.OPTIONS,
)


def QUESTION(command: Callable[..., None]) -> Callable[..., None]:
    """Gives a command the arguments and options that name one request."""
    for decorate in reversed(_QUESTION):
        command = decorate(command)
    return command


@click.group()
def policy() -> None:
    """Check a policy, and ask what it allows. Works offline; with --hub, on the policy in force at a hub."""


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
    directory: Path | None,
    hub: hubs.HubAccess | None,
    output: str,
) -> None:
    """Say whether SUBJECT may VERB the RESOURCE, which row decides it, and when the clock changes that.

    \b
    octokube policy can user:alice restart deployments.apps/api -n payments --cluster demo
    octokube policy can user:bob watch nodes --cluster demo --at 2026-11-23T08:00+01:00

    Without a NAME only rows for all names count. --hub asks the policy in force, and needs get on policies.octokube.io.

    Exit code 0: allowed. 1: denied. 2: the question or the policy is
    malformed.
    """
    loaded = load_from(directory, hub, default=Path("policies"))
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
    request = AccessRequest(
        asker,
        cluster,
        f"{type_name}/{subresource}" if subresource else type_name,
        _read_namespace(type_name, namespace),
        name,
        verb,
    )
    fault = questions.find_fault(request)
    if fault is not None:
        raise UserError(fault)
    return request


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


def load_from(directory: Path | None, hub: hubs.HubAccess | None, default: Path | None = None) -> PolicySet:
    """The policy of a directory, or the one in force at a hub. Raises UserError for both, or neither."""
    if hub is not None:
        if directory is not None:
            raise UserError("name a policy directory or a --hub, not both")
        return hub.ask(hubs.fetch_policy)
    directory = directory or default
    if directory is None:
        raise UserError("name a policy directory, or a --hub")
    if not directory.is_dir():
        raise UserError(f"there is no directory {directory}; name one with --policies, or a --hub")
    return load(directory)


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
        fault = kinds.find_fault(type_name)
        if fault is not None:
            raise UserError(fault)
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
        "beyond-token": "denied: the token does not reach so far",
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
    if loaded.rows and not is_known(loaded, request.subject):
        lines.append(("note", f"no row and no membership names {request.subject.name}; is it spelt like that?"))
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
        "known": is_known(loaded, request.subject),
        "next_change": loaded.next_change(request, at),
        "revision": loaded.revision,
    }


def is_known(loaded: PolicySet, subject: Subject) -> bool:
    """Whether the files name a subject, or it comes with groups: of others only what holds for everyone is true."""
    return (
        bool(subject.groups)
        or any(row.subject == subject.name for row in loaded.rows)
        or any(membership.member == subject.name for membership in loaded.memberships)
    )


def row_as_json(row: Row | None) -> dict[str, Any] | None:
    """Where a row stands, and what it says."""
    return None if row is None else {"file": row.file, "line": row.line, "text": str(row)}


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
