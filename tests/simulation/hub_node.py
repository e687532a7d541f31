"""One hub process of the simulation: the product's servicers on simulated streams and an in-memory store."""

import asyncio
import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from octokube.runtime.tasks import Tasks
from octokube.v1 import cluster_service_pb2 as pb
from octokube_hub.api.agent_service import AgentServicer
from octokube_hub.api.cluster_service import ClusterServicer
from octokube_hub.api.crowd import Crowd
from octokube_hub.api.feed_service import FeedService
from octokube_hub.api.inprocess import InProcessFeed
from octokube_hub.api.operation_service import OperationService, Wire
from octokube_hub.broker.agents import AgentPorts
from octokube_hub.broker.deciding import Decider
from octokube_hub.errors import Refused
from octokube_hub.fanout.clusters import Fanout
from octokube_hub.fanout.pacing import Pacer, Rounds
from octokube_hub.fanout.resume import KEY_BYTES, Sealer
from octokube_hub.fanout.sessions import Sessions
from octokube_hub.identity import AgentAccess, Authenticator, Leases
from octokube_hub.identity.leases import keep_checking
from octokube_hub.identity.secret import TOKEN_PREFIX, hash_secret
from octokube_hub.limits import HubLimits
from octokube_hub.policy import PolicySet
from octokube_hub.replica import Registry
from octokube_hub.store.credentials import AgentCredential
from octokube_hub.store.tokens import Token
from tests.simulation.network import Ended, Status, Stream
from tests.simulation.virtual_time import SimClock

if TYPE_CHECKING:
    from tests.simulation.invariants import Watcher

STORE_SECONDS = 0.001
SEALING_KEY = bytes(range(KEY_BYTES))


class Store:
    """What survives a hub: tokens and agent credentials. Takes the place of the database and of its tables."""

    def __init__(self, clusters: tuple[str, ...]) -> None:
        self.tokens: dict[str, Token] = {}
        self.revoked_at: dict[str, float] = {}
        self.credentials = {hash_secret(f"oka_{name}"): AgentCredential(name, name, False) for name in clusters}
        self.clusters = clusters
        self._has_changed = False

    def issue(self, person: str, now: datetime.datetime, seconds: float) -> str:
        """A fresh token."""
        secret = f"{TOKEN_PREFIX}{person}-{len(self.tokens)}"
        until = now + datetime.timedelta(seconds=seconds)
        self.tokens[hash_secret(secret)] = Token(f"id-{len(self.tokens)}", f"user:{person}", "", now, until, None)
        return secret

    def revoke(self, secret: str, now: datetime.datetime) -> None:
        """Another program revokes a token."""
        held = self.tokens[hash_secret(secret)]
        if held.revoked_at is None:
            self.tokens[hash_secret(secret)] = Token(
                held.id, held.subject, held.description, held.created_at, held.expires_at, now
            )
            self._has_changed = True
            self.revoked_at[held.id] = asyncio.get_running_loop().time()

    async def has_foreign_changes(self) -> bool:
        """Tokens are only ever revoked by others here."""
        has_changed, self._has_changed = self._has_changed, False
        return has_changed

    async def find(self, secret_hash: str) -> Any:
        """A token or a credential."""
        await asyncio.sleep(STORE_SECONDS)
        return self.tokens.get(secret_hash) or self.credentials.get(secret_hash)

    async def revoked_ids(self) -> frozenset[str]:
        """All that were revoked."""
        await asyncio.sleep(STORE_SECONDS)
        return frozenset(self.revoked_at)

    async def record(self, entry: object) -> int:
        """An audit entry."""
        await asyncio.sleep(STORE_SECONDS)
        return 1

    def note(self, entry: object) -> None:
        """An audit entry that nobody waits for."""


class SteadyPacer(Pacer):
    """Spaces rounds by a fixed time: measured costs would be the machine's, and differ from run to run."""

    def __init__(self, spacing_seconds: float) -> None:
        super().__init__()
        self._steady_seconds = spacing_seconds

    @property
    def spacing_seconds(self) -> float:
        """Always the same."""
        return self._steady_seconds


class Context:
    """A gRPC call as a servicer sees it."""

    def __init__(self, stream: Stream, watcher: "Watcher") -> None:
        self._stream = stream
        self._watcher = watcher
        self.status: Status | None = None

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return (("authorization", f"Bearer {self._stream.token}"),)

    def peer(self) -> str:
        return "ipv4:10.0.0.1:50000"

    def auth_context(self) -> dict[str, list[bytes]]:
        return {}

    async def read(self) -> Any:
        try:
            message = await self._stream.up.get()
        except Ended:
            await asyncio.get_running_loop().create_future()  # the handler is being cancelled
        if message is None:
            return grpc.aio.EOF
        self._watcher.hub_reads(self._stream, message)
        return message

    async def write(self, message: bytes) -> None:
        self._watcher.hub_writes(self._stream, message)
        try:
            await self._stream.down.put(message)
        except Ended:
            await asyncio.get_running_loop().create_future()

    async def abort(self, code: grpc.StatusCode, details: str = "", trailing: tuple[Any, ...] = ()) -> None:
        self.status = (code, details, trailing)
        raise grpc.aio.AbortError

    def cancelled(self) -> bool:
        return self._stream.up.is_broken

    def done(self) -> bool:
        return self._stream.up.is_broken


class _NoOperations(OperationService):
    """What is simulated here is the stream; nobody operates on a cluster."""

    def __init__(self) -> None:
        pass

    async def serve(self, token: str, peer: str, wire: Wire) -> None:
        raise Refused("UNIMPLEMENTED", "this simulation has no operations")


class HubNode:
    """One hub process, from its start to its end."""

    def __init__(
        self,
        store: Store,
        clock: SimClock,
        policy: Callable[[], PolicySet],
        watcher: "Watcher",
        *,
        spacing_seconds: float,
    ) -> None:
        self._watcher = watcher
        self.registry = Registry(clock)
        for name in store.clusters:
            self.registry.ensure(name)
        self.tasks = Tasks("hub")
        self.fanout = Fanout(
            self.registry, Sealer(SEALING_KEY), self.tasks, rounds=Rounds(SteadyPacer(spacing_seconds))
        )
        self.sessions = Sessions(self.fanout, clock)
        self.token_leases = Leases(store.revoked_ids, clock, kind="token")
        self.agent_leases = Leases(store.revoked_ids, clock, kind="agent")
        held: Any = store
        service = FeedService(
            authenticator=Authenticator(held, clock, is_demo=False),
            leases=self.token_leases,
            fanout=self.fanout,
            sessions=self.sessions,
            policy=policy,
            decider=Decider(policy, held, clock),
            crowd=Crowd(HubLimits(), clock),
            clock=clock,
            hub_version="sim",
        )
        self.subscribers = ClusterServicer(service)
        self.feed = InProcessFeed(service, _NoOperations(), self.tasks)
        self.agents = AgentServicer(
            access=AgentAccess(held),
            leases=self.agent_leases,
            registry=self.registry,
            audit=held,
            clock=clock,
            policy_revision=lambda: policy().revision,
            ports=AgentPorts(),
        )
        self.tasks.start(self.sessions.keep_ticking(), name="ticking")
        self.tasks.start(keep_checking(held, self.token_leases, self.agent_leases), name="leases")
        self.streams: dict[Stream, None] = {}

    def accept(self, stream: Stream) -> None:
        """Serves a new stream."""
        self.streams[stream] = None
        task = self.tasks.start_guarded(self._serve(stream), name=str(stream))
        stream.on_gone = task.cancel
        task.add_done_callback(lambda _: self._served(stream))

    async def drain(self) -> None:
        """Asks everybody to come back later."""
        self.sessions.drain_all(0.5)
        await self.agents.drain(0.5)
        await asyncio.sleep(0.2)

    async def crash(self) -> None:
        """Ends at once, and every connection with it."""
        for stream in list(self.streams):
            stream.on_gone = None
            stream.cut()
        self.feed.stop()
        await self.tasks.close()
        self.fanout.rounds.close()

    async def _serve(self, stream: Stream) -> None:
        context: Any = Context(stream, self._watcher)
        work = self.agents._connect if stream.kind == "agent" else self.subscribers._watch
        status: Status = (grpc.StatusCode.CANCELLED, "", ())
        try:
            await work(None, context)  # type: ignore[arg-type]
            status = (grpc.StatusCode.OK, "", ())
        except grpc.aio.AbortError:
            status = context.status or status
        finally:
            stream.finish(status)

    def _served(self, stream: Stream) -> None:
        """Also of a handler that was cancelled before it began."""
        self.streams.pop(stream, None)
        stream.on_gone = None


def watch_request(message: bytes) -> pb.WatchRequest:
    """A subscriber's message."""
    return pb.WatchRequest.FromString(message)
