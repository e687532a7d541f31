"""Local accounts let nobody in but by the right password, seldom enough to be guessed, and are off until asked for."""

import asyncio
import pathlib
from typing import Any

import aiohttp
import grpc.aio
import pytest
from click.testing import CliRunner

from octokube.cli.people import people
from octokube.client.identity import GrpcIdentity
from octokube.runtime.channels import open_channel
from octokube.runtime.errors import UserError
from octokube.runtime.passwords import hash_password, is_password
from octokube.v1 import identity_service_pb2 as pb
from octokube.v1 import identity_service_pb2_grpc
from octokube_hub.api.password_methods import NAME_BURST, PEER_BURST
from octokube_hub.app import Hub
from octokube_hub.identity.passwords import LocalAccounts
from octokube_web.app import Gateway
from octokube_web.settings import WebSettings
from tests.hub.clocks import FakeClock
from tests.identity.conftest import ADMIN, bearer

Stub = identity_service_pb2_grpc.IdentityServiceStub
Status = grpc.StatusCode
PASSWORD = "correct-horse-battery"
HASH = hash_password(PASSWORD)


@pytest.fixture
def accounts(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "accounts"
    path.write_text(f"# who may come\n\nalice {HASH}\n")
    return path


@pytest.fixture
def hub_settings(accounts: pathlib.Path) -> dict[str, Any]:
    return {"local_accounts": accounts}


def write(path: pathlib.Path, text: str) -> None:
    path.write_text(text)


def remove(path: pathlib.Path) -> None:
    path.unlink()


async def sign_in(identity: Stub, name: str = "alice", password: str = PASSWORD) -> pb.SessionGrant:
    request = pb.SignInWithPasswordRequest(name=name, password=password)
    return (await identity.SignInWithPassword(request)).session


async def refusal(call: object) -> tuple[Status, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call  # type: ignore[misc]
    return refused.value.code(), refused.value.details() or ""


async def test_the_right_password_opens_a_session_of_that_person(identity: Stub) -> None:
    grant = await sign_in(identity)
    assert grant.subject == "user:alice"
    await identity.ListPersonalTokens(pb.ListPersonalTokensRequest(), metadata=bearer(grant.token))
    assert (await identity.GetSignInOptions(pb.GetSignInOptionsRequest())).has_passwords
    again = await identity.RefreshSession(pb.RefreshSessionRequest(refresh_token=grant.refresh_token))
    assert again.session.subject == "user:alice"


async def test_a_wrong_name_and_a_wrong_password_are_told_the_same(identity: Stub) -> None:
    wrong_password = await refusal(sign_in(identity, password="another-password"))
    wrong_name = await refusal(sign_in(identity, name="bob"))
    assert wrong_password == wrong_name
    assert wrong_name[0] is Status.UNAUTHENTICATED


async def test_a_wrong_name_costs_the_same_work(accounts: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    local, checked = LocalAccounts(accounts), list[str]()

    def check(password: str, kept: str) -> bool:
        checked.append(kept.partition("$")[0])
        return is_password(password, kept)

    monkeypatch.setattr("octokube_hub.identity.passwords.is_password", check)
    assert not await local.is_right("bob", PASSWORD)
    assert not await local.is_right("alice", "another-password")
    assert checked == ["scrypt-15-8-1"] * 2


async def test_guesses_at_one_name_are_held_back_and_let_others_in(
    identity: Stub, clock: FakeClock, accounts: pathlib.Path
) -> None:
    write(accounts, f"alice {HASH}\nbob {HASH}\n")
    for _ in range(NAME_BURST):
        assert (await refusal(sign_in(identity, password="a guess")))[0] is Status.UNAUTHENTICATED
    assert (await refusal(sign_in(identity)))[0] is Status.RESOURCE_EXHAUSTED
    assert (await sign_in(identity, "bob")).subject == "user:bob"


async def test_one_peer_can_not_try_one_password_with_every_name(identity: Stub) -> None:
    # All at once: the bucket fills again while passwords are checked.
    answers = await asyncio.gather(*(refusal(sign_in(identity, f"name{number}")) for number in range(PEER_BURST + 5)))
    assert {code for code, _ in answers} == {Status.UNAUTHENTICATED, Status.RESOURCE_EXHAUSTED}


async def test_a_changed_file_counts_at_once_and_a_broken_one_lets_nobody_in(
    identity: Stub, accounts: pathlib.Path
) -> None:
    write(accounts, f"bob {HASH}\n")
    assert (await refusal(sign_in(identity)))[0] is Status.UNAUTHENTICATED
    assert (await sign_in(identity, "bob")).subject == "user:bob"
    write(accounts, f"bob {HASH}\nalice {PASSWORD}\n")
    assert (await refusal(sign_in(identity, "bob")))[0] is Status.UNAUTHENTICATED
    remove(accounts)
    assert (await refusal(sign_in(identity, "bob")))[0] is Status.UNAUTHENTICATED


async def test_who_is_shut_out_is_so_with_the_right_password_too(identity: Stub) -> None:
    grant = await sign_in(identity)
    await identity.SetDisabled(pb.SetDisabledRequest(subject="user:alice", is_disabled=True), metadata=ADMIN)
    assert (await refusal(sign_in(identity)))[0] is Status.PERMISSION_DENIED
    listing = identity.ListPersonalTokens(pb.ListPersonalTokensRequest(), metadata=bearer(grant.token))
    assert (await refusal(listing))[0] is Status.UNAUTHENTICATED


@pytest.mark.parametrize("hub_settings", [{}])
async def test_without_a_file_there_are_no_local_accounts(identity: Stub) -> None:
    assert (await refusal(sign_in(identity)))[0] is Status.FAILED_PRECONDITION
    assert not (await identity.GetSignInOptions(pb.GetSignInOptionsRequest())).has_passwords


async def test_no_password_or_hash_is_in_what_is_stored_logged_or_answered(
    identity: Stub, hub: Hub, tmp_path: pathlib.Path, capfd: pytest.CaptureFixture[str]
) -> None:
    grant = await sign_in(identity)
    answers = [await refusal(sign_in(identity, password=f"{PASSWORD}-not")), await refusal(sign_in(identity, PASSWORD))]
    await hub.close()
    out, err = capfd.readouterr()
    stored = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
    seen = stored + f"{out}{err}{answers}".encode()
    assert b"session.refused" in seen
    for secret in (PASSWORD, HASH, HASH.rpartition("$")[2], grant.token, grant.refresh_token):
        assert secret.encode() not in seen


def test_a_broken_file_stops_the_start_and_is_not_quoted(accounts: pathlib.Path) -> None:
    write(accounts, f"alice {PASSWORD}\n")
    with pytest.raises(UserError, match="line 1") as refused:
        LocalAccounts(accounts).load()
    assert PASSWORD not in str(refused.value)


def test_the_command_line_makes_a_line_that_lets_in() -> None:
    made = CliRunner().invoke(people, ["hash-password", "alice"], input=f"{PASSWORD}\n{PASSWORD}\n")
    name, _, kept = made.stdout.strip().splitlines()[-1].partition(" ")
    assert name == "alice"
    assert is_password(PASSWORD, kept)
    assert PASSWORD not in made.stdout


async def test_a_local_account_signs_in_on_the_page(hub: Hub, clock: FakeClock) -> None:
    async with open_channel(hub.address) as channel:
        gateway = Gateway(WebSettings(listen="127.0.0.1:0"), hub.feed, identity=GrpcIdentity(channel), clock=clock)
        await gateway.start()
        headers = {"Origin": gateway.url.rstrip("/")}
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(gateway.url, headers=headers, cookie_jar=jar) as browser:
            async with browser.get("/api/v1/about") as answer:
                assert (await answer.json())["has_passwords"] is True
            for name, password in (("alice", "wrong"), ("nobody", PASSWORD), ("", "")):
                async with browser.post("/api/v1/session", json={"name": name, "password": password}) as answer:
                    assert answer.status in (400, 401)
                    assert "Set-Cookie" not in answer.headers
                    assert PASSWORD not in await answer.text()
            async with browser.post("/api/v1/session", json={"name": "alice", "password": PASSWORD}) as answer:
                assert answer.status == 204
            async with browser.get("/api/v1/session") as answer:
                assert (await answer.json())["subject"] == "user:alice"
            async with browser.delete("/api/v1/session") as answer:
                assert answer.status == 204
            async with browser.get("/api/v1/session") as answer:
                assert answer.status == 204, "nobody is signed in"
        await gateway.close()
