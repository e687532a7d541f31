"""Serves metrics and health to monitoring, on a port of its own."""

from collections.abc import Callable

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from octokube.runtime.channels import host_of
from octokube.runtime.errors import UserError
from octokube_hub.observing.metrics import HubCollector

log = structlog.get_logger(__name__)


class MetricsEndpoint:
    """``/metrics`` for Prometheus, ``/livez`` and ``/readyz`` for probes. Tells no names of people or objects."""

    def __init__(self, collector: HubCollector, is_ready: Callable[[], bool]) -> None:
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(collector)
        self._is_ready = is_ready
        self._runner: web.AppRunner | None = None

    async def start(self, listen: str) -> str:
        """Listens; the bound "host:port". Raises UserError for an address that can't be used."""
        host = host_of(listen)
        app = web.Application()
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/livez", self._livez)
        app.router.add_get("/readyz", self._readyz)
        runner = self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, int(listen.rpartition(":")[2])).start()
        except OSError as error:
            await self.close()
            raise UserError(
                f"can't serve metrics on {listen} ({error.strerror or error}); choose another --metrics-listen"
            ) from error
        port = runner.addresses[0][1]
        log.info("metrics.listening", url=f"http://{host}:{port}/metrics")
        return f"{host}:{port}"

    async def close(self) -> None:
        """Stops listening. May be called more than once."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

    async def _metrics(self, request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        return web.Response(body=encode(self._registry), headers={"Content-Type": content_type})

    async def _livez(self, request: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, request: web.Request) -> web.Response:
        if self._is_ready():
            return web.Response(text="ok\n")
        return web.Response(status=503, text="not serving\n")
