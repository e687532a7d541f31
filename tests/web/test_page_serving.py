"""How the built page is served."""

from pathlib import Path

import aiohttp
import pytest

from octokube_web.app import Gateway
from octokube_web.assets import Assets
from octokube_web.settings import WebSettings
from tests.web.fake_feed import FakeFeed


@pytest.mark.parametrize("path", ["/", "/demo/pods", "/index.html"])
async def test_every_view_of_the_page_is_the_page_and_is_never_stale(browser: aiohttp.ClientSession, path: str) -> None:
    async with browser.get(path) as response:
        assert "<title>page</title>" in await response.text()
        assert response.headers["Cache-Control"] == "no-cache"
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_hashed_assets_are_kept_for_ever_and_sent_compressed(gateway: Gateway) -> None:
    async with aiohttp.ClientSession(gateway.url, auto_decompress=False) as browser:
        async with browser.get("/assets/index-abc.js", headers={"Accept-Encoding": "br"}) as response:
            assert response.headers["Content-Encoding"] == "br"
            assert await response.read() == b"compressed"
            assert "immutable" in response.headers["Cache-Control"]
        async with browser.get("/assets/index-abc.js", headers={"Accept-Encoding": "identity"}) as response:
            assert await response.text() == "console.log('page')"


@pytest.mark.parametrize(
    "path", ["/assets/none.js", "/assets/../index.html.br", "/%2e%2e/%2e%2e/etc/passwd.txt", "/api/v1/none"]
)
async def test_nothing_outside_the_page_is_served(browser: aiohttp.ClientSession, path: str) -> None:
    async with browser.get(path) as response:
        assert response.status == 404


async def test_a_gateway_without_a_page_says_how_to_get_one(feed: FakeFeed, tmp_path: Path) -> None:
    gateway = Gateway(WebSettings(listen="127.0.0.1:0"), feed, assets=Assets(tmp_path / "none"))
    await gateway.start()
    async with aiohttp.ClientSession(gateway.url) as browser, browser.get("/") as response:
        assert response.status == 503
        assert "run `make setup`" in await response.text()
    await gateway.close()


async def test_the_sign_in_page_learns_of_demo_people(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/api/v1/about") as response:
        about = await response.json()
    assert about["demo_people"] == [{"token": "demo:alice", "name": "alice", "description": "team payments"}]


async def test_health_is_told_apart_from_readiness(browser: aiohttp.ClientSession, feed: FakeFeed) -> None:
    feed.is_down = True
    async with browser.get("/livez") as response:
        assert response.status == 200


async def test_a_mistyped_asset_is_not_kept_for_ever(browser: aiohttp.ClientSession) -> None:
    """Without a dot in its name it is answered with the page, which changes with each release."""
    async with browser.get("/assets/nothing") as response:
        assert response.headers["Cache-Control"] == "no-cache"
