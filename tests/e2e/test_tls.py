"""The programs over TLS with a CA of one's own, with the very arguments that the charts give them."""

import asyncio
import contextlib
import pathlib
import ssl
from collections.abc import AsyncIterator

import pytest

from tests.agent.suite.conftest import simulated_cluster
from tests.support.authorities import Authority, make_authority
from tests.support.browsing import browsing
from tests.support.demo import octokube
from tests.support.processes import Chain, Program

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture
async def chain(tmp_path: pathlib.Path) -> AsyncIterator[tuple[Chain, Authority]]:
    """A hub with a certificate, and agent and gateway that trust its CA and nothing else."""
    authority = make_authority(tmp_path / "own")
    policies = tmp_path / "policies"
    policies.mkdir()
    (policies / "policy.csv").write_text("p, user:alice, *, payments, *, *, read, always, allow\n")
    async with contextlib.AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(simulated_cluster(tmp_path))
        chain = Chain(tmp_path, cluster.kubeconfig, policies)
        chain.hub = Program(
            "hub",
            "octokube_hub.cli",
            [
                "serve",
                f"--data={chain.data}",
                f"--policies={policies}",
                "--listen=0.0.0.0:0",
                f"--tls-cert={authority.certificate}",
                f"--tls-key={authority.key}",
            ],
            "hub.serving",
            tmp_path,
        )
        stack.push_async_callback(chain.hub.stop)
        port = (await chain.hub.start())["address"].rpartition(":")[2]
        chain.hub_address = f"127.0.0.1:{port}"
        credential = tmp_path / "credential"
        credential.write_text(await chain.make("agent-credential", "create", chain.cluster))
        chain.agent = Program(
            "agent",
            "octokube_agent.cli",
            [
                f"--cluster={chain.cluster}",
                f"--hub={chain.hub_address}",
                f"--credential-file={credential}",
                f"--kubeconfig={cluster.kubeconfig}",
                f"--hub-ca-file={authority.ca}",
            ],
            "link.opened",
            tmp_path,
        )
        stack.push_async_callback(chain.agent.stop)
        chain.web = Program(
            "web",
            "octokube_web.cli",
            [f"--hub={chain.hub_address}", f"--hub-ca-file={authority.ca}", "--listen=127.0.0.1:0"],
            "gateway.listening",
            tmp_path,
        )
        stack.push_async_callback(chain.web.stop)
        _, listening = await asyncio.gather(chain.agent.start(), chain.web.start())
        chain.web_url = listening["url"]
        yield chain, authority


async def test_the_chain_works_over_tls_with_a_ca_of_ones_own(chain: tuple[Chain, Authority]) -> None:
    running, authority = chain
    token = await running.make("token", "create", "user:alice")
    async with browsing(running.web_url, token, types=("pods",)) as view:
        await view.until(lambda: view.is_live and view.objects("pods"))
        assert {key[1] for key in view.objects("pods")} == {"payments"}
    listed = await octokube(
        "get", "pods", "-o", "name", "-n", "payments",
        OCTOKUBE_HUB=running.hub_address, OCTOKUBE_TOKEN=token, OCTOKUBE_HUB_CA_FILE=str(authority.ca),
    )  # fmt: skip
    assert listed.code == 0, listed.err
    assert listed.out.strip()


@pytest.mark.parametrize(
    ("is_ca_given", "host", "sentence"),
    [
        (True, "127.0.0.1", "shows a certificate that no trusted CA has signed; put the file of its CA into"),
        (True, "127.0.0.2", "shows a certificate"),  # whichever of CA and name is looked at first
        (False, "127.0.0.1", "can't be reached; check OCTOKUBE_HUB"),
    ],
)
async def test_a_client_that_does_not_trust_the_hub_gets_nothing_and_one_sentence(
    chain: tuple[Chain, Authority], tmp_path: pathlib.Path, is_ca_given: bool, host: str, sentence: str
) -> None:
    """The hub's identity is checked: whoever has a certificate of another CA is not the hub."""
    running, _ = chain
    token = await running.make("token", "create", "user:alice")
    foreign = make_authority(tmp_path / "foreign")
    extra = {"OCTOKUBE_HUB_CA_FILE": str(foreign.ca)} if is_ca_given else {}
    hub = f"{host}:{running.hub_address.rpartition(':')[2]}"
    refused = await octokube("get", "pods", OCTOKUBE_HUB=hub, OCTOKUBE_TOKEN=token, **extra)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith(f"error: the hub at {hub} {sentence}"), refused.err
    assert len(refused.err.splitlines()) == 1, refused.err
    assert token not in refused.err


async def test_nothing_older_than_tls_13_reaches_the_hub(chain: tuple[Chain, Authority]) -> None:
    running, authority = chain
    host, _, port = running.hub_address.rpartition(":")
    context = ssl.create_default_context(cafile=authority.ca)
    context.set_alpn_protocols(["h2"])
    _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    assert writer.get_extra_info("ssl_object").version() == "TLSv1.3"
    writer.close()
    with contextlib.suppress(ssl.SSLError, ConnectionError):
        await writer.wait_closed()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(host, int(port), ssl=context)


async def test_a_certificate_for_another_name_is_told_as_that(chain: tuple[Chain, Authority]) -> None:
    running, authority = chain
    hub = f"127.0.0.2:{running.hub_address.rpartition(':')[2]}"
    refused = await octokube(
        "get", "pods", OCTOKUBE_HUB=hub, OCTOKUBE_TOKEN="okt_any", OCTOKUBE_HUB_CA_FILE=str(authority.ca)
    )
    assert refused.err == (
        f"error: the hub at {hub} shows a certificate for another name; "
        "use the name in OCTOKUBE_HUB that the certificate has\n"
    )


async def test_an_agent_that_trusts_another_ca_never_sends_its_credential(
    chain: tuple[Chain, Authority], tmp_path: pathlib.Path
) -> None:
    running, _ = chain
    foreign = make_authority(tmp_path / "foreign")
    await running.agent.stop()
    offset = running.agent.log_file.stat().st_size
    # The last of two equal flags wins. It says in its log that it retries, and is never welcomed.
    running.agent._ready_event = "link.wrong_hub"
    event = await running.agent.start(f"--hub-ca-file={foreign.ca}")
    log = running.agent.log_file.read_text()[offset:]
    assert "link.opened" not in log
    assert (tmp_path / "credential").read_text() not in log
    assert event


async def test_a_hub_refuses_to_serve_other_machines_in_plain_text(tmp_path: pathlib.Path) -> None:
    """Unless it is told to, in words that say so: the chart must choose, too."""
    hub = Program(
        "hub", "octokube_hub.cli", ["serve", f"--data={tmp_path}", f"--policies={tmp_path}"], "hub.serving", tmp_path
    )
    with pytest.raises(AssertionError, match="TLS"):
        await hub.start("--listen=0.0.0.0:0")
    assert "Traceback" not in hub.log_file.read_text()
    assert hub.log_file.read_text().splitlines()[-1].startswith("error: listening on 0.0.0.0:0 needs TLS")
    assert hub._process is not None
    assert hub._process.returncode == 2
    await hub.start("--listen=0.0.0.0:0", "--insecure-plaintext")
    await hub.stop()
