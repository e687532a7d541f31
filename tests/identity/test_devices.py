"""A program signs in as somebody who confirms it: once, in time, and only if they have signed in themselves."""

import asyncio
import datetime
import json
import pathlib
import re
import stat
from collections.abc import AsyncIterator

import aiohttp
import grpc.aio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube.client.identity import GrpcIdentity
from octokube.runtime.channels import open_channel
from octokube.v1 import identity_service_pb2 as pb
from octokube.v1 import identity_service_pb2_grpc
from octokube_hub.api.device_methods import GUESS_BURST
from octokube_hub.app import Hub
from octokube_hub.identity.devices import CODE_LENGTH, LETTERS, LIFE, MAX_PENDING, Devices, Full, normal
from octokube_web.app import Gateway
from octokube_web.settings import WebSettings
from tests.hub.clocks import FakeClock
from tests.identity.conftest import ADMIN, ALICE, bearer
from tests.support.demo import octokube, started

Stub = identity_service_pb2_grpc.IdentityServiceStub
Status = grpc.StatusCode


async def begin(identity: Stub, name: str = "octokube on a laptop") -> pb.BeginDeviceSignInResponse:
    return await identity.BeginDeviceSignIn(pb.BeginDeviceSignInRequest(client_name=name))


async def complete(identity: Stub, begun: pb.BeginDeviceSignInResponse) -> pb.CompleteDeviceSignInResponse:
    return await identity.CompleteDeviceSignIn(pb.CompleteDeviceSignInRequest(device_code=begun.device_code))


async def refusal(call: object) -> tuple[Status, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call  # type: ignore[misc]
    return refused.value.code(), refused.value.details() or ""


async def test_a_program_gets_a_token_once_somebody_has_let_it_in(identity: Stub, clock: FakeClock) -> None:
    begun = await begin(identity)
    assert re.fullmatch(f"[{LETTERS}]{{4}}-[{LETTERS}]{{4}}", begun.user_code)
    assert (await refusal(complete(identity, begun)))[0] is Status.FAILED_PRECONDITION
    asked = pb.GetDeviceSignInRequest(user_code=begun.user_code.lower().replace("-", " "))
    told = await identity.GetDeviceSignIn(asked, metadata=ALICE)
    assert told.client_name == "octokube on a laptop"
    confirmation = pb.ConfirmDeviceSignInRequest(user_code=begun.user_code, is_confirmed=True)
    await identity.ConfirmDeviceSignIn(confirmation, metadata=ALICE)
    done = await complete(identity, begun)
    assert done.subject == "user:alice"
    tokens = await identity.ListPersonalTokens(pb.ListPersonalTokensRequest(), metadata=bearer(done.token))
    assert [one.token_id for one in tokens.tokens] == [done.token_id]
    assert (await refusal(complete(identity, begun)))[0] is Status.NOT_FOUND, "it is fetched once"
    again = identity.ConfirmDeviceSignIn(confirmation, metadata=ADMIN)
    assert (await refusal(again))[0] is Status.NOT_FOUND, "a code is confirmed once"


async def test_one_that_is_refused_or_late_gets_nothing(identity: Stub, clock: FakeClock) -> None:
    begun = await begin(identity)
    no = pb.ConfirmDeviceSignInRequest(user_code=begun.user_code, is_confirmed=False)
    await identity.ConfirmDeviceSignIn(no, metadata=ALICE)
    assert await refusal(complete(identity, begun)) == (Status.PERMISSION_DENIED, "it was refused in the browser")
    late = await begin(identity)
    clock.advance(LIFE.total_seconds())
    yes = pb.ConfirmDeviceSignInRequest(user_code=late.user_code, is_confirmed=True)
    assert (await refusal(identity.ConfirmDeviceSignIn(yes, metadata=ALICE)))[0] is Status.NOT_FOUND
    assert (await refusal(complete(identity, late)))[0] is Status.NOT_FOUND


async def test_a_program_that_asks_too_often_is_slowed_down(identity: Stub, clock: FakeClock) -> None:
    begun = await begin(identity)
    assert (await refusal(complete(identity, begun)))[0] is Status.FAILED_PRECONDITION
    assert (await refusal(complete(identity, begun)))[0] is Status.RESOURCE_EXHAUSTED
    clock.advance(begun.interval_seconds)
    assert (await refusal(complete(identity, begun)))[0] is Status.FAILED_PRECONDITION


async def test_nobody_lets_a_program_in_by_a_token_that_they_carry_about(identity: Stub) -> None:
    made = await identity.CreatePersonalToken(pb.CreatePersonalTokenRequest(), metadata=ALICE)
    begun = await begin(identity)
    for call in (identity.GetDeviceSignIn, identity.ConfirmDeviceSignIn):
        request = (
            pb.GetDeviceSignInRequest(user_code=begun.user_code)
            if call is identity.GetDeviceSignIn
            else pb.ConfirmDeviceSignInRequest(user_code=begun.user_code, is_confirmed=True)
        )
        assert (await refusal(call(request, metadata=bearer(made.token))))[0] is Status.PERMISSION_DENIED
        assert (await refusal(call(request)))[0] is Status.UNAUTHENTICATED


async def test_codes_are_not_guessed(identity: Stub) -> None:
    codes = set()
    for _ in range(GUESS_BURST + 2):
        call = identity.GetDeviceSignIn(pb.GetDeviceSignInRequest(user_code="BBBB-BBBB"), metadata=ALICE)
        codes.add((await refusal(call))[0])
    assert codes == {Status.NOT_FOUND, Status.RESOURCE_EXHAUSTED}


@pytest.mark.parametrize("name", ["", "x" * 101, "laptop\x1b[2J", "two\nlines"])
async def test_a_name_that_could_deceive_is_refused(identity: Stub, name: str) -> None:
    assert (await refusal(begin(identity, name)))[0] is Status.INVALID_ARGUMENT


def test_so_many_wait_at_once_and_room_comes_with_time() -> None:
    clock = FakeClock()
    devices = Devices(clock)
    for _ in range(MAX_PENDING):
        devices.begin("one")
    with pytest.raises(Full):
        devices.begin("one too many")
    clock.advance(LIFE.total_seconds())
    devices.begin("another")
    assert len(devices) == 1


@given(st.text(max_size=20))
def test_whatever_is_typed_is_a_code_or_none(typed: str) -> None:
    devices = Devices(FakeClock())
    device, _ = devices.begin("one")
    found = devices.find(typed)
    assert found is None or normal(typed) == device.user_code
    assert devices.find(f" {device.user_code.lower().replace('-', '')}\n") is device
    assert len(device.user_code.replace("-", "")) == CODE_LENGTH


@pytest.fixture
async def gateway(hub: Hub) -> AsyncIterator[Gateway]:
    async with open_channel(hub.address) as channel:
        running = Gateway(WebSettings(listen="127.0.0.1:0"), hub.feed, identity=GrpcIdentity(channel))
        await running.start()
        hub.public_url = running.url
        yield running
        await running.close()


@pytest.mark.timeout(60)
async def test_octokube_login_keeps_a_token_that_only_its_owner_can_read(
    hub: Hub, gateway: Gateway, clock: FakeClock, tmp_path: pathlib.Path
) -> None:
    clock.set(datetime.datetime.now(datetime.UTC).isoformat())
    here = {"OCTOKUBE_HUB": hub.address, "XDG_CONFIG_HOME": str(tmp_path)}
    nobody = await octokube("token", "list", **here)
    assert (nobody.code, "run octokube login" in nobody.err) == (2, True)
    async with started("login", **here) as process:
        assert process.stdout is not None
        opened = (await process.stdout.readline()).decode()
        found = re.fullmatch(r"Open (\S+)\?code=(\S+)\n", opened)
        assert found is not None, opened
        assert found[1] == f"{gateway.url}device"
        headers = {"Origin": gateway.url.rstrip("/")}
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(gateway.url, headers=headers, cookie_jar=jar) as browser:
            code = {"user_code": found[2]}
            async with browser.post("/api/v1/device", json=code) as answer:
                assert answer.status == 401
            async with browser.post("/api/v1/session", json={"token": "demo:alice"}) as answer:
                assert answer.status == 200
            async with browser.post("/api/v1/device", json=code) as answer:
                assert "octokube on" in (await answer.json())["client_name"]
            for wrong in ({}, {"user_code": 7}, {**code, "is_confirmed": "yes"}, []):
                async with browser.post("/api/v1/device/decision", json=wrong) as answer:
                    assert answer.status == 400
            async with browser.post("/api/v1/device/decision", json={**code, "is_confirmed": True}) as answer:
                assert answer.status == 200
        async with asyncio.timeout(20):
            rest = (await process.stdout.read()).decode()
            assert await process.wait() == 0
        assert f"You are signed in at {hub.address} as user:alice" in rest
    file = tmp_path / "octokube" / "sign-ins.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    token = json.loads(file.read_text())[hub.address]["token"]
    assert token not in opened + rest
    mine = await octokube("token", "list", **here)
    assert (mine.code, "signed in with octokube on" in mine.out) == (0, True)
    assert (await octokube("logout", **here)).out == f"You are signed out at {hub.address}.\n"
    gone = await octokube("token", "list", **here, OCTOKUBE_TOKEN=token)
    assert (gone.code, "does not accept this token" in gone.err) == (2, True)
    again = await octokube("logout", **here)
    assert (again.code, again.err) == (1, f"error: you are not signed in at {hub.address}\n")
