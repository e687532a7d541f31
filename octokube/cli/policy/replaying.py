"""``octokube policy replay``: which decisions of the audit log would be others under a policy."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from octokube.cli.plain import plain
from octokube.cli.policy import asking, hubs
from octokube.runtime.errors import UserError
from octokube.v1 import admin_service_pb2 as pb
from octokube_hub.policy import AccessRequest, Decision, PolicySet, Subject
from octokube_hub.policy.rows import CLUSTER_SCOPED
from octokube_hub.store import AuditEntry, AuditLog, Database
from octokube_hub.store.audit import MAX_LIST
from octokube_hub.store.database import FILE_NAME

# Names are cut to this when they are recorded; what was cut cannot be asked again.
_CUT_NAME_LENGTH = 512


@dataclass(frozen=True, slots=True)
class Recorded:
    """One decision of the log. ``request`` is None when it cannot be asked again."""

    id: int
    at: datetime
    is_allowed: bool
    rule: str
    revision: str
    request: AccessRequest | None


@dataclass(frozen=True, slots=True)
class Turned:
    """A recorded decision that would be another, and the answer that there would be instead."""

    recorded: Recorded
    request: AccessRequest
    decision: Decision


@click.command()
@click.argument("directory", type=asking.DIRECTORY)
@click.option("--since", "since_text", required=True, help="From when on, such as 2026-11-23T08:00+01:00.")
@click.option("--until", "until_text", help="Up to when. Default: now.")
@click.option(
    "--data",
    envvar="OCTOKUBE_DATA",
    type=click.Path(path_type=Path),
    default=Path("octokube-data"),
    show_default=True,
    help="The directory of the hub's database, without --hub. The hub may be running.",
)
@hubs.OPTIONS
@asking.OUTPUT
@click.pass_context
def replay(
    context: click.Context,
    directory: Path,
    since_text: str,
    until_text: str | None,
    data: Path,
    hub: hubs.HubAccess | None,
    output: str,
) -> None:
    """Ask the recorded decisions again, each at its own instant, and tell which would be others under DIRECTORY.

    \b
    octokube policy replay policies --since 2026-11-16T00:00Z --data /var/lib/octokube
    octokube policy replay policies --since 2026-11-16T00:00Z --hub hub.example.com:7443

    Only single decisions are recorded, such as opening an object; what streams show is not.

    Exit code 0: all would be the same. 1: some would be others. 2: the policy or the question is malformed, or there is
    no audit log.
    """
    policy = asking.load(directory)
    since = asking.read_instant_of("--since", since_text)
    until = asking.read_instant_of("--until", until_text) if until_text else None
    recorded = _from_hub(hub, since) if hub else _from_data(data, since)
    in_time = [item for item in recorded if item.at >= since and (until is None or item.at < until)]
    turned = list(ask_again(policy, in_time))
    left_out = sum(item.request is None for item in in_time)
    if output == "json":
        click.echo(asking.dump(_as_json(policy, since, until, in_time, turned, left_out)))
    else:
        for line in _as_text(in_time, turned, left_out):
            click.echo(line)
    context.exit(1 if turned else 0)


def ask_again(policy: PolicySet, recorded: Iterable[Recorded]) -> Iterator[Turned]:
    """The decisions that would be others, oldest first. A scope sorts out the others, since it decides far quicker."""
    decided: dict[tuple[AccessRequest, datetime | None], Decision] = {}
    for item in sorted(recorded, key=lambda item: (item.at, item.id)):
        request = item.request
        if request is None:
            continue
        scope = policy.scope(request.subject, item.at)
        asked = (request.cluster, request.resource, request.namespace, request.name, request.verb)
        if scope.allows(*asked) != item.is_allowed:
            # Up to the subject's next window edge, the same question has the same answer.
            key = (request, policy.next_edge(request.subject, item.at))
            if key not in decided:
                decided[key] = policy.decide(request, item.at)
            yield Turned(item, request, decided[key])


def _from_hub(hub: hubs.HubAccess, since: datetime) -> list[Recorded]:
    records = hub.ask(lambda access: hubs.fetch_records(access, since))
    return [
        _recorded(
            (record.id, record.at.ToDatetime(UTC), record.outcome, record.rule, record.policy_revision),
            record.subject,
            record.question if record.HasField("question") else None,
        )
        for record in records
        if _is_decision(record)
    ]


def _from_data(data: Path, since: datetime) -> list[Recorded]:
    if not (data / FILE_NAME).is_file():
        raise UserError(f"there is no {FILE_NAME} in {data}; name the hub's directory with --data, or ask a --hub")
    return [
        _recorded((entry.id, entry.at, entry.outcome, entry.rule, entry.policy_revision), entry.subject, entry.question)
        for entry in asyncio.run(_read_log(data, since))
    ]


async def _read_log(data: Path, since: datetime) -> list[AuditEntry]:
    database = Database(data)
    await database.open()
    try:
        log, before = AuditLog(database), 0
        found: list[AuditEntry] = []
        while True:
            page = await log.list(since=since, limit=MAX_LIST, before_id=before)
            found.extend(entry for entry in page if _is_decision(entry))
            if len(page) < MAX_LIST:
                return found
            before = page[-1].id
    finally:
        await database.close()


def _is_decision(record: AuditEntry | pb.AuditRecord) -> bool:
    # Agents are let in by their credentials, and not by policy.
    return record.outcome in ("allowed", "denied") and record.subject.startswith(("user:", "service:"))


def _recorded(facts: tuple[int, datetime, str, str, str], subject: str, question: Any) -> Recorded:
    """``question`` is an AuditQuestion or an AccessQuestion, whose fields are the same; None in old records."""
    id, at, outcome, rule, revision = facts
    request = None
    if question is not None and len(question.name) < _CUT_NAME_LENGTH:
        try:
            asker = Subject(subject, frozenset(question.groups))
        except ValueError:  # a name that another version took for a subject; the record counts as left out
            asker = None
        if asker is not None:
            request = AccessRequest(
                asker, question.cluster, question.resource, question.namespace, question.name, question.verb
            )
    return Recorded(id, at, outcome == "allowed", rule, revision, request)


def _as_text(recorded: list[Recorded], turned: list[Turned], left_out: int) -> Iterator[str]:
    yield f"{len(turned)} of {len(recorded)} decisions would be others"
    if left_out:
        yield f"{left_out} could not be asked again: their records do not hold the whole question"
    grouped: dict[tuple[object, ...], list[Turned]] = {}
    for item in turned:
        key = (item.request, item.recorded.rule, item.recorded.revision, item.decision)
        grouped.setdefault(key, []).append(item)
    for items in grouped.values():
        first, last = items[0].recorded, items[-1].recorded
        times = f" ({len(items)} times, the last at {asking.show(last.at)})" if len(items) > 1 else ""
        before = f"{'allowed' if first.is_allowed else 'denied'}{f' by {first.rule}' if first.rule else ''}"
        decision = items[0].decision
        row = f"by {decision.row.where}: {decision.row}" if decision.row else "since no row allows it"
        now = f"{'allowed' if decision.is_allowed else 'denied'} {row}"
        yield f"{asking.show(first.at)} {_describe(items[0].request)}{times}"
        yield f"    was {before}, revision {first.revision}; would be {now}"


def _describe(request: AccessRequest) -> str:
    groups = f" ({', '.join(sorted(request.subject.groups))})" if request.subject.groups else ""
    place = f"{request.cluster}/{request.namespace or CLUSTER_SCOPED}"
    what = f"{request.verb} {place} {request.resource}/{request.name or '(any name)'}"
    return plain(f"{request.subject.name}{groups} {what}")


def _as_json(
    policy: PolicySet,
    since: datetime,
    until: datetime | None,
    recorded: list[Recorded],
    turned: list[Turned],
    left_out: int,
) -> dict[str, Any]:
    return {
        "revision": policy.revision,
        "since": since,
        "until": until,
        "decisions": len(recorded),
        "left_out": left_out,
        "differences": [
            {
                "id": item.recorded.id,
                "at": item.recorded.at,
                "subject": item.request.subject.name,
                "groups": sorted(item.request.subject.groups),
                "verb": item.request.verb,
                "cluster": item.request.cluster,
                "namespace": item.request.namespace,
                "resource": item.request.resource,
                "name": item.request.name,
                "was": {
                    "allowed": item.recorded.is_allowed,
                    "row": item.recorded.rule or None,
                    "revision": item.recorded.revision,
                },
                "would_be": {
                    "allowed": item.decision.is_allowed,
                    "reason": item.decision.reason,
                    "row": asking.row_as_json(item.decision.row),
                },
            }
            for item in turned
        ],
    }
