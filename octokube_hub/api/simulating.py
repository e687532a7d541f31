"""Tells what somebody would see, at some time and under some policy, beside what they see now."""

import asyncio
import datetime
from collections import Counter
from collections.abc import Callable, Mapping

from octokube.runtime.clock import Clock
from octokube.state import Key
from octokube.v1 import admin_service_pb2 as pb
from octokube_hub.api.explaining import told_grants
from octokube_hub.errors import Refused
from octokube_hub.policy import PolicyError, PolicySet, Scope, Subject
from octokube_hub.policy.loading import build_policy
from octokube_hub.policy.sources import KNOWN_FILES, Sources
from octokube_hub.replica import Registry

MAX_TEAMS = 100
MAX_LENGTH = 512
MAX_TOLD = 500
FARTHEST = datetime.timedelta(days=10 * 365)
SLICE = 1_000
"""Objects that are decided with one turn of the event loop: about 5 ms."""

_Place = tuple[str, str, str]
_Object = tuple[str, Key]


class Simulator:
    """One simulation at a time: somebody who tries one edit after another holds up nobody's stream."""

    def __init__(self, registry: Registry, policy: Callable[[], PolicySet], clock: Clock) -> None:
        self._registry = registry
        self._policy = policy
        self._clock = clock
        self._turn = asyncio.Lock()

    async def simulate(self, request: pb.SimulateAccessRequest, caller: Subject) -> pb.SimulateAccessResponse:
        """What would be seen, of what the caller may watch. Raises Refused for what can't be simulated."""
        subject = _read_subject(request)
        _check_files(request)
        async with self._turn:
            now = self._clock.now()
            at = _read_time(request) or now
            if abs(at - now) > FARTHEST:
                raise Refused(
                    "INVALID_ARGUMENT", f"at lies more than {FARTHEST.days // 365} years away; name a nearer time"
                )
            present = self._policy()
            try:
                policy = await asyncio.to_thread(_edited, present, {one.name: one.content for one in request.files})
            except PolicyError as error:
                return pb.SimulateAccessResponse(problems=[str(problem) for problem in error.problems])
            grants, _ = await asyncio.to_thread(told_grants, policy, subject, at)
            seen = _Comparison(present.scope(subject, now), policy.scope(subject, at))
            await self._look(seen, caller)
        response = pb.SimulateAccessResponse(
            policy_revision=policy.revision,
            memberships=sorted(policy.groups_of(subject, at) - {subject.name}),
            grants=grants,
        )
        response.at.FromDatetime(at)
        seen.tell(response)
        return response

    async def _look(self, seen: "_Comparison", caller: Subject) -> None:
        """Asked anew when what the caller may watch has changed meanwhile: nothing else is told of."""
        while True:
            own = self._policy().scope(caller, self._clock.now())
            seen.forget()
            looked_at = 0
            for replica in self._registry:
                for type in list(replica.store.types()):
                    selector = own.selector(replica.cluster, type)
                    if selector.none:
                        continue
                    for stored in replica.store.of_type(type):
                        key = stored.key
                        if selector.allows(key.namespace, key.name):
                            seen.take(replica.cluster, key)
                        looked_at += 1
                        if looked_at % SLICE == 0:
                            await self._registry.turns.take()
            if self._policy().scope(caller, self._clock.now()) == own:
                return


class _Comparison:
    """Counts and collects by two scopes."""

    def __init__(self, now: Scope, then: Scope) -> None:
        self._scopes = (now, then)
        self.forget()

    def forget(self) -> None:
        self._now: Counter[_Place] = Counter()
        self._then: Counter[_Place] = Counter()
        self._gained: list[_Object] = []
        self._lost: list[_Object] = []

    def take(self, cluster: str, key: Key) -> None:
        place = (cluster, key.type, key.namespace)
        is_now, is_then = (scope.allows(cluster, key.type, key.namespace, key.name, "watch") for scope in self._scopes)
        self._now[place] += is_now
        self._then[place] += is_then
        if is_now != is_then:
            (self._gained if is_then else self._lost).append((cluster, key))

    def tell(self, response: pb.SimulateAccessResponse) -> None:
        for place in sorted(place for place in self._now | self._then if self._now[place] or self._then[place]):
            cluster, type, namespace = place
            response.places.add(
                cluster=cluster, type=type, namespace=namespace, now=self._now[place], then=self._then[place]
            )
        response.gained_count, response.lost_count = len(self._gained), len(self._lost)
        for found, told in ((self._gained, response.gained), (self._lost, response.lost)):
            for cluster, key in sorted(found)[:MAX_TOLD]:
                one = told.add(cluster=cluster)
                one.key.type, one.key.namespace, one.key.name, one.key.uid = key


def _edited(present: PolicySet, files: Mapping[str, bytes]) -> PolicySet:
    """The policy with these files in it. Raises PolicyError."""
    return build_policy(Sources({**present.files, **files}, ())) if files else present


def _read_subject(request: pb.SimulateAccessRequest) -> Subject:
    if len(request.teams) > MAX_TEAMS:
        raise Refused("INVALID_ARGUMENT", f"at most {MAX_TEAMS} teams can be simulated")
    if max(map(len, (request.subject, *request.teams))) > MAX_LENGTH:
        raise Refused("INVALID_ARGUMENT", f"a name has at most {MAX_LENGTH} characters")
    try:
        return Subject(request.subject, frozenset(request.teams))
    except ValueError as error:
        raise Refused("INVALID_ARGUMENT", str(error)) from error


def _read_time(request: pb.SimulateAccessRequest) -> datetime.datetime | None:
    if not request.HasField("at"):
        return None
    try:
        return request.at.ToDatetime(datetime.UTC)
    except ValueError as error:
        raise Refused("INVALID_ARGUMENT", "at is no valid time") from error


def _check_files(request: pb.SimulateAccessRequest) -> None:
    for file in request.files:
        if file.name not in KNOWN_FILES:
            raise Refused(
                "INVALID_ARGUMENT", f"{file.name!r} is no file of a policy; name one of {', '.join(KNOWN_FILES)}"
            )
