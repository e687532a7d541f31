"""An agent is enrolled by the command that an operator runs, renews its certificate, and ends when it is revoked."""

import asyncio
import json
import pathlib
import re

import pytest

from octokube_agent.app import Agent
from octokube_agent.settings import AgentSettings
from tests.agent.suite.conftest import simulated_cluster
from tests.hub.enrolment.helpers import ADMIN, hub_for_agents
from tests.support.demo import Finished, octokube
from tests.support.running import running_agent
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(90)


async def test_an_agent_enrols_renews_without_a_break_and_ends_when_it_is_revoked(tmp_path: pathlib.Path) -> None:
    state = tmp_path / "state"
    async with (
        hub_for_agents(tmp_path, agent_certificate_seconds=6.0) as hub,
        simulated_cluster(tmp_path) as cluster,
    ):

        async def operator(*words: str) -> Finished:
            return await octokube(*words, OCTOKUBE_HUB=hub.address, OCTOKUBE_TOKEN=ADMIN)

        made = await operator("agent", "enroll", "--cluster", "prod-eu")
        assert made.code == 0, made.err
        token = made.out.strip()
        assert f"--set cluster=prod-eu --set hub.address={hub.address}" in made.err
        assert f"--set enrolment.token={token}" in made.err
        (tmp_path / "token").write_text(token)
        settings = AgentSettings(
            cluster="prod-eu",
            hub=hub.address,
            enrolment_token_file=str(tmp_path / "token"),
            state_dir=str(state),
            kubeconfig=str(cluster.kubeconfig),
        )
        async with running_agent(settings) as agent:
            assert isinstance(agent, Agent)
            replica = await eventually(lambda: hub.registry.get("prod-eu"))
            await eventually(lambda: len(replica.store.all()) > 100)
            version, horizon = replica.store.version, replica.store.horizon
            listed = await operator("agent", "list")
            found = re.search(r"(\S+) +prod-eu +certificate until .* yes", listed.out)
            assert found is not None, listed.out
            identity = await asyncio.to_thread((state / "identity.json").read_bytes)
            await eventually(lambda: (state / "identity.json").read_bytes() != identity, seconds=15)
            assert replica.store.version >= version
            assert replica.store.horizon == horizon, "no snapshot, and no break"
            assert token not in (state / "identity.json").read_text()
            assert (await operator("agent", "revoke", found[1])).code == 0
            told = json.loads((await operator("agent", "list", "-o", "json")).out)
            await eventually(lambda: replica.state.reason != "", seconds=5)
            assert [one["agent_id"] for one in told if "revoked_at" in one] == [found[1]]


async def test_what_cannot_be_is_one_sentence(tmp_path: pathlib.Path) -> None:
    async with hub_for_agents(tmp_path) as hub:
        for words, who, sentence in (
            (("enroll", "--cluster", "Prod EU"), ADMIN, "is no name for a cluster"),
            (("enroll", "--cluster", "prod-eu", "--expires", "30d"), ADMIN, "at most 7 days"),
            (("enroll", "--cluster", "prod-eu"), "demo:alice", "refused"),
            (("revoke", "nobody"), ADMIN, "refused"),
        ):
            finished = await octokube("agent", *words, OCTOKUBE_HUB=hub.address, OCTOKUBE_TOKEN=who)
            assert (finished.code in (1, 2), finished.out) == (True, ""), words
            assert sentence in finished.err
            assert len(finished.err.splitlines()) == 1
