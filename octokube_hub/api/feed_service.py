"""Answers subscribers, by whatever door they come."""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator

from google.protobuf.message import DecodeError

from octokube.runtime.clock import Clock
from octokube.runtime.wire import bytes_field
from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.api.crowd import Crowd
from octokube_hub.api.explaining import Explainer
from octokube_hub.broker.deciding import Decider
from octokube_hub.errors import Refused
from octokube_hub.fanout import encoding
from octokube_hub.fanout.authority import Authority
from octokube_hub.fanout.catalog import Catalog, CatalogSession
from octokube_hub.fanout.clusters import Fanout
from octokube_hub.fanout.searching import Searches, read_question
from octokube_hub.fanout.sessions import Sessions
from octokube_hub.fanout.stream import WatchSession
from octokube_hub.identity import Authenticator, Identity, Lease, Leases
from octokube_hub.policy import AccessRequest, PolicySet

MAX_LENGTH = 512
NOT_FOUND = "no such object, or it is not visible to you"
"""One sentence for both, always the same, so that an answer tells nothing about what exists."""


class FeedService:
    """The one place that returns anything of a cluster to a caller. Takes tokens, raises Refused."""

    def __init__(
        self,
        *,
        authenticator: Authenticator,
        leases: Leases,
        fanout: Fanout,
        sessions: Sessions,
        policy: Callable[[], PolicySet],
        decider: Decider,
        crowd: Crowd,
        clock: Clock,
        hub_version: str,
    ) -> None:
        self._authenticator = authenticator
        self._leases = leases
        self._fanout = fanout
        self._sessions = sessions
        self._policy = policy
        self._decider = decider
        self._crowd = crowd
        self._explainer = Explainer(policy, clock)
        self._clock = clock
        self._hub_version = hub_version
        self._catalog = Catalog(fanout.registry, policy, clock)
        self._searches = Searches(fanout.registry)

    async def who_am_i(self, token: str, peer: str) -> pb.WhoAmIResponse:
        """Who a token stands for, and what policy grants them."""
        identity = await self._authenticator.authenticate(token, peer)
        response = pb.WhoAmIResponse(subject=identity.subject.name, hub_version=self._hub_version)
        if identity.subject.ceiling is not None:
            response.token_ceiling = str(identity.subject.ceiling)
        if identity.expires_at is not None:
            response.token_expires_at.FromDatetime(identity.expires_at)
        await self._explainer.describe(identity, response)
        return response

    async def explain_access(self, token: str, peer: str, message: bytes) -> bytes:
        """An encoded ExplainAccessResponse. A question is no decision, and not recorded."""
        identity = await self._authenticator.authenticate(token, peer)
        return (await self._explainer.explain(identity, message)).SerializeToString()

    async def search(self, token: str, peer: str, message: bytes) -> bytes:
        """An encoded SearchResponse: one part of what was found. A question is not recorded."""
        identity = await self._authenticator.authenticate(token, peer)
        question = read_question(message)
        with self._leased(identity) as lease:
            authority = Authority(identity, lease, self._policy, self._clock)
            found = await self._searches.answer(identity.subject.name, question, authority.scope)
            _check_lease(lease, self._clock)
        return found.SerializeToString()

    async def get_object(self, token: str, peer: str, message: bytes) -> bytes:
        """An encoded GetObjectResponse. The decision comes before the look-up, and is recorded before the answer."""
        identity = await self._authenticator.authenticate(token, peer)
        request = _read_request(message)
        key = request.key
        access = AccessRequest(identity.subject, request.cluster, key.type, key.namespace, key.name, "get")
        # The record may wait for the disk for seconds, and the token end meanwhile.
        lease = self._leases.open(identity.token_id, identity.expires_at, identity.subject)
        try:
            is_allowed = (await self._decider.decide(access, "get")).is_allowed
        finally:
            self._leases.close(lease)
        _check_lease(lease, self._clock)
        if not is_allowed:
            raise Refused("NOT_FOUND", NOT_FOUND)
        return self._find(request)

    @contextlib.asynccontextmanager
    async def watching(self, token: str, peer: str) -> AsyncIterator[WatchSession]:
        """A session for one Watch stream, looked after until the context is left."""
        identity = await self._authenticator.authenticate(token, peer)
        with self._crowd.place(identity.subject.name), self._leased(identity) as lease:
            session = WatchSession(self._fanout, Authority(identity, lease, self._policy, self._clock), self._clock)
            lease.on_end = lease.on_change = session.wake
            self._sessions.watches[session] = None
            try:
                yield session
            finally:
                self._sessions.watches.pop(session, None)

    @contextlib.asynccontextmanager
    async def watching_catalog(self, token: str, peer: str) -> AsyncIterator[CatalogSession]:
        """A session for one catalog stream."""
        identity = await self._authenticator.authenticate(token, peer)
        with self._crowd.place(identity.subject.name), self._leased(identity) as lease:
            session = CatalogSession(self._catalog, Authority(identity, lease, self._policy, self._clock))
            lease.on_end = lease.on_change = session.wake
            self._sessions.catalogs[session] = None
            try:
                yield session
            finally:
                self._sessions.catalogs.pop(session, None)

    @contextlib.contextmanager
    def _leased(self, identity: Identity) -> Iterator[Lease]:
        lease = self._leases.open(identity.token_id, identity.expires_at, identity.subject)
        try:
            yield lease
        finally:
            self._leases.close(lease)
            lease.on_end = lease.on_change = None  # which would keep the session alive in a circle

    def _find(self, request: pb.GetObjectRequest) -> bytes:
        key = request.key
        replica = self._fanout.registry.get(request.cluster)
        stored = replica.store.named(key.type, key.namespace, key.name) if replica is not None else None
        if replica is None or stored is None or (key.uid and key.uid != stored.key.uid):
            raise Refused("NOT_FOUND", NOT_FOUND)
        value = stored.value
        type = replica.types.get(key.type)
        columns = b"".join(bytes_field(2, column.SerializeToString()) for column in type.columns) if type else b""
        as_of = bytes_field(3, encoding.timestamp(replica.steady_as_of_seconds))
        return bytes_field(1, value.head + value.row + value.body) + columns + as_of


def _check_lease(lease: Lease, clock: Clock) -> None:
    if lease.has_ended(clock.now()):
        raise Refused("UNAUTHENTICATED", f"your token is not valid any more ({lease.end_reason}); sign in again")


def _read_request(message: bytes) -> pb.GetObjectRequest:
    try:
        request = pb.GetObjectRequest.FromString(message)
    except DecodeError as error:
        raise Refused("INVALID_ARGUMENT", "the request is no protobuf of this contract") from error
    key = request.key
    if not request.cluster or not key.type or not key.name:
        raise Refused("INVALID_ARGUMENT", "cluster, key.type and key.name are needed; give all three")
    if max(map(len, (request.cluster, key.type, key.namespace, key.name, key.uid))) > MAX_LENGTH:
        raise Refused("INVALID_ARGUMENT", f"a part of the key is longer than {MAX_LENGTH} characters")
    return request
