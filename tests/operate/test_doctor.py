"""octokube doctor finds each planted misconfiguration by name, and finds nothing wrong with what is in order."""

import asyncio
import datetime
import json
import pathlib
import sqlite3
from contextlib import closing

import pytest
from aiohttp import web
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from octokube.cli import examining
from octokube.cli.doctor import doctor
from octokube.v1 import admin_service_pb2 as pb
from octokube_hub.app import Hub
from tests.hub.fake_agent import FakeAgent

NOW = datetime.datetime.now(datetime.UTC)


def issued(
    name: str, days: float, issuer: tuple[x509.Certificate, ec.EllipticCurvePrivateKey] | None = None
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - datetime.timedelta(days=400))
        .not_valid_after(NOW + datetime.timedelta(days=days))
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    return made, key


def written(
    folder: pathlib.Path, chain: list[x509.Certificate], key: ec.EllipticCurvePrivateKey
) -> tuple[pathlib.Path, pathlib.Path]:
    pem = serialization.Encoding.PEM
    (folder / "tls.crt").write_bytes(b"".join(one.public_bytes(pem) for one in chain))
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "tls.key").write_bytes(secret)
    return folder / "tls.crt", folder / "tls.key"


async def run(*arguments: str, token: str = "") -> tuple[int, dict[str, dict[str, str]]]:
    runner = CliRunner(env={"OCTOKUBE_HUB": None, "OCTOKUBE_TOKEN": token})
    found = await asyncio.to_thread(runner.invoke, doctor, [*arguments, "-o", "json"], standalone_mode=False)
    assert found.exception is None, found.exception
    return found.return_value, {one["check"]: one for one in json.loads(found.stdout)}


async def finds(check: str, *arguments: str, token: str = "") -> str:
    """What the doctor tells of the check, after it was shown to be wrong and to advise something."""
    code, told = await run(*arguments, token=token)
    assert code == 1
    assert told[check]["advice"]
    return told[check]["told"]


async def test_nothing_is_wrong_with_what_is_in_order(
    hub: Hub, agent: FakeAgent, policies: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    await agent.connect()
    cert, key = written(tmp_path, *((one := issued("hub", 300)) and ([one[0]], one[1])))
    paths = ["--data", str(tmp_path / "data"), "--policies", str(policies), "--tls-cert", str(cert)]
    code, told = await run(*paths, "--tls-key", str(key), "--hub", hub.address, token="demo:admin")
    assert code == 0, told
    assert set(told) >= {
        "data-directory",
        "disk-space",
        "database",
        "policy",
        "certificate",
        "certificate-dates",
        "hub",
    }


async def test_a_data_directory_that_is_a_file(tmp_path: pathlib.Path) -> None:
    (tmp_path / "data").write_text("")
    await finds("data-directory", "--data", str(tmp_path / "data"))


async def test_a_key_that_others_may_read(tmp_path: pathlib.Path) -> None:
    (tmp_path / "authority.pem").write_text("")
    (tmp_path / "authority.pem").chmod(0o644)
    assert "authority.pem" in await finds("data-directory", "--data", str(tmp_path))


async def test_a_disk_that_is_nearly_full(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "MIN_FREE_BYTES", 2**60)
    await finds("disk-space", "--data", str(tmp_path))


async def test_an_audit_log_that_lost_a_record(hub: Hub, tmp_path: pathlib.Path) -> None:
    await hub.create_agent_credential("c1")
    await hub.create_agent_credential("c2")
    with closing(sqlite3.connect(tmp_path / "data" / "hub.sqlite")) as connection:
        for (trigger,) in connection.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            connection.execute(f"drop trigger {trigger}")
        connection.execute("delete from audit_records where id = 2")
        connection.commit()
    assert "missing" in await finds("database", "--data", str(tmp_path / "data"))


async def test_a_policy_that_is_not_valid(policies: pathlib.Path) -> None:
    (policies / "policy.csv").write_text("p, broken")
    assert "policy.csv:1" in await finds("policy", "--policies", str(policies))


async def test_a_key_of_another_certificate(tmp_path: pathlib.Path) -> None:
    cert, key = written(tmp_path, [issued("hub", 300)[0]], issued("hub", 300)[1])
    await finds("certificate", "--tls-cert", str(cert), "--tls-key", str(key))


@pytest.mark.parametrize(("days", "words"), [(-1, "expired"), (3, "expires soon")])
async def test_a_certificate_that_has_expired_or_soon_will(tmp_path: pathlib.Path, days: float, words: str) -> None:
    made, secret = issued("hub", days)
    cert, key = written(tmp_path, [made], secret)
    assert words in await finds("certificate-dates", "--tls-cert", str(cert), "--tls-key", str(key))


async def test_a_chain_with_an_authority_that_has_not_signed(tmp_path: pathlib.Path) -> None:
    made, secret = issued("hub", 300, issued("ours", 300))
    cert, key = written(tmp_path, [made, issued("ours", 300)[0]], secret)
    await finds("certificate-chain", "--tls-cert", str(cert), "--tls-key", str(key))


async def test_a_hub_that_is_not_there(unused_tcp_port: int) -> None:
    assert "can't be reached" in await finds("hub", "--hub", f"127.0.0.1:{unused_tcp_port}", token="demo:admin")


async def test_a_token_that_is_refused(hub: Hub) -> None:
    await finds("token", "--hub", hub.address, token="wrong")


async def test_an_agent_that_is_away(hub: Hub, agent: FakeAgent) -> None:
    assert "c1" in await finds("cluster", "--hub", hub.address, token="demo:admin")


async def served(issuer: str, date: str = "") -> tuple[web.AppRunner, str]:
    async def answer(request: web.Request) -> web.Response:
        told = issuer or f"http://{request.host}"
        return web.json_response({"issuer": told}, headers={"Date": date} if date else {})

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    return runner, f"http://{host}:{port}"


async def test_a_provider_that_is_not_there(unused_tcp_port: int) -> None:
    await finds("openid-provider", "--oidc-issuer", f"http://127.0.0.1:{unused_tcp_port}")


async def test_a_provider_that_calls_itself_otherwise() -> None:
    runner, address = await served("https://other.example")
    assert "other.example" in await finds("openid-provider", "--oidc-issuer", address)
    await runner.cleanup()


async def test_a_clock_that_is_off_from_the_providers() -> None:
    runner, address = await served("", "Mon, 01 Jan 2024 00:00:00 GMT")
    await finds("clock", "--oidc-issuer", address)
    await runner.cleanup()


def test_an_agent_two_minor_versions_behind() -> None:
    status = pb.GetHubStatusResponse(version="0.5.0")
    status.clusters.add(name="near", agent_version="0.4.9")
    status.clusters.add(name="far", agent_version="0.3.1")
    told = " ".join(one.told for one in examining.versions(status))
    assert "agent far is 0.3.1" in told
    assert "near" not in told
