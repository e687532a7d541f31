"""Listens on one address for one aiohttp application, and can stop and start again on the same port."""

from __future__ import annotations

import socket
import ssl

from aiohttp import web


class Listener:
    """One HTTP server. Handlers are cancelled when their client goes or the listener stops."""

    def __init__(self, application: web.Application, host: str, port: int, tls: ssl.SSLContext | None = None) -> None:
        self._application = application
        self._host = host
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self.port = port

    @property
    def url(self) -> str:
        """`http://127.0.0.1:43210`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}"

    async def start(self) -> None:
        """Binds (to the same port as before, when there was one) and serves. Raises OSError when the port is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            bound.bind((self._host, self.port))
        except OSError:
            bound.close()
            raise
        self.port = bound.getsockname()[1]
        runner = web.AppRunner(
            self._application, handler_cancellation=True, access_log=None, shutdown_timeout=0.2, keepalive_timeout=120
        )
        await runner.setup()
        await web.SockSite(runner, bound, ssl_context=self._tls, backlog=1024).start()
        self._runner = runner

    async def stop(self) -> None:
        """Closes the port and cuts what is open. An application cannot be set up twice, so `start` needs a new one."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
