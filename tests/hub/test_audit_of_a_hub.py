"""``octokube audit list --hub`` lists what the hub's own database holds, for whom the policy lets."""

import asyncio
import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from octokube.cli.main import main
from octokube.client.feed import FeedError
from octokube.client.grpc_feed import GrpcFeed
from octokube.runtime.channels import open_channel
from octokube.v1 import cluster_service_pb2, resource_pb2
from octokube_hub.app import Hub


async def test_a_hub_tells_the_same_records_as_its_database(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_channel(hub.address) as channel:
        for name in ("one", "two", "three"):
            asked = cluster_service_pb2.GetObjectRequest(
                cluster="c1", key=resource_pb2.Key(type="pods", namespace="blue", name=name)
            )
            with pytest.raises(FeedError):
                await GrpcFeed(channel).get_object("demo:alice", asked.SerializeToString())

    def run(*words: str) -> tuple[int, str, str]:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(["audit", "list", "--user", "user:alice", "--verb", "get", *words])
        captured = capsys.readouterr()
        return int(ended.value.code or 0), captured.out, captured.err

    async def ask(*words: str, who: str = "admin") -> tuple[int, str, str]:
        monkeypatch.setenv("OCTOKUBE_TOKEN", f"demo:{who}")
        with capture_logs():  # the hub's, which share the output with the command here
            return await asyncio.to_thread(run, *words)

    code, of_hub, _ = await ask("--hub", hub.address, "-o", "json")
    assert code == 0
    _, of_file, _ = await ask("--data", str(tmp_path / "data"), "-o", "json")
    told, kept = json.loads(of_hub), json.loads(of_file)
    assert [record["question"]["name"] for record in told] == ["three", "two", "one"]
    for record in (*told, *kept):
        record.pop("at")  # to the microsecond in the one, as a float in the other
    assert told == kept
    code, out, error = await ask("--hub", hub.address, "--limit", "2")
    assert (code, len(out.splitlines()), "only the newest 2" in error) == (0, 2, True)
    code, out, error = await ask("--hub", hub.address, who="alice")
    assert (code, out) == (2, "")
    assert "the policy does not let you" in error
