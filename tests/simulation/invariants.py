"""The invariants of the architecture, each by its name, over everything that the simulation sees."""

import asyncio
import hashlib
import json
import random
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from octokube.state import Key
from octokube.v1 import agent_service_pb2, cluster_service_pb2, frame_pb2
from octokube_hub.fanout.audience import MAX_CACHED
from octokube_hub.fanout.selection import read_subscription
from octokube_hub.fanout.track import At
from octokube_hub.identity.secret import hash_secret
from octokube_hub.replica import Replica, ReplicaEvent
from tests.simulation.network import Stream
from tests.simulation.objects import CANARY, SELECTED, TYPES, body_of, is_allowed, row_of
from tests.simulation.subscriber_node import Subscriber

if TYPE_CHECKING:
    from tests.simulation.world import World

I1 = "I1 authorised"
"""No byte about an object is handed to a subscriber whom stock Casbin refuses it at that instant, nor any frame to one
whose token has ended."""
I2 = "I2 convergent"
"""At rest every copy is the one above it, filtered; and no replica ever holds what its agent did not."""
I3 = "I3 ordered and gap-proof"
"""Sequences are dense, and a receiver applies exactly the frames that the hub sent, in their order."""
I4 = "I4 one connection"
"""One live session for each cluster, and one watch of its API server, however many subscribers there are."""
I5 = "I5 nothing lost"
"""Whoever dies, and whenever: agent and hub come to hold again what the API server has."""
I6 = "I6 bounded"
"""What is under way to a reader is bounded by its window, what is kept for readers by limits; and nothing is left when
they have gone."""
DEFECT = "no defect"
"""No program fails in a way that it did not foresee, and no task outlives its owner."""
REVOCATION_SECONDS = 1.0


class Violation(Exception):
    """An invariant does not hold."""

    def __init__(self, invariant: str, text: str) -> None:
        super().__init__(invariant, text)  # as given, so that it can be sent from one process to another
        self.invariant = invariant
        self.text = text

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}"


class Watcher:
    """Looks at everything as it happens, and at the whole once it is at rest. Keeps the first violation."""

    def __init__(self, world: "World", *, trace: Callable[[str], None] | None) -> None:
        self._world = world
        self._trace = trace
        self._chance = random.Random(1)
        self._stores: dict[str, object] = {}
        self._hash = hashlib.blake2b(digest_size=16)
        self.events = 0
        self.violation: Violation | None = None

    @property
    def transcript(self) -> str:
        """A hash of everything that was noted."""
        return self._hash.hexdigest()

    def note(self, text: str, detail: str = "") -> None:
        """Takes an event into the transcript; the detail is only for people."""
        self.events += 1
        line = f"{self._world.loop.time():.6f} {text}"
        self._hash.update(line.encode())
        if self._trace is not None:
            self._trace(line + detail)

    def violated(self, invariant: str, text: str) -> None:
        """An invariant does not hold; the schedule ends at the next occasion."""
        self.note(f"VIOLATION {invariant}: {text}")
        if self.violation is None:
            self.violation = Violation(invariant, text)

    def check(self) -> None:
        """Raises the first violation, if there was one."""
        if self.violation is not None:
            raise self.violation

    # While it runs.

    def hub_writes(self, stream: Stream, message: bytes) -> None:
        """A message leaves the hub: from here on nobody can take it back."""
        if stream.kind == "agent":
            self.note(f"{stream} < {zlib.crc32(message):08x}")
            return
        response = cluster_service_pb2.WatchResponse.FromString(message)
        kind = response.WhichOneof("message")
        if kind != "frame":
            self.note(f"{stream} < {kind} {zlib.crc32(message):08x}")
            return
        frame = response.frame
        self.note(f"{stream} < {frame.sequence} {zlib.crc32(message):08x}", _told(frame) if self._trace else "")
        if stream.session is None:
            task = asyncio.current_task()
            stream.session = next(session for session in self._world.hub.sessions.watches if session._task is task)
        self._check_authorised(stream, frame, message)
        self._check_window(stream, frame, message)

    def hub_reads(self, stream: Stream, message: bytes) -> None:
        """A message reaches the hub."""
        self.note(f"{stream} > {zlib.crc32(message):08x}")
        if stream.kind != "agent":
            request = cluster_service_pb2.WatchRequest.FromString(message)
            if request.HasField("ack"):
                stream.acked = max(stream.acked, request.ack.sequence)

    def agent_writes(self, stream: Stream, message: bytes) -> None:
        """An agent hands a message over."""
        size_bytes = len(message) - 2 if len(message) < 130 else len(message) - 3  # the frame inside, or a little more
        if not stream.window_bytes:
            return  # the hello
        stream.sizes.append(size_bytes)
        under_way = sum(stream.sizes) - stream.acked
        if len(stream.sizes) > 1 and under_way - size_bytes > 8 and under_way > stream.window_bytes + 8:
            self.violated(I6, f"{stream} has {under_way} bytes under way; its window is {stream.window_bytes}")

    def agent_reads(self, stream: Stream, response: agent_service_pb2.ConnectResponse) -> None:
        """A message reaches an agent."""
        if response.HasField("welcome"):
            stream.window_bytes = response.welcome.window_bytes
        elif response.HasField("ack"):
            stream.acked = max(stream.acked, response.ack.received_bytes)

    def subscriber_applies(self, subscriber: Subscriber, frame: frame_pb2.Frame) -> None:
        """A receiver has accepted a frame: it has to be the next one that the hub sent on this stream."""
        stream = subscriber.current.stream if subscriber.current is not None else None
        if stream is None:
            return
        index = frame.sequence - 1
        digest = _digest(frame)
        if index != stream.applied or index >= len(stream.handed) or stream.handed[index] != digest:
            self.violated(I3, f"{subscriber} applied frame {frame.sequence} of {stream} after {stream.applied}")
        stream.applied += 1
        self._check_lock_step(subscriber, stream, frame.cluster)

    def follow_replica(self, replica: Replica) -> None:
        """Has every change of a replica looked at."""
        replica.listen(lambda event: self._check_replica(replica, event))

    def _check_replica(self, replica: Replica, event: ReplicaEvent) -> None:
        """What a replica takes over must be what the agent whose epoch it has was at that version."""
        if replica.epoch is None:
            return
        agents = [agent for agent in self._world.all_agents if agent.hot_state.position.epoch == replica.epoch]
        if not agents:
            self.violated(I2, f"the replica of {replica.cluster} has an epoch that no agent ever had")
            return
        if self._stores.get(replica.cluster) is not replica.store:
            self._stores[replica.cluster] = replica.store
            if agents[0].states.get(replica.version) != {stored.key: stored.value for stored in replica.store.all()}:
                self.violated(I2, f"{replica.cluster} took a snapshot over that its agent never was")
        history = agents[0].history
        for stored in event.changed:
            if history.get(stored.version) != (stored.key, stored.value):
                where = "/".join(stored.key)
                self.violated(I2, f"{replica.cluster} holds {where} at version {stored.version}; its agent did not")
        if self._chance.random() < 0.3:
            self._check_views(replica)

    def _check_views(self, replica: Replica) -> None:
        """A view that is complete is its replica filtered, at every instant."""
        fanout = self._world.hub.fanout.get(replica.cluster)
        for audience in fanout._audiences.values() if fanout is not None else ():
            if not audience.is_ready:
                continue
            view = audience.view
            labels = view.selection.labels
            expected = {
                stored.key: stored.value
                for stored in replica.store.all()
                if view.is_visible(stored.key) and (labels is None or labels.is_met_by(stored.value.body))
            }
            held = {stored.key: stored.value for stored in view.store.all()}
            is_equal = expected.keys() == held.keys() and all(
                value.row == held[key].row and (view.selection.is_rows or value == held[key])
                for key, value in expected.items()
            )
            if not is_equal:
                self.violated(I2, f"a view of {replica.cluster} is not the replica filtered")

    def _check_lock_step(self, subscriber: Subscriber, stream: Stream, cluster: str) -> None:
        """A reader of whom the hub says that they are where the view is, holds what the view holds."""
        track = stream.session._tracks.get(cluster) if stream.session is not None else None
        place = track._place if track is not None else None
        if not isinstance(place, At) or not place.is_exact or stream.applied != len(stream.handed):
            return
        view = place.member.audience.view
        if place.cursor != view.version:
            return
        copy = subscriber.receiver.clusters[cluster]
        expected = {stored.key: stored.value for stored in view.store.all()}
        if copy.objects.keys() != expected.keys():
            different = sorted(copy.objects.keys() ^ expected.keys())
            self.violated(I2, f"{subscriber} is in step with a view of {cluster}, and differs from it in {different}")
            return
        for key, value in expected.items():
            viewed = copy.objects[key]
            if viewed.row != row_of(value) or (not view.selection.is_rows and viewed.body != body_of(value)):
                self.violated(I2, f"{subscriber} is in step with a view of {cluster}, and has another {key}")

    def _check_authorised(self, stream: Stream, frame: frame_pb2.Frame, message: bytes) -> None:
        world = self._world
        now = world.hub_clock.now()
        token = world.store.tokens.get(hash_secret(stream.token))
        if token is None:
            self.violated(I1, f"{stream} is served without a token")
            return
        revoked_at = world.store.revoked_at.get(token.id)
        if now >= token.expires_at or (revoked_at is not None and world.loop.time() - revoked_at > REVOCATION_SECONDS):
            self.violated(I1, f"{stream} was sent a frame after its token had ended")
        for found in set(CANARY.findall(message)):
            type, namespace, name = (part.decode() for part in found)
            if not is_allowed(world.policy_index, stream.owner, frame.cluster, type, namespace, name, now):
                self.violated(I1, f"{stream} was sent {frame.cluster} {type} {namespace}/{name}, which policy refuses")
        for tombstone in frame.tombstones:
            key = tombstone.key
            if tombstone.reason != frame_pb2.TOMBSTONE_REASON_WITHDRAWN and not is_allowed(
                world.policy_index, stream.owner, frame.cluster, key.type, key.namespace, key.name, now
            ):
                self.violated(
                    I1, f"{stream} was told the fate of {frame.cluster} {key.type} {key.namespace}/{key.name}"
                )

    def _check_window(self, stream: Stream, frame: frame_pb2.Frame, message: bytes) -> None:
        stream.handed.append(_digest(frame))
        stream.sizes.append(len(message))
        if frame.sequence != len(stream.handed):
            self.violated(I3, f"{stream} was sent frame {frame.sequence} as its number {len(stream.handed)}")
        unacked = stream.sizes[stream.acked :]
        window_bytes = stream.window_bytes or 1024 * 1024
        if len(unacked) > 1 and sum(unacked) > window_bytes:
            self.violated(I6, f"{stream} has {sum(unacked)} bytes under way; its window is {window_bytes}")

    # At rest.

    def difference(self) -> Violation | None:
        """What keeps the whole from being at rest: equal copies over one connection each; None when it is."""
        world = self._world
        open_sessions = [stream.owner for stream in world.hub.streams if stream.kind == "agent"]
        for name, server in world.servers.items():
            # One connection for each cluster, and one watch for its agent, however many subscribers there are.
            if open_sessions.count(name) != 1:
                return Violation(I4, f"{open_sessions.count(name)} agent sessions of {name} are open")
            if server.watches != 1:
                return Violation(I4, f"{server.watches} watches of the API server of {name} are open")
            agent = world.agents[name]
            truth = {actual.key: actual.resource_version for actual in server.objects.values()}
            hot = {stored.key: stored.value for stored in agent.hot_state.all()}
            if {key: value.resource_version for key, value in hot.items()} != truth:
                return Violation(I5, f"the hot state of {name} is not what the API server has")
            replica = world.hub.registry.get(name)
            if replica is None or replica.epoch != agent.hot_state.position.epoch:
                return Violation(I5, f"the replica of {name} is not of its agent's epoch")
            if {stored.key: stored.value for stored in replica.store.all()} != hot:
                return Violation(I2, f"the replica of {name} is not the agent's hot state")
            if set(replica.types) != set(TYPES) or replica.version != agent.hot_state.version:
                return Violation(I2, f"the replica of {name} has not reached its agent's version")
        for subscriber in world.subscribers:
            difference = self._difference(subscriber)
            if difference is not None:
                return difference
        return None

    def _difference(self, subscriber: Subscriber) -> Violation | None:
        world = self._world
        now = world.hub_clock.now()
        selection = read_subscription(subscriber.subscription)
        for name in world.servers:
            replica = world.hub.registry.get(name)
            assert replica is not None
            expected = {
                stored.key: stored.value
                for stored in replica.store.all()
                if selection.has_cluster(name)
                and selection.has(stored.key)
                and json.loads(body_of(stored.value))["note"] in SELECTED[subscriber.subscription.label_selector]
                and is_allowed(world.policy_index, subscriber.person, name, *stored.key[:3], now)
            }
            copy = subscriber.receiver.clusters.get(name)
            held: dict[Key, Any] = dict(copy.objects) if copy is not None else {}
            if held != subscriber.receiver.told.get(name, {}):
                return Violation(I2, f"{subscriber} was told other changes of {name} than were made")
            extra, missing = held.keys() - expected.keys(), expected.keys() - held.keys()
            if extra or missing:
                text = f"lacks {sorted(missing)}" if missing else f"holds {sorted(extra)}, which it should not"
                return Violation(I2, f"{subscriber} {text} of {name}")
            for key, value in expected.items():
                viewed = held[key]
                if viewed.row != row_of(value):
                    return Violation(I2, f"{subscriber} has an old row of {name} {key}")
                if selection.is_rows:
                    if viewed.body:
                        return Violation(I2, f"{subscriber} has a body of {name} {key} and asked for rows")
                elif viewed.resource_version != value.resource_version or viewed.body != body_of(value):
                    return Violation(I2, f"{subscriber} has an old body of {name} {key}")
        return None

    def check_heeded(self) -> None:
        """No stream waits for something to do under a scope that is over."""
        for session in self._world.hub.sessions.watches:
            scope = session._authority.scope()
            if session._selection is not None and session._waiter is not None and session._scope != scope:
                self.violated(I1, f"a stream of {session._authority.identity.subject.name} goes on under an old scope")

    def check_bounds(self) -> None:
        """Nothing is kept for readers beyond what is shared and limited."""
        for cluster in self._world.hub.fanout:
            for audience in cluster._audiences.values():
                kept = (len(audience._deltas), len(audience._catch_ups), len(audience._transfers))
                if max(kept) > MAX_CACHED:
                    self.violated(I6, f"an audience keeps {kept} transmissions")
                if not audience.members:
                    self.violated(I6, "an audience without members is kept")

    def check_quiet(self) -> None:
        """With nobody connected, the hub is back to what it was at its start."""
        hub = self._world.hub
        left = {
            "streams": len(hub.streams),
            "watch sessions": len(hub.sessions.watches),
            "token leases": len(hub.token_leases),
            "agent leases": len(hub.agent_leases),
            "audiences": hub.fanout.audiences,
            "watchers": sum(len(cluster._watchers) for cluster in hub.fanout),
            "listeners": len(hub.registry._listeners) - 1,
            "tasks": len(hub.tasks) - 2,
        }
        if any(left.values()):
            self.violated(I6, f"left behind: { ({name: count for name, count in left.items() if count}) }")


def _told(frame: frame_pb2.Frame) -> str:
    names = [f"{entry.key.type}/{entry.key.namespace}/{entry.key.name}" for entry in frame.entries]
    left = [f"-{item.key.type}/{item.key.namespace}/{item.key.name}" for item in frame.tombstones]
    outcome = f" ({frame.resume_outcome})" if frame.resume_outcome else ""
    return f" {frame_pb2.FrameKind.Name(frame.kind)[11:]} {frame.cluster} {' '.join([*names, *left])}{outcome}"


def _digest(frame: frame_pb2.Frame) -> bytes:
    return frame.SerializeToString(deterministic=True)
