"""Failure mode 1: permission, token, team or window ends, and watch, logs or exec output goes on."""

import asyncio
import pathlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import grpc.aio
import pytest

from octokube.v1 import admin_service_pb2
from octokube_hub.app import Hub
from octokube_hub.store import Database, Tokens
from tests.failure_modes.policies import ALLOW, DENY, END, HIDDEN, KEPT, MEMBER, TEAM, WINDOW, in_force
from tests.failure_modes.streams import KINDS, Doors
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy

PROMISED_SECONDS = 1.0
LISTENING_SECONDS = 0.3
"""How much longer everything is read, while the object goes on to change."""


@dataclass
class Scene:
    """What a cause can act on."""

    hub: Hub
    policies: pathlib.Path
    clock: FakeClock
    channel: grpc.aio.Channel
    token_id: str = ""
    cleanup: list[Callable[[], Awaitable[None]]] = field(default_factory=list)


@dataclass(frozen=True)
class Cause:
    """The files before, and what ends the access."""

    rules: str
    act: Callable[[Scene], Awaitable[None]]
    teams: str = ""
    ends_streams: bool = False


def files(rules: str, teams: str = "") -> Callable[[Scene], Awaitable[None]]:
    """The directory afterwards."""

    async def act(scene: Scene) -> None:
        write_policy(scene.policies, rules, teams=teams)

    return act


async def end_of_time(scene: Scene) -> None:
    """The wall clock alone moves."""
    scene.clock.set(END)


async def revoke_by_api(scene: Scene) -> None:
    """An administrator revokes the token."""
    call = scene.channel.unary_unary("/octokube.v1.AdminService/RevokeToken")
    request = admin_service_pb2.RevokeTokenRequest(token_id=scene.token_id)
    await call(request.SerializeToString(), metadata=(("authorization", "Bearer demo:admin"),))


async def revoke_in_the_store(scene: Scene) -> None:
    """Another program, with a connection of its own, revokes the token in the database."""
    database = Database(scene.hub.settings.data)
    scene.cleanup.append(database.close)
    await database.open()
    await Tokens(database).revoke(scene.token_id, scene.clock.now())


CAUSES = {
    "a row is removed": Cause(KEPT + ALLOW, files(KEPT)),
    "a deny is added": Cause(KEPT + ALLOW, files(KEPT + ALLOW + DENY)),
    "a file is deleted": Cause(ALLOW, files("", KEPT), KEPT),
    "a membership is removed": Cause(KEPT + TEAM, files(KEPT + TEAM), MEMBER),
    "the window of a rule ends": Cause(KEPT + ALLOW.replace("always", WINDOW), end_of_time),
    "the window of a membership ends": Cause(KEPT + TEAM, end_of_time, f"g, user:alice, team:keepers, {WINDOW}\n"),
    "the token is revoked through the API": Cause(KEPT + ALLOW, revoke_by_api, ends_streams=True),
    "the token is revoked by another program": Cause(KEPT + ALLOW, revoke_in_the_store, ends_streams=True),
    "the token expires": Cause(KEPT + ALLOW, end_of_time, ends_streams=True),
}


@pytest.fixture
async def scene(hub: Hub, policies: pathlib.Path, clock: FakeClock, channel: grpc.aio.Channel) -> AsyncIterator[Scene]:
    """The hub and what acts on it."""
    made = Scene(hub, policies, clock, channel)
    yield made
    for clean in made.cleanup:
        await clean()


async def keep_changing(agent: FakeAgent) -> None:
    """An object of each namespace changes all the time, and namespaces come into use, so that there is news to leak."""
    link = await agent.connect()
    for count in range(1_000_000):
        for where in ("kept", "vault"):
            agent.put(key("pods", where, "web"), status=f"S{count}")
            if count % 5 == 0:
                agent.put(key("pods", f"{where}-{count}", "web"))
        await link.delta()
        await asyncio.sleep(0.02)


@pytest.mark.timeout(30)
@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES.keys())
async def test_a_second_after_access_ends_no_stream_says_a_byte_about_it(
    cause: Cause, scene: Scene, doors: Doors, agent: FakeAgent
) -> None:
    await in_force(scene.hub, scene.policies, cause.rules, teams=cause.teams)
    token = await scene.hub.create_token(
        "user:alice", expires_at=datetime.fromisoformat(END) if cause.ends_streams else None
    )
    scene.token_id = (await scene.hub._tokens.list())[0].id
    changing = asyncio.create_task(keep_changing(agent))
    taps = [await doors.open(kind, token) for kind in KINDS]
    for tap in taps:
        await tap.until(lambda tap: HIDDEN in tap.since(0))
    ended_at = time.monotonic()
    await cause.act(scene)
    await asyncio.sleep(ended_at + PROMISED_SECONDS + LISTENING_SECONDS - time.monotonic())
    assert not changing.done(), "there was something to leak all the time"
    late = [tap.kind for tap in taps if HIDDEN in tap.since(ended_at + PROMISED_SECONDS)]
    assert late == []
    if cause.ends_streams:
        assert [tap.kind for tap in taps if tap.ended_at is None or tap.ended_at > ended_at + PROMISED_SECONDS] == []
    else:
        assert [tap.kind for tap in taps if tap.ended_at is not None] == []
        for tap in taps:  # they go on with what is still theirs
            await tap.until(lambda tap: b"kept" in tap.since(ended_at + PROMISED_SECONDS))
    changing.cancel()
    await asyncio.gather(changing, return_exceptions=True)
