"""The dashboard asks only for metrics that a hub tells, by labels that they have."""

import json
import pathlib
import re

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse_text

from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import FakeAgent

DASHBOARD = pathlib.Path(__file__).parents[2] / "docs" / "operate" / "dashboard.json"


@pytest.fixture
def panels() -> list[dict[str, object]]:
    """All panels."""
    found: list[dict[str, object]] = json.loads(DASHBOARD.read_text())["panels"]
    return found


async def test_it_uses_metrics_and_labels_that_the_endpoint_tells(
    panels: list[dict[str, list[dict[str, str]]]], policies: pathlib.Path, tmp_path: pathlib.Path, clock: FakeClock
) -> None:
    settings = HubSettings(
        listen="127.0.0.1:0", data=tmp_path / "data", policies=policies, metrics_listen="127.0.0.1:0", is_demo=True
    )
    hub = Hub(settings, clock=clock)
    await hub.start()
    agent = FakeAgent("c1", hub.address, await hub.create_agent_credential("c1"))
    await agent.connect()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://{hub.metrics_address}/metrics") as response,
    ):
        families = list(parse_text(await response.text()))
    await agent.close()
    await hub.close()
    told = {sample.name: set(sample.labels) for family in families for sample in family.samples}
    targets = [target for panel in panels for target in panel["targets"]]
    assert len(targets) > 10
    for target in targets:
        names = re.findall(r"octokube_\w+", target["expr"])
        assert names
        for name in names:
            assert name in told
            assert set(re.findall(r"{{(\w+)}}", target["legendFormat"])) <= told[name]


def test_no_panel_covers_another(panels: list[dict[str, dict[str, int]]]) -> None:
    corners = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(corners)) == len(corners)
    assert len({str(panel["id"]) for panel in panels}) == len(panels)
