"""Who may speak through the gateway, and from which page."""

import aiohttp
import pytest

from octokube.runtime.errors import UserError
from octokube_web.app import SIGN_IN_BURST, Gateway
from octokube_web.encoding import PROTO
from octokube_web.origins import Origins
from octokube_web.sessions import Sessions
from octokube_web.settings import WebSettings
from octokube_web.tickets import LIFE_SECONDS, MOST_OF_SESSION, PREFIX, Tickets
from tests.support.sockets import open_socket, ticket
from tests.web.fake_feed import FakeFeed


class FakeClock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> None: ...


async def test_signing_in_gives_a_cookie_that_scripts_and_other_sites_cannot_use(
    browser: aiohttp.ClientSession,
) -> None:
    async with browser.post("/api/v1/session", json={"token": " alice\n"}) as response:
        assert response.status == 200
        assert (await response.json())["subject"] == "user:alice"
        cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "alice" not in cookie
    async with browser.get("/api/v1/session") as response:
        assert (await response.json())["memberships"] == ["team:payments"]


async def test_a_refused_token_is_one_sentence_and_no_cookie(browser: aiohttp.ClientSession) -> None:
    async with browser.post("/api/v1/session", json={"token": "mallory"}) as response:
        assert response.status == 401
        assert (await response.json())["error"] == {"code": "UNAUTHENTICATED", "message": "the token is not known"}
        assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize("body", [b"", b"[]", b'{"token": 1}', b'{"token": "a\\nb"}', b'{"token": ""}', b"\xff"])
async def test_a_malformed_sign_in_is_a_bad_request(browser: aiohttp.ClientSession, body: bytes) -> None:
    async with browser.post("/api/v1/session", data=body, headers={"Content-Type": "application/json"}) as response:
        assert response.status == 400


async def test_a_form_of_another_content_type_is_a_bad_request(browser: aiohttp.ClientSession) -> None:
    async with browser.post("/api/v1/session", data=b'{"token": "alice"}') as response:
        assert response.status == 400


async def test_signing_out_ends_the_session_and_its_sockets(signed_in: aiohttp.ClientSession) -> None:
    async with await open_socket(signed_in) as ws:
        await ws.receive_bytes()
        async with signed_in.delete("/api/v1/session") as response:
            assert response.status == 204
        message = await ws.receive()
        assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
        assert ws.close_code == 4401
    async with signed_in.get("/api/v1/session") as response:
        assert response.status == 204, "the browser has no cookie any more, and says nothing of who it is"
    async with signed_in.get("/api/v1/session", cookies={"octokube": "of-before"}) as response:
        assert response.status == 401


async def test_a_hub_that_is_away_is_no_reason_to_sign_out(signed_in: aiohttp.ClientSession, feed: FakeFeed) -> None:
    feed.is_down = True
    async with signed_in.get("/api/v1/session") as response:
        assert response.status == 503
    async with signed_in.get("/readyz") as response:
        assert response.status == 503
    feed.is_down = False
    async with signed_in.get("/api/v1/session") as response:
        assert response.status == 200


@pytest.mark.parametrize(
    "origin",
    [None, "null", "http://evil.example", "https://127.0.0.1:{port}", "http://127.0.0.1:1", "http://127.0.0.1:{port}.evil",
     "http://127.0.0.1", "https://octokube.example.com.evil"],
)  # fmt: skip
async def test_a_page_of_another_origin_can_use_neither_cookie_nor_socket(
    gateway: Gateway, signed_in: aiohttp.ClientSession, origin: str | None
) -> None:
    port = gateway.url.rstrip("/").rpartition(":")[2]
    headers = {"Origin": origin.format(port=port)} if origin else {}
    cookies = {cookie.key: cookie.value for cookie in signed_in.cookie_jar}
    async with aiohttp.ClientSession(gateway.url, cookies=cookies, headers=headers) as foreign:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await foreign.ws_connect("/api/v1/socket", protocols=["octokube.v1.proto"])
        for method, path in (("DELETE", "/api/v1/session"), ("POST", "/api/v1/tickets")):
            async with foreign.request(method, path) as response:
                assert response.status == 403
    async with signed_in.get("/api/v1/session") as response:
        assert response.status == 200


async def test_a_program_with_a_token_needs_no_origin(gateway: Gateway) -> None:
    async with (
        aiohttp.ClientSession(gateway.url, headers={"Authorization": "Bearer bob"}) as program,
        program.ws_connect("/api/v1/socket", protocols=["octokube.v1.json"]) as ws,
    ):
        assert (await ws.receive_json())["hello"]["whoAmI"]["subject"] == "user:bob"


async def test_a_foreign_name_for_loopback_is_not_served(gateway: Gateway) -> None:
    async with (
        aiohttp.ClientSession(gateway.url, headers={"Host": "rebound.example:80"}) as rebound,
        rebound.get("/api/v1/about") as response,
    ):
        assert response.status == 421


def test_a_configured_origin_is_accepted_whatever_the_host() -> None:
    origins = Origins(("https://octokube.example.com",), is_tls=True, is_listening_on_loopback=True)
    assert origins.is_allowed("https://octokube.example.com", "octokube.example.com")
    assert origins.is_allowed("https://OCTOKUBE.example.com", "127.0.0.1:7080")
    assert not origins.is_allowed("http://octokube.example.com", "octokube.example.com")
    assert origins.is_host_allowed("[::1]:7080")


def test_a_session_ends_by_the_clock() -> None:
    clock = FakeClock()
    sessions = Sessions(lifetime_seconds=60, limit=10, clock=clock)  # type: ignore[arg-type]
    session = sessions.begin("alice", subject="user:alice")
    clock.seconds = 59
    assert sessions.find(session.id) is session
    clock.seconds = 60
    assert sessions.find(session.id) is None
    assert session.ended.is_set()


def test_a_full_table_of_sessions_drops_the_oldest() -> None:
    sessions = Sessions(lifetime_seconds=60, limit=2)
    first, second, third = (sessions.begin("alice", subject=f"user:{number}") for number in range(3))
    assert first.ended.is_set()
    assert sessions.find(second.id) is second
    assert sessions.find(third.id) is third
    assert len(sessions) == 2


def test_one_person_has_so_many_sessions_and_pushes_nobody_else_out() -> None:
    sessions = Sessions(lifetime_seconds=60, limit=100, person_limit=2)
    of_bob = sessions.begin("bob", subject="user:bob")
    of_alice = [sessions.begin("alice", subject="user:alice") for _ in range(10)]
    assert [session.ended.is_set() for session in of_alice] == [True] * 8 + [False] * 2
    assert not of_bob.ended.is_set()
    for session in (*of_alice, of_bob):
        sessions.end(session.id)
    assert (len(sessions), sessions._of_person) == (0, {})


@pytest.mark.parametrize("kind", ["cross-site", "same-site", "none"])
async def test_what_the_browser_says_of_the_asking_page_counts_as_well(
    signed_in: aiohttp.ClientSession, kind: str
) -> None:
    for method, path in (("DELETE", "/api/v1/session"), ("POST", "/api/v1/tickets"), ("POST", "/api/v1/session")):
        async with signed_in.request(method, path, headers={"Sec-Fetch-Site": kind}) as response:
            assert response.status == 403
    async with signed_in.post("/api/v1/tickets", headers={"Sec-Fetch-Site": "same-origin"}) as response:
        assert response.status == 200


async def test_the_cookie_alone_opens_no_socket(signed_in: aiohttp.ClientSession) -> None:
    for offered in ([PROTO], [PROTO, PREFIX], [PROTO, PREFIX + "invented"]):
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await signed_in.ws_connect("/api/v1/socket", protocols=offered)


async def test_a_ticket_opens_one_socket_and_only_of_its_session(
    gateway: Gateway, signed_in: aiohttp.ClientSession
) -> None:
    taken = await ticket(signed_in)
    headers = {"Origin": gateway.url.rstrip("/")}
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(gateway.url, headers=headers, cookie_jar=jar) as other:
        async with other.post("/api/v1/tickets") as response:
            assert response.status == 401
        async with other.post("/api/v1/session", json={"token": "bob"}) as response:
            assert response.status == 200
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await other.ws_connect("/api/v1/socket", protocols=[PROTO, PREFIX + taken])
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):  # whoever showed it has used it up
        await signed_in.ws_connect("/api/v1/socket", protocols=[PROTO, PREFIX + taken])
    taken = await ticket(signed_in)
    async with signed_in.ws_connect("/api/v1/socket", protocols=[PROTO, PREFIX + taken]) as ws:
        await ws.receive_bytes()
        assert ws.protocol == PROTO, "the ticket is not sent back"
    with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
        await signed_in.ws_connect("/api/v1/socket", protocols=[PROTO, PREFIX + taken])


def test_tickets_end_soon_and_are_few() -> None:
    clock = FakeClock()
    tickets = Tickets(clock)  # type: ignore[arg-type]
    first = tickets.issue("one")
    clock.seconds = LIFE_SECONDS
    assert not tickets.redeem(first, "one")
    assert len(tickets) == 0
    issued = [tickets.issue("one") for _ in range(MOST_OF_SESSION + 1)]
    assert len(tickets) == MOST_OF_SESSION
    assert not tickets.redeem(issued[0], "one")
    assert tickets.redeem(issued[1], "one")
    clock.seconds += LIFE_SECONDS
    tickets.issue("two")
    assert len(tickets) == 1, "what nobody came for is forgotten"


async def test_whoever_tries_again_and_again_has_to_wait(browser: aiohttp.ClientSession) -> None:
    statuses = []
    for _ in range(SIGN_IN_BURST + 5):
        async with browser.post("/api/v1/session", json={"token": "guess"}) as response:
            statuses.append(response.status)
            if response.status == 429:
                assert int(response.headers["Retry-After"]) >= 1
    assert statuses[:SIGN_IN_BURST] == [401] * SIGN_IN_BURST
    assert 429 in statuses[SIGN_IN_BURST:]


async def test_a_port_in_use_is_one_sentence(gateway: Gateway, feed: FakeFeed) -> None:
    port = gateway.url.rstrip("/").rpartition(":")[2]
    with pytest.raises(UserError, match=f"can't listen on 127.0.0.1:{port}"):
        await Gateway(WebSettings(listen=f"127.0.0.1:{port}"), feed).start()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (WebSettings(listen="here"), "'here' is no address to listen on; write host:port"),
        (WebSettings(listen="127.0.0.1:99999"), "'127.0.0.1:99999' is no address to listen on"),
        (WebSettings(origins=("example.com",)), "is no origin"),
        (WebSettings(origins=("https://example.com:port",)), "is no origin"),
        (WebSettings(origins=("https://[example.com",)), "is no origin"),
        (WebSettings(origins=("https://someone@example.com",)), "is no origin"),
        (WebSettings(origins=("https://:443",)), "is no origin"),
        (WebSettings(tls_cert_file="a"), "go together"),
        (WebSettings(session_seconds=0), "positive"),
    ],
)
def test_a_setting_that_cannot_work_is_one_sentence(settings: WebSettings, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        settings.check()


def test_tls_files_that_cannot_be_used_are_one_sentence(feed: FakeFeed) -> None:
    gateway = Gateway(WebSettings(tls_cert_file="/nowhere.pem", tls_key_file="/nowhere.key"), feed)
    with pytest.raises(UserError, match="can't be read"):
        gateway._ssl_context()


async def test_an_address_of_another_machine_is_one_sentence_that_fits(feed: FakeFeed) -> None:
    with pytest.raises(UserError, match="choose an address of this machine"):
        await Gateway(WebSettings(listen="192.0.2.1:0"), feed).start()


async def test_a_token_that_no_header_can_carry_is_nobodys(gateway: Gateway) -> None:
    """It never reaches the hub's client, which can't send it."""
    headers = {"Authorization": "Bearer \u00e9"}
    async with aiohttp.ClientSession(gateway.url) as program, program.get("/api/v1/session", headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["message"]) == (401, "nobody is signed in")


async def test_signing_out_behind_tls_takes_the_cookie_from_the_browser(feed: FakeFeed) -> None:
    """A browser ignores a deletion of a __Host- cookie that is not marked Secure."""
    gateway = Gateway(WebSettings(listen="127.0.0.1:0", is_behind_tls=True), feed)
    await gateway.start()
    try:
        origin = gateway.url.rstrip("/").replace("http:", "https:")
        async with (
            aiohttp.ClientSession(gateway.url, headers={"Origin": origin}) as browser,
            browser.delete("/api/v1/session") as response,
        ):
            assert response.headers["Set-Cookie"].startswith("__Host-octokube=")
            assert "Secure" in response.headers["Set-Cookie"]
    finally:
        await gateway.close()
