"""What monitoring is told about the hub."""

import asyncio
import pathlib
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest
import yaml
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from octokube.runtime.errors import UserError
from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.hub.policies import write_policy
from tests.hub.watching import Watcher, watching
from tests.support.waiting import HANG_SECONDS

GUIDE = pathlib.Path(__file__).parents[3] / "docs" / "operate" / "metrics.md"


@pytest.fixture
async def hub(tmp_path: pathlib.Path, policies: pathlib.Path, clock: FakeClock) -> AsyncIterator[Hub]:
    running = Hub(
        HubSettings(
            listen="127.0.0.1:0",
            data=tmp_path / "data",
            policies=policies,
            is_demo=True,
            metrics_listen="127.0.0.1:0",
        ),
        clock=clock,
    )
    await running.start()
    yield running
    await running.close()


async def fetch(hub: Hub, path: str = "/metrics", accept: str = "") -> tuple[int, str]:
    async with aiohttp.ClientSession() as session:
        url = f"http://{hub.metrics_address}{path}"
        async with session.get(url, headers={"Accept": accept} if accept else {}) as response:
            return response.status, await response.text()


async def connected(agent: FakeAgent) -> None:
    """Three pods, one of them in a namespace that alice sees."""
    for namespace in ("red", "blue", "green"):
        agent.put(key("pods", namespace, f"pod-{namespace}"))
    await agent.connect()


async def subscribed(hub: Hub) -> Watcher:
    return await watching(hub.feed, "demo:alice")


async def samples(hub: Hub) -> dict[str, float]:
    """Name with labels → value."""
    _, text = await fetch(hub)
    return {
        sample.name + "".join(f" {name}={value}" for name, value in sorted(sample.labels.items())): sample.value
        for family in parse_text(text)
        for sample in family.samples
    }


async def test_a_cluster_and_its_subscribers_are_counted(hub: Hub, agent: FakeAgent) -> None:
    before = await samples(hub)
    assert before["octokube_hub_cluster_condition cluster=c1 condition=offline"] == 1
    assert "octokube_hub_cluster_age_seconds cluster=c1" not in before
    await connected(agent)
    watcher = await subscribed(hub)
    now = await samples(hub)
    assert now["octokube_hub_cluster_condition cluster=c1 condition=live"] == 1
    assert now["octokube_hub_cluster_condition cluster=c1 condition=offline"] == 0
    assert now["octokube_hub_cluster_objects cluster=c1"] == 3
    assert now["octokube_hub_watch_streams"] == 1
    assert now["octokube_hub_audiences"] == now["octokube_hub_cluster_audiences cluster=c1"] == 1
    assert now["octokube_hub_messages_sent_total"] > 0 < now["octokube_hub_sent_bytes_total"]
    await watcher.close()


async def test_an_edit_that_is_refused_rings_the_alarm_and_one_that_is_valid_ends_it(
    hub: Hub, policies: pathlib.Path
) -> None:
    assert (await samples(hub))["octokube_hub_policy_alarm"] == 0
    (policies / "policy.csv").write_text("p, nobody\n")
    await _becomes(hub, octokube_hub_policy_alarm=1, octokube_hub_policy_refusals_total=1)
    write_policy(policies, "p, user:alice, *, red, pods, *, read, always, allow\n")
    await _becomes(
        hub,
        octokube_hub_policy_alarm=0,
        octokube_hub_policy_refusals_total=1,
        octokube_hub_policy_activations_total=2,
        octokube_hub_policy_rows=1,
    )


async def _becomes(hub: Hub, **expected: float) -> None:
    async with asyncio.timeout(HANG_SECONDS):
        found = await samples(hub)
        while any(found[name] != value for name, value in expected.items()):
            await asyncio.sleep(0.02)
            found = await samples(hub)


async def test_the_guide_names_each_metric_with_its_type_and_labels(hub: Hub, agent: FakeAgent) -> None:
    await connected(agent)
    _, text = await fetch(hub, accept="application/openmetrics-text; version=1.0.0")
    told = {
        sample.name: (family.type, ", ".join(sorted(sample.labels)))
        for family in parse_openmetrics(text)
        for sample in family.samples
    }
    rows = re.findall(r"^\| `(octokube_\w+)` \| (\w+) \| ([\w, ]*?) *\|", GUIDE.read_text(), re.MULTILINE)
    written = {name: (kind, ", ".join(sorted(labels.split(", ")))) for name, kind, labels in rows}
    assert written == told


def test_the_alerts_of_the_guide_speak_of_metrics_that_are() -> None:
    text = GUIDE.read_text()
    (block,) = re.findall(r"```yaml docs/operate/alerts.yaml\n(.*?)```", text, re.DOTALL)
    assert (GUIDE.parent / "alerts.yaml").read_text() == block
    used = {
        name
        for group in yaml.safe_load(block)["groups"]
        for rule in group["rules"]
        for name in re.findall(r"octokube_\w+", rule["expr"])
    }
    assert used
    assert used <= set(re.findall(r"`(octokube_\w+)`", text))


async def test_probes_are_answered_beside_it(hub: Hub) -> None:
    assert await fetch(hub, "/livez") == (200, "ok\n")
    assert await fetch(hub, "/readyz") == (200, "ok\n")


async def test_no_person_namespace_or_object_is_named(hub: Hub, agent: FakeAgent) -> None:
    await connected(agent)
    watcher = await subscribed(hub)
    _, text = await fetch(hub)
    for word in ("alice", "admin", "red", "pod-"):
        assert not re.search(rf"\b{word}", text)
    await watcher.close()


async def test_an_address_in_use_is_one_clear_sentence(
    hub: Hub, tmp_path: pathlib.Path, policies: pathlib.Path
) -> None:
    other = Hub(
        HubSettings(
            listen="127.0.0.1:0", data=tmp_path / "other", policies=policies, metrics_listen=hub.metrics_address
        )
    )
    with pytest.raises(UserError, match=r"can't serve metrics on 127.0.0.1:\d+ .*; choose another --metrics-listen"):
        await other.start()
