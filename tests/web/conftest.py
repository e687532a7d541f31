"""A gateway on loopback before a feed that the test scripts."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest
from blockbuster import BlockBuster, blockbuster_ctx

from octokube_web.app import Gateway
from octokube_web.assets import Assets
from octokube_web.settings import DemoPerson, WebSettings
from tests.web.fake_feed import FakeFeed


@pytest.fixture(autouse=True)
def never_blocking() -> Iterator[BlockBuster]:
    """Fails a test in which the gateway blocks the event loop."""
    with blockbuster_ctx("octokube_web") as blockbuster:
        for function in blockbuster.functions.values():
            # The built page is looked through once, before the gateway listens.
            function.can_block_in("octokube_web/assets.py", {"__init__", "version"})
        yield blockbuster


@pytest.fixture
def feed() -> FakeFeed:
    return FakeFeed()


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A built page."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>page</title>")
    (tmp_path / "assets" / "index-abc.js").write_text("console.log('page')")
    (tmp_path / "assets" / "index-abc.js.br").write_bytes(b"compressed")
    return tmp_path


@pytest.fixture
async def gateway(feed: FakeFeed, page: Path) -> AsyncIterator[Gateway]:
    settings = WebSettings(
        listen="127.0.0.1:0",
        origins=("https://octokube.example.com",),
        demo_people=(DemoPerson("demo:alice", "alice", "team payments"),),
        channel_limit=3,
    )
    gateway = Gateway(settings, feed, assets=Assets(page))
    await gateway.start()
    yield gateway
    await gateway.close()


@pytest.fixture
async def browser(gateway: Gateway) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser that is on the gateway's own page."""
    headers = {"Origin": gateway.url.rstrip("/")}
    jar = aiohttp.CookieJar(unsafe=True)  # keeps cookies of IP addresses, as browsers do
    async with aiohttp.ClientSession(gateway.url, headers=headers, cookie_jar=jar) as session:
        yield session


@pytest.fixture
async def signed_in(browser: aiohttp.ClientSession) -> aiohttp.ClientSession:
    """The browser after alice has signed in."""
    async with browser.post("/api/v1/session", json={"token": "alice"}) as response:
        assert response.status == 200
    return browser
