"""What an identity provider says that proves nothing signs nobody in, and is told in one sentence."""

import base64
import hashlib
import json
import pathlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import grpc.aio
import pytest
from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from octokube.runtime.channels import open_channel
from octokube.v1 import cluster_service_pb2, cluster_service_pb2_grpc, identity_service_pb2_grpc
from octokube.v1 import identity_service_pb2 as pb
from octokube_hub.app import Hub
from octokube_hub.identity.oidcsettings import OidcSettings
from octokube_hub.settings import HubSettings
from tests.hub.policies import write_policy

CALLBACK = "http://127.0.0.1:7080/api/v1/signin/callback"
SECRET = "canary-client-secret"


class Liar:
    """A provider that follows the protocol, but for what a test changes: claims, header, key, answers."""

    def __init__(self) -> None:
        self.issuer = ""
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.signing: Any = self.key
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "one"}
        self.change: Callable[[dict[str, Any]], None] = lambda claims: None
        self.token: Callable[[str], str] = lambda token: token
        self.discovery: dict[str, Any] = {}
        self.nonce = ""
        self.challenge = ""
        self.answers: list[dict[str, str]] = []

    async def discover(self, request: web.Request) -> web.Response:
        document = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
        }
        return web.json_response(document | self.discovery)

    async def jwks(self, request: web.Request) -> web.Response:
        return web.json_response(KeySet([self.key]).as_dict(private=False))

    async def exchange(self, request: web.Request) -> web.Response:
        form = dict(await request.post())
        self.answers.append({name: str(value) for name, value in form.items()})
        verifier = str(form["code_verifier"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        if challenge != self.challenge or form["redirect_uri"] != CALLBACK:
            return web.json_response({"error": "invalid_grant"}, status=400)
        claims = {"iss": self.issuer, "aud": "octokube", "sub": "alice", "nonce": self.nonce, "groups": ["blues"]}
        claims |= {"iat": int(time.time()), "exp": int(time.time()) + 300}
        self.change(claims)
        token = jwt.encode(self.header, claims, self.signing, algorithms=[self.header["alg"]])
        return web.json_response({"access_token": "access", "token_type": "Bearer", "id_token": self.token(token)})

    def went_to(self, url: str) -> str:
        """Takes the browser in; the state that it brings back."""
        query = parse_qs(urlsplit(url).query)
        (self.nonce,), (self.challenge,), (state,) = query["nonce"], query["code_challenge"], query["state"]
        assert query["code_challenge_method"] == ["S256"]
        return state


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    made = Liar()
    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", made.discover)
    app.router.add_get("/jwks", made.jwks)
    app.router.add_post("/token", made.exchange)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


@pytest.fixture
async def hub(liar: Liar, tmp_path: pathlib.Path) -> AsyncIterator[Hub]:
    policies = tmp_path / "policies"
    write_policy(policies, "p, team:blues, *, blue, *, *, read, always, allow\n")
    oidc = OidcSettings(issuer=liar.issuer, client_id="octokube", client_secret=SECRET, redirect_uris=(CALLBACK,))
    running = Hub(HubSettings(listen="127.0.0.1:0", data=tmp_path / "data", policies=policies, oidc=oidc))
    await running.start()
    yield running
    await running.close()


class Door:
    """The hub's sign-in, as a gateway uses it."""

    def __init__(self, channel: grpc.aio.Channel, liar: Liar) -> None:
        self.stub = identity_service_pb2_grpc.IdentityServiceStub(channel)
        self.clusters = cluster_service_pb2_grpc.ClusterServiceStub(channel)
        self._liar = liar

    async def sign_in(self, *, state: str | None = None, issuer: str = "", pending: bytes = b"") -> pb.SessionGrant:
        begun = await self.stub.BeginSignIn(pb.BeginSignInRequest(redirect_uri=CALLBACK))
        true_state = self._liar.went_to(begun.authorization_url)
        request = pb.CompleteSignInRequest(
            pending=pending or begun.pending, state=true_state if state is None else state, code="code", issuer=issuer
        )
        answer = await self.stub.CompleteSignIn(request)
        grant: pb.SessionGrant = answer.session
        return grant

    async def refusal(self, **how: Any) -> str:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await self.sign_in(**how)
        assert refused.value.code() in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNAVAILABLE)
        sentence = refused.value.details() or ""
        assert SECRET not in sentence
        assert "eyJ" not in sentence
        return sentence


@pytest.fixture
async def door(hub: Hub, liar: Liar) -> AsyncIterator[Door]:
    async with open_channel(hub.address) as channel:
        yield Door(channel, liar)


async def test_the_truth_signs_in(door: Door) -> None:
    grant = await door.sign_in()
    who = await door.clusters.WhoAmI(
        cluster_service_pb2.WhoAmIRequest(), metadata=(("authorization", f"Bearer {grant.token}"),)
    )
    assert (who.subject, set(who.memberships)) == ("user:alice", {"team:blues", "role:everyone"})


def _set(**claims: Any) -> Callable[[dict[str, Any]], None]:
    def change(told: dict[str, Any]) -> None:
        for name, value in claims.items():
            if value is None:
                told.pop(name)
            else:
                told[name] = value

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (_set(iss="https://other.example"), "of another issuer"),
        (_set(iss=None), "of another issuer"),
        (_set(aud="another"), "for another application"),
        (_set(aud=["octokube", "another"]), "for another application"),
        (_set(aud="octokube", azp="another"), "for another application"),
        (_set(aud=None), "for another application"),
        (_set(nonce="another"), "its nonce is another"),
        (_set(nonce=None), "its nonce is another"),
        (_set(exp=int(time.time()) - 3600), "has expired"),
        (_set(exp=None), "has expired"),
        (_set(exp="tomorrow"), "has expired"),
        (_set(exp=float("nan")), "has expired"),
        (_set(iat=int(time.time()) + 3600), "of the future"),
        (_set(nbf=int(time.time()) + 3600), "of the future"),
        (_set(sub=None), "names nobody"),
        (_set(sub=""), "names nobody"),
        (_set(sub="alice, admin"), "can't be the name of a user"),
        (_set(sub="alice\nadmin"), "can't be the name of a user"),
        (_set(at_hash="another"), "do not belong together"),
    ],
)
async def test_a_wrong_claim_signs_nobody_in(
    door: Door, liar: Liar, change: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    liar.change = change
    assert sentence in await door.refusal()


async def test_a_signature_by_another_key_signs_nobody_in(door: Door, liar: Liar) -> None:
    liar.signing = RSAKey.generate_key(2048, {"kid": "one"})
    assert "signature is not the identity provider's" in await door.refusal()
    liar.signing, liar.header = RSAKey.generate_key(2048, {"kid": "two"}), {"alg": "RS256", "kid": "two"}
    assert "does not publish" in await door.refusal()
    liar.signing, liar.header = ECKey.generate_key("P-256", {"kid": "one"}), {"alg": "ES256", "kid": "one"}
    assert "signature" in await door.refusal()


async def test_a_signature_with_what_everybody_knows_signs_nobody_in(door: Door, liar: Liar) -> None:
    """HS256 with the public key, or with the client's secret, as the secret; and none at all."""
    liar.header = {"alg": "HS256", "kid": "one"}
    for known in (
        liar.key.as_pem(private=False),
        json.dumps(liar.key.as_dict(private=False)).encode(),
        SECRET.encode(),
    ):
        liar.signing = OctKey.import_key(base64.urlsafe_b64encode(known).decode())
        assert "'HS256', which is not accepted" in await door.refusal()
    liar.signing, liar.header = liar.key, {"alg": "RS256", "kid": "one"}

    def unsigned(token: str) -> str:
        header = base64.urlsafe_b64encode(b'{"alg": "none"}').rstrip(b"=").decode()
        return f"{header}.{token.split('.')[1]}."

    liar.token = unsigned
    assert "'none', which is not accepted" in await door.refusal()
    liar.token = lambda token: "x" * 100_000
    assert "too long" in await door.refusal()
    liar.token = lambda token: token.replace(".", "")
    assert "no signed token" in await door.refusal()


async def test_an_answer_to_another_sign_in_signs_nobody_in(door: Door, liar: Liar) -> None:
    assert "belongs to another sign-in" in await door.refusal(state="another")
    assert "belongs to another sign-in" in await door.refusal(state="")
    assert "has begun no sign-in" in await door.refusal(pending=b"forged")
    assert "from another identity provider" in await door.refusal(issuer="https://other.example")
    assert liar.answers == [], "no code was sent anywhere for these"


async def test_a_discovery_document_of_another_issuer_or_with_unsafe_addresses_is_not_believed(
    door: Door, liar: Liar
) -> None:
    for wrong, sentence in (
        ({"issuer": "https://other.example"}, "another issuer's"),
        ({"token_endpoint": "http://other.example/token"}, "no safe token_endpoint"),
        ({"jwks_uri": "file:///etc/passwd"}, "no safe jwks_uri"),
        ({"authorization_endpoint": 7}, "no safe authorization_endpoint"),
    ):
        liar.discovery = wrong
        assert sentence in await door.refusal()


async def test_only_a_callback_that_the_hub_was_told_is_one(door: Door) -> None:
    with pytest.raises(grpc.aio.AioRpcError, match="is no callback of this hub"):
        await door.stub.BeginSignIn(pb.BeginSignInRequest(redirect_uri="https://evil.example/api/v1/signin/callback"))


async def test_a_refresh_token_works_once_and_a_copy_of_it_ends_the_session(door: Door) -> None:
    grant = await door.sign_in()
    following = (await door.stub.RefreshSession(pb.RefreshSessionRequest(refresh_token=grant.refresh_token))).session
    with pytest.raises(grpc.aio.AioRpcError, match="refreshed by somebody else"):
        await door.stub.RefreshSession(pb.RefreshSessionRequest(refresh_token=grant.refresh_token))
    with pytest.raises(grpc.aio.AioRpcError, match="this session is over"):
        await door.stub.RefreshSession(pb.RefreshSessionRequest(refresh_token=following.refresh_token))
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await door.clusters.WhoAmI(
            cluster_service_pb2.WhoAmIRequest(), metadata=(("authorization", f"Bearer {following.token}"),)
        )
    assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_nothing_of_a_sign_in_is_written_down(door: Door, hub: Hub, capfd: pytest.CaptureFixture[str]) -> None:
    grant = await door.sign_in()
    await hub.close()
    told = capfd.readouterr()
    places = [told.out.encode(), told.err.encode()]
    places += [path.read_bytes() for path in hub.settings.data.rglob("*") if path.is_file()]
    for secret in (grant.token, grant.refresh_token, SECRET):
        assert not [place for place in places if secret.encode() in place]
