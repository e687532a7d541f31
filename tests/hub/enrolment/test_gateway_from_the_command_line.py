"""A gateway is enrolled by the command that an operator runs, and renews its certificate while people look on."""

import asyncio
import json
import pathlib
import re

import pytest

from octokube.client.feed import FeedError
from octokube.state import Key
from tests.hub.enrolment.helpers import ADMIN, hub_for_agents
from tests.hub.fake_agent import FakeAgent
from tests.support.browsing import browsing
from tests.support.demo import Finished, octokube
from tests.support.processes import Program
from tests.support.waiting import eventually

pytestmark = pytest.mark.timeout(90)


def gateway(hub: str, directory: pathlib.Path) -> Program:
    """The program, with a token in a file and a folder of its own."""
    arguments = [
        f"--hub={hub}",
        "--listen=127.0.0.1:0",
        f"--enrolment-token-file={directory / 'token'}",
        f"--state-dir={directory / 'state'}",
    ]
    return Program("web", "octokube_web.cli", arguments, "gateway.listening", directory)


async def test_a_gateway_enrols_renews_under_an_open_page_and_ends_what_is_open_when_it_is_revoked(
    tmp_path: pathlib.Path,
) -> None:
    async with hub_for_agents(tmp_path, agent_certificate_seconds=6.0) as hub:

        async def operator(*words: str) -> Finished:
            return await octokube(*words, OCTOKUBE_HUB=hub.address, OCTOKUBE_TOKEN=ADMIN)

        made = await operator("gateway", "enroll", "page")
        assert made.code == 0, made.err
        token = made.out.strip()
        assert f"--from-literal=token={token}" in made.err
        (tmp_path / "token").write_text(token)
        agent = FakeAgent("c1", hub.address, await hub.create_agent_credential("c1"))
        pods = [Key("pods", "red", f"pod-{number}", f"uid-{number}") for number in range(3)]
        agent.put(pods[0])
        link = await agent.connect()
        web = gateway(hub.address, tmp_path)
        try:
            url = (await web.start())["url"]
            kept = tmp_path / "state" / "identity.json"
            identity = kept.read_bytes()
            assert kept.stat().st_mode & 0o077 == 0
            async with browsing(url, ADMIN, types=("pods",)) as view:
                await view.until(lambda: view.is_live and len(view.objects("pods")) == 1)
                listed = await operator("gateway", "list")
                found = re.search(r"(\S+) +page +certificate until .* yes", listed.out)
                assert found is not None, listed.out
                await eventually(lambda: kept.read_bytes() != identity, seconds=15)
                renewed = kept.read_bytes()
                agent.put(pods[1])
                await link.flush()
                await view.until(lambda: len(view.objects("pods")) == 2)
                await eventually(lambda: kept.read_bytes() != renewed, seconds=15)
                # By now the certificate with which the stream was opened has ended.
                agent.put(pods[2])
                await link.flush()
                await view.until(lambda: len(view.objects("pods")) == 3)
                assert view.connects == 1, "no break"
                async with browsing(url, ADMIN, types=("pods",)) as later:
                    await later.until(lambda: later.is_live and len(later.objects("pods")) == 3)
                    assert later.connects == 1, "what comes goes by the new certificate"
                assert (await operator("gateway", "revoke", found[1])).code == 0
                with pytest.raises(FeedError, match="this gateway was revoked"):
                    await view.until(lambda: not view.is_live, seconds=5)
            told = json.loads((await operator("gateway", "list", "-o", "json")).out)
            assert [one["gateway_id"] for one in told if "revoked_at" in one] == [found[1]]
            assert token not in web.log_file.read_text()
        finally:
            await web.stop()
            await agent.close()


async def test_a_gateway_goes_on_with_the_identity_it_has_kept(tmp_path: pathlib.Path) -> None:
    async with hub_for_agents(tmp_path) as hub:
        made = await octokube("gateway", "enroll", "page", OCTOKUBE_HUB=hub.address, OCTOKUBE_TOKEN=ADMIN)
        (tmp_path / "token").write_text(made.out)
        web = gateway(hub.address, tmp_path)
        try:
            await web.start()
            await web.stop()
            (tmp_path / "token").unlink()
            await web.start()
        finally:
            await web.stop()


async def test_what_cannot_be_is_one_sentence(tmp_path: pathlib.Path) -> None:
    async with hub_for_agents(tmp_path) as hub:
        for words, who, sentence in (
            (("enroll", "The Page"), ADMIN, "is no name for a gateway"),
            (("enroll", "page", "--expires", "30d"), ADMIN, "at most 7 days"),
            (("enroll", "page"), "demo:alice", "refused"),
            (("revoke", "nobody"), ADMIN, "octokube gateway list"),
        ):
            finished = await octokube("gateway", *words, OCTOKUBE_HUB=hub.address, OCTOKUBE_TOKEN=who)
            assert (finished.code in (1, 2), finished.out) == (True, ""), words
            assert sentence in finished.err
            assert len(finished.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "octokube gateway enroll NAME"),
        ("okt_nothing", "this is no enrolment token"),
        ("oke_" + "0" * 12 + "." + "a" * 43 + "." + "a" * 43, "is not for the gateway"),
        ("okg_" + "0" * 12 + "." + "a" * 43 + "." + "a" * 43, "gives this gateway no certificate"),
    ],
)
async def test_a_gateway_without_a_good_token_says_what_to_do(
    tmp_path: pathlib.Path, content: str | None, sentence: str
) -> None:
    if content is not None:
        (tmp_path / "token").write_text(content)
    async with hub_for_agents(tmp_path) as hub:
        web = gateway(hub.address, tmp_path)
        with pytest.raises(AssertionError, match="web ended"):
            await web.start()
        last = web.log_file.read_text().strip().splitlines()[-1]
        assert sentence in last
        assert "Traceback" not in web.log_file.read_text()
        assert len(await asyncio.to_thread(web.log_file.read_text)) < 2000
