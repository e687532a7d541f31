"""Answers what a caller may do, and why, from the policy alone."""

import asyncio
import datetime
from collections import OrderedDict
from collections.abc import Callable

from google.protobuf.message import DecodeError

from octokube.runtime.clock import Clock
from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.errors import Refused
from octokube_hub.identity import Identity
from octokube_hub.policy import AccessRequest, PolicySet, Subject, telling
from octokube_hub.policy.verbs import KUBERNETES_VERBS, OPERATIONS, find_action

MAX_GRANTS = 1_000
MAX_VERBS = 64
MAX_LENGTH = 512
MAX_VERB_LENGTH = 64
KEPT_GRANTS = 64
"""People whose grants are at hand: a page asks when it opens, and after each change."""
_REASONS = {
    "granted": pb.ACCESS_REASON_GRANTED,
    "not-granted": pb.ACCESS_REASON_NOT_GRANTED,
    "not-now": pb.ACCESS_REASON_NOT_NOW,
    "refused": pb.ACCESS_REASON_REFUSED,
    "unknown-verb": pb.ACCESS_REASON_UNKNOWN_VERB,
}

_Held = tuple[PolicySet, datetime.datetime, datetime.datetime | None, list[pb.Grant], int]


class Explainer:
    """Looks up no object, ever: the same answer whether something exists or not.

    Questions are answered beside the event loop and one at a time: thousands of rows, or windows that change
    for a year, take a while, and nobody's stream is to wait for that.
    """

    def __init__(self, policy: Callable[[], PolicySet], clock: Clock) -> None:
        self._policy = policy
        self._clock = clock
        self._turn = asyncio.Lock()
        self._grants: OrderedDict[Subject, _Held] = OrderedDict()

    async def describe(self, identity: Identity, response: pb.WhoAmIResponse) -> None:
        """Fills in what depends on the policy: memberships, grants, the next edge."""
        subject = identity.subject
        async with self._turn:
            policy, now = self._policy(), self._clock.now()
            held = self._grants.get(subject)
            if held is None or not _is_valid(held, policy, now):
                edge = policy.next_edge(subject, now)
                held = (policy, now, edge, *await asyncio.to_thread(told_grants, policy, subject, now))
                self._grants[subject] = held
                if len(self._grants) > KEPT_GRANTS:
                    self._grants.popitem(last=False)
            self._grants.move_to_end(subject)
        policy, _, edge, grants, more = held
        response.memberships.extend(sorted(policy.groups_of(subject, now) - {subject.name}))
        response.grants.extend(grants)
        response.more_grants = more
        response.policy_revision = policy.revision
        response.server_time.FromDatetime(now)
        if edge is not None:
            response.next_window_edge.FromDatetime(edge)

    async def explain(self, identity: Identity, message: bytes) -> pb.ExplainAccessResponse:
        """One answer a verb. Raises Refused for what is no question."""
        request = _read_request(message)
        resource = f"{request.key.type}/{request.subresource}" if request.subresource else request.key.type
        verbs = list(request.verbs) or [
            verb for verb in (*KUBERNETES_VERBS, *OPERATIONS) if find_action(resource, verb) is not None
        ]
        asked = [
            AccessRequest(identity.subject, request.cluster, resource, request.key.namespace, request.key.name, verb)
            for verb in verbs
        ]
        async with self._turn:
            policy, now = self._policy(), self._clock.now()
            answers = await asyncio.to_thread(lambda: [telling.answer(policy, one, now) for one in asked])
        response = pb.ExplainAccessResponse(policy_revision=policy.revision)
        response.server_time.FromDatetime(now)
        for verb, found in zip(verbs, answers, strict=True):
            told = response.answers.add(
                verb=verb, is_allowed=found.is_allowed, reason=_REASONS[found.reason], sentence=found.sentence
            )
            if found.changes_at is not None:
                told.changes_at.FromDatetime(found.changes_at)
            if found.row is not None:
                told.subject = found.row.subject
                told.window = found.row.window.name
        return response


def _is_valid(held: _Held, policy: PolicySet, now: datetime.datetime) -> bool:
    return held[0] is policy and held[1] <= now and (held[2] is None or now < held[2])


def told_grants(policy: PolicySet, subject: Subject, now: datetime.datetime) -> tuple[list[pb.Grant], int]:
    """What policy grants and refuses somebody, in sentences, and how many more there are. Takes its time."""
    grants, more = telling.grants_of(policy, subject, now, limit=MAX_GRANTS)
    found = []
    for grant in grants:
        who, cluster, namespace, resource, name, verbs, window, effect = grant.row.columns
        told = pb.Grant(
            is_deny=effect == "deny",
            subject=who,
            cluster=cluster,
            namespace=namespace,
            resource=resource,
            name=name,
            verbs=verbs,
            window=window,
            is_in_force=grant.is_in_force,
            sentence=grant.sentence,
        )
        if grant.changes_at is not None:
            told.changes_at.FromDatetime(grant.changes_at)
        for since, until in grant.spans:
            span = told.spans.add()
            span.since.FromDatetime(since)
            span.until.FromDatetime(until)
        found.append(told)
    return found, more


def _read_request(message: bytes) -> pb.ExplainAccessRequest:
    try:
        request = pb.ExplainAccessRequest.FromString(message)
    except DecodeError as error:
        raise Refused("INVALID_ARGUMENT", "the request is no protobuf of this contract") from error
    key = request.key
    if not request.cluster or not key.type:
        raise Refused("INVALID_ARGUMENT", "cluster and key.type are needed; give both")
    if max(map(len, (request.cluster, key.type, key.namespace, key.name, request.subresource))) > MAX_LENGTH:
        raise Refused("INVALID_ARGUMENT", f"a part of the question is longer than {MAX_LENGTH} characters")
    if len(request.verbs) > MAX_VERBS or any(len(verb) > MAX_VERB_LENGTH for verb in request.verbs):
        raise Refused(
            "INVALID_ARGUMENT", f"ask about at most {MAX_VERBS} verbs of at most {MAX_VERB_LENGTH} characters"
        )
    return request
