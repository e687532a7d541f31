"""Failure mode 6: a page of another site opens a socket with somebody's cookie, or a token is in an address.

What a browser adds by itself (cookies) opens nothing; what a page can't choose (``Origin``, ``Sec-Fetch-Site``) has to
be right; and the rest is a ticket that only the page itself can get.
"""

import aiohttp
import pytest

from octokube_web.app import Gateway
from octokube_web.encoding import PROTO
from octokube_web.tickets import PREFIX
from tests.support.sockets import ticket

FOREIGN = {
    "no origin": {},
    "null": {"Origin": "null"},
    "another site": {"Origin": "http://evil.example"},
    "a longer name": {"Origin": "{url}.evil.example"},
    "our address as a path": {"Origin": "http://evil.example/{url}"},
    "our address as a user": {"Origin": "http://{host}@evil.example"},
    "another port": {"Origin": "http://127.0.0.1:1"},
    "no port": {"Origin": "http://127.0.0.1"},
    "another scheme": {"Origin": "https://{host}"},
    "another name of this machine": {"Origin": "http://localhost:{port}"},
    "two origins": {"Origin": "{url} http://evil.example"},
    "a page of another site, by the browser's word": {"Origin": "{url}", "Sec-Fetch-Site": "cross-site"},
    "a neighbour's page, by the browser's word": {"Origin": "{url}", "Sec-Fetch-Site": "same-site"},
}
UNSAFE = [
    ("POST", "/api/v1/tickets"),
    ("POST", "/api/v1/session"),
    ("DELETE", "/api/v1/session"),
    ("POST", "/api/v1/device"),
    ("POST", "/api/v1/device/decision"),
]


@pytest.fixture
async def cookies(gateway: Gateway) -> dict[str, str]:
    """What the browser of somebody who has signed in adds to every request."""
    jar = aiohttp.CookieJar(unsafe=True)
    headers = {"Origin": gateway.url.rstrip("/")}
    async with aiohttp.ClientSession(gateway.url, cookie_jar=jar, headers=headers) as page:
        async with page.post("/api/v1/session", json={"token": "demo:alice"}) as answer:
            assert answer.status == 200
        return {cookie.key: cookie.value for cookie in jar}


def filled(headers: dict[str, str], gateway: Gateway) -> dict[str, str]:
    url = gateway.url.rstrip("/")
    host = url.removeprefix("http://")
    port = host.rpartition(":")[2]
    return {name: value.format(url=url, host=host, port=port) for name, value in headers.items()}


@pytest.mark.parametrize("kind", FOREIGN)
async def test_another_page_gets_nothing_with_the_cookie(gateway: Gateway, cookies: dict[str, str], kind: str) -> None:
    own = {"Origin": gateway.url.rstrip("/")}
    async with aiohttp.ClientSession(gateway.url, cookies=cookies, headers=own) as page:
        stolen = await ticket(page)
    headers = filled(FOREIGN[kind], gateway)
    async with aiohttp.ClientSession(gateway.url, cookies=cookies, headers=headers) as foreign:
        for offered in ([PROTO], [PROTO, PREFIX + stolen]):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await foreign.ws_connect("/api/v1/socket", protocols=offered)
        for method, path in UNSAFE:
            async with foreign.request(method, path, json={"token": "demo:admin", "user_code": "x"}) as answer:
                assert answer.status == 403, (method, path)
    async with aiohttp.ClientSession(gateway.url, cookies=cookies, headers=own) as page:
        async with page.get("/api/v1/session") as answer:
            assert (await answer.json())["subject"] == "user:alice", "nobody was signed out, or in as another"
        async with page.ws_connect("/api/v1/socket", protocols=[PROTO, PREFIX + stolen]) as socket:
            await socket.receive_bytes()  # a refused page did not even use the ticket up


@pytest.mark.parametrize("where", ["token", "access_token", "ticket", "authorization"])
async def test_nothing_in_an_address_lets_anybody_in(gateway: Gateway, cookies: dict[str, str], where: str) -> None:
    own = {"Origin": gateway.url.rstrip("/")}
    async with aiohttp.ClientSession(gateway.url, headers=own) as page:
        async with page.get(f"/api/v1/session?{where}=demo:alice") as answer:
            assert (answer.status, await answer.read()) == (204, b""), "there is nobody, whatever the address says"
        socket = await page.ws_connect(f"/api/v1/socket?{where}=demo:alice", protocols=[PROTO])
        assert (await socket.receive()).data == 4401
    async with aiohttp.ClientSession(gateway.url, headers=own, cookies=cookies) as page:
        taken = await ticket(page)
        with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
            await page.ws_connect(f"/api/v1/socket?{where}={taken}", protocols=[PROTO])


async def test_no_cookie_can_be_read_by_a_script_or_is_sent_by_another_site(gateway: Gateway) -> None:
    headers = {"Origin": gateway.url.rstrip("/")}
    async with aiohttp.ClientSession(gateway.url, headers=headers) as page:
        async with page.post("/api/v1/session", json={"token": "demo:alice"}) as answer:
            cookie = answer.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        async with page.get("/api/v1/about") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
