"""What can end somebody's access, each as the files before and an act."""

import datetime
import pathlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import grpc.aio

from octokube.v1 import admin_service_pb2
from octokube_hub.app import Hub
from octokube_hub.store import Database, Tokens
from tests.failure_modes.policies import ALLOW, DENY, END, KEPT, MEMBER, TEAM, WINDOW, in_force
from tests.hub.clocks import FakeClock
from tests.hub.policies import write_policy


@dataclass
class Scene:
    """What a cause can act on."""

    hub: Hub
    policies: pathlib.Path
    clock: FakeClock
    channel: grpc.aio.Channel
    token_id: str = ""
    verbs: str = "read"
    """What the rows allow."""
    cleanup: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def begin(self, cause: "Cause") -> str:
        """The files before come into force; a token of alice's."""
        await in_force(self.hub, self.policies, self.written(cause.rules), teams=cause.teams)
        expires_at = datetime.datetime.fromisoformat(END) if cause.ends_streams else None
        token = await self.hub.create_token("user:alice", expires_at=expires_at)
        self.token_id = (await self.hub._tokens.list())[0].id
        return token

    def written(self, rules: str) -> str:
        """Rows with these verbs."""
        return rules.replace(", read, ", f", {self.verbs}, ")

    async def close(self) -> None:
        """Lets go of what the act opened."""
        for clean in self.cleanup:
            await clean()


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
        write_policy(scene.policies, scene.written(rules), teams=scene.written(teams))

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
