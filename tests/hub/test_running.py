"""Starting, stopping, and the command line: what goes wrong is told in one sentence."""

import asyncio
import pathlib
import stat
import subprocess
import sys

import pytest

from octokube.client.feed import FeedError
from octokube.client.grpc_feed import GrpcFeed
from octokube.runtime.channels import open_channel
from octokube.runtime.errors import UserError
from octokube.v1 import cluster_service_pb2 as pb
from octokube_demo.certificates import self_signed
from octokube_hub.app import Hub
from octokube_hub.settings import HubSettings
from octokube_hub.store import AuditEntry, AuditLog
from tests.hub.conftest import RULES
from tests.hub.policies import write_policy
from tests.hub.watching import watching
from tests.support.waiting import HANG_SECONDS


def settings(tmp_path: pathlib.Path, policies: pathlib.Path, **changes: object) -> HubSettings:
    """Settings that work, but for the changes."""
    fields: dict[str, object] = {"listen": "127.0.0.1:0", "data": tmp_path / "data", "policies": policies}
    return HubSettings(**{**fields, **changes})  # type: ignore[arg-type]


async def refusal(given: HubSettings) -> str:
    """Why a hub does not start."""
    hub = Hub(given)
    with pytest.raises(UserError) as refused:
        await hub.start()
    assert refused.value.exit_code == 2
    assert "\n" not in str(refused.value)
    return str(refused.value)


async def test_a_port_in_use_is_told(tmp_path: pathlib.Path, policies: pathlib.Path, hub: Hub) -> None:
    text = await refusal(settings(tmp_path / "other", policies, listen=hub.address))
    assert text == f"can't listen on {hub.address}: it is in use or not this machine's; choose another"


async def test_a_bad_policy_is_told_with_file_and_line(tmp_path: pathlib.Path, policies: pathlib.Path) -> None:
    write_policy(policies, "p, nonsense\n")
    assert "policy.csv:1:" in await refusal(settings(tmp_path, policies))
    assert "does not exist" in await refusal(settings(tmp_path, tmp_path / "nowhere"))


async def test_a_data_directory_that_is_a_file_is_told(tmp_path: pathlib.Path, policies: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    assert "--data" in await refusal(settings(tmp_path, policies, data=tmp_path / "file"))
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "hub.sqlite").write_bytes(b"this is no database" * 1000)
    assert "hub.sqlite" in await refusal(settings(tmp_path, policies, data=broken))


async def test_tls_files_that_cannot_work_are_told(tmp_path: pathlib.Path, policies: pathlib.Path) -> None:
    (tmp_path / "cert.pem").write_text("no certificate")
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nbroken\n-----END PRIVATE KEY-----\n")
    cert, tls_key = tmp_path / "cert.pem", tmp_path / "key.pem"
    assert "both --tls-cert and --tls-key" in await refusal(settings(tmp_path, policies, tls_cert=cert))
    assert "not a PEM certificate" in await refusal(settings(tmp_path, policies, tls_cert=cert, tls_key=tls_key))
    cert.write_bytes(self_signed().certificate_pem)
    assert "not a PEM certificate" in await refusal(settings(tmp_path, policies, tls_cert=cert, tls_key=tls_key))
    missing = tmp_path / "missing.pem"
    assert "missing.pem" in await refusal(settings(tmp_path, policies, tls_cert=missing, tls_key=missing))


async def test_plain_text_beyond_this_machine_is_refused(tmp_path: pathlib.Path, policies: pathlib.Path) -> None:
    assert "needs TLS" in await refusal(settings(tmp_path, policies, listen="0.0.0.0:0"))
    assert "host:port" in await refusal(settings(tmp_path, policies, listen="nonsense"))


async def test_the_database_is_readable_by_its_owner_only(hub: Hub) -> None:
    for path in hub.settings.data.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


async def test_a_hub_leaves_no_task_behind(tmp_path: pathlib.Path, policies: pathlib.Path) -> None:
    before = asyncio.all_tasks()
    hub = Hub(settings(tmp_path, policies, is_demo=True))
    await hub.start()
    stream = hub.feed.watch("demo:alice", peer="")
    reading = asyncio.create_task(stream.receive())
    await asyncio.sleep(0)
    await hub.close()
    await asyncio.gather(reading, return_exceptions=True)
    await stream.close()
    assert {task.get_name() for task in asyncio.all_tasks() - before} == set()


async def test_a_stream_that_is_being_opened_while_the_hub_stops_ends_with_it(hub: Hub) -> None:
    """Found by the simulator: the token was checked only after the stop, and the stream then waited for ever."""
    token = await hub.create_token("user:alice")
    stream = hub.feed.watch(token, peer="")
    await stream.send(pb.WatchRequest(subscribe=pb.Subscribe()).SerializeToString())
    reading = asyncio.create_task(stream.receive())
    await asyncio.sleep(0)  # it has begun to ask for the token
    hub.feed.stop()
    async with asyncio.timeout(HANG_SECONDS):
        with pytest.raises(FeedError, match="has stopped"):
            await reading


async def test_tokens_and_the_sealing_key_survive_a_restart(tmp_path: pathlib.Path, policies: pathlib.Path) -> None:
    hub = Hub(settings(tmp_path, policies))
    await hub.start()
    token = await hub.create_token("user:alice")
    assert hub._fanout is not None
    sealer = hub._fanout._sealer
    await hub.create_agent_credential("c1")
    await hub.close()
    again = Hub(settings(tmp_path, policies))
    await again.start()
    assert (await again.feed.who_am_i(token)).subject == "user:alice"
    assert [replica.cluster for replica in again.registry] == ["c1"], "a cluster is known before its agent is back"
    assert again._fanout is not None
    from octokube_hub.fanout.resume import ResumeState

    state = ResumeState(bytes(16), 1, bytes(16), bytes(16))
    assert again._fanout._sealer.open("c1", sealer.seal("c1", state)) == state
    await again.close()


async def test_an_invalid_policy_edit_is_recorded_and_the_former_stays(hub: Hub, policies: pathlib.Path) -> None:
    revision = hub._policy.current.revision if hub._policy is not None else ""
    write_policy(policies, "p, nonsense\n")
    async with asyncio.timeout(HANG_SECONDS):
        while not (found := [r for r in await hub._audit.list() if r.action == "policy.rejected"]):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    assert "policy.csv:1" in found[0].message
    assert hub._policy is not None
    assert hub._policy.current.revision == revision


def octokube_hub(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs the command."""
    return subprocess.run(
        [sys.executable, "-m", "octokube_hub.cli", *arguments], capture_output=True, text=True, timeout=20
    )


async def test_the_command_line_makes_and_revokes_tokens_while_the_hub_runs(hub: Hub) -> None:
    data = str(hub.settings.data)
    made = await asyncio.to_thread(octokube_hub, "token", "create", "user:admin", "--data", data)
    token = made.stdout.strip()
    async with open_channel(hub.address) as channel:
        feed = GrpcFeed(channel)
        assert (await feed.who_am_i(token)).subject == "user:admin"
        await hub.create_agent_credential("c1")
        from tests.hub.fake_agent import FakeAgent

        agent = FakeAgent("c1", hub.address, await hub.create_agent_credential("c1"))
        await agent.connect()
        watcher = await watching(feed, token)
        listed = await asyncio.to_thread(octokube_hub, "token", "list", "--data", data)
        assert "user:admin" in listed.stdout
        assert token not in listed.stdout
        await asyncio.to_thread(octokube_hub, "token", "revoke", "user:admin", "--data", data)
        async with asyncio.timeout(1.0):
            while await watcher.read():
                pass
        assert watcher.close_message is not None
        await agent.close()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("token", "create", "alice"), "user:NAME"),
        (("token", "revoke", "nobody"), "octokube-hub token list"),
        (("agent-credential", "create", "Not A Name"), "lower-case"),
        (("serve", "--policies", "/nowhere"), "does not exist"),
    ],
)
def test_bad_input_on_the_command_line_is_one_sentence(
    tmp_path: pathlib.Path, arguments: tuple[str, ...], text: str
) -> None:
    result = octokube_hub(*arguments, "--data", str(tmp_path))
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert text in result.stderr


async def test_a_policy_that_is_invalid_at_the_start_is_recorded_too(
    tmp_path: pathlib.Path, policies: pathlib.Path
) -> None:
    write_policy(policies, "p, nonsense\n")
    with pytest.raises(UserError, match=r"policy\.csv:1"):
        await Hub(settings(tmp_path, policies)).start()
    write_policy(policies, RULES)
    later = Hub(settings(tmp_path, policies))
    await later.start()
    actions = [record.action for record in await later._audit.list()]
    await later.close()
    assert actions == ["policy.activated", "policy.rejected"]


async def test_a_revision_is_on_record_before_it_is_in_force(
    tmp_path: pathlib.Path, policies: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(settings(tmp_path, policies))
    await hub.start()
    assert hub._policy is not None
    former = hub._policy.current.revision
    in_force_when_recorded: list[str] = []
    record = AuditLog.record

    async def observe(log: AuditLog, entry: AuditEntry) -> int:
        id = await record(log, entry)
        if entry.action == "policy.activated":
            assert hub._policy is not None
            assert entry.target != former
            in_force_when_recorded.append(hub._policy.current.revision)
        return id

    monkeypatch.setattr(AuditLog, "record", observe)
    write_policy(policies, RULES + "p, user:carol, *, red, *, *, read, always, allow\n")
    async with asyncio.timeout(HANG_SECONDS):
        while hub._policy.current.revision == former:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await hub.close()
    assert in_force_when_recorded == [former]


async def test_a_store_that_fails_keeps_no_edit_from_coming_into_force(
    tmp_path: pathlib.Path, policies: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = Hub(settings(tmp_path, policies))
    await hub.start()
    assert hub._policy is not None
    former = hub._policy.current.revision

    async def fail(log: AuditLog, entry: AuditEntry) -> int:
        raise OSError("no space left on device")

    monkeypatch.setattr(AuditLog, "record", fail)
    write_policy(policies, RULES + "p, role:everyone, *, red, *, *, *, always, deny\n")
    async with asyncio.timeout(HANG_SECONDS):
        while hub._policy.current.revision == former:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    monkeypatch.undo()
    await hub.close()
