"""Runs a real OpenID provider (npm oidc-provider) on loopback."""

import asyncio
import contextlib
import json
import pathlib
import shutil
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from tests.support.assets import find_asset

PROGRAM = pathlib.Path(__file__).parent / "oidc-provider" / "provider.mjs"
START_SECONDS = 30.0


class OidcProvider:
    """The provider, and what a test does to it."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.client_id = "octokube"
        self.client_secret = "a secret between the two"

    async def set_groups(self, name: str, *groups: str) -> None:
        """What somebody's groups are from now on."""
        await self._control("groups", {"name": name, "groups": groups})

    async def rotate(self) -> None:
        """Signs with another key from now on, and publishes the old one no more."""
        await self._control("rotate", {})

    async def forget(self) -> None:
        """Ends everybody's sessions, as an administrator does there."""
        await self._control("forget", {})

    async def _control(self, what: str, body: dict[str, Any]) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.issuer}/control/{what}", json=body) as answer,
        ):
            assert answer.status == 204


@contextlib.asynccontextmanager
async def running_provider(gateway_url: str, groups: dict[str, list[str]]) -> AsyncIterator[OidcProvider]:
    """A provider that knows the gateway at this address, until the context is left."""
    folder = find_asset("oidc-provider")
    node = shutil.which("node")
    assert folder is not None
    assert node is not None
    settings = {
        "client_id": "octokube",
        "client_secret": "a secret between the two",
        "redirect_uris": [f"{gateway_url}/api/v1/signin/callback"],
        "post_logout_redirect_uris": [f"{gateway_url}/"],
        "groups": groups,
    }
    module = folder / "node_modules" / "oidc-provider" / "lib" / "index.js"
    process = await asyncio.create_subprocess_exec(
        node, str(PROGRAM), str(module), json.dumps(settings),
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            while not (line := await process.stdout.readline()).startswith(b"issuer "):
                assert line, "the provider ended before it listened"
        yield OidcProvider(line.decode().split()[1])
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        process._transport.close()  # type: ignore[attr-defined]
