"""Serves the kubelet's HTTP API: container logs, exec, attach and port-forward, with or without TLS."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from aiohttp import web

from octokube_demo.kubelet.containers import NoLogs, PodSource, Run, find_run, stand_in_pod
from octokube_demo.kubelet.executing import Process, run_command, run_main, serve_process
from octokube_demo.kubelet.forwarding import PodService, serve_forward
from octokube_demo.kubelet.logs import LogOptions, stream
from octokube_demo.listeners import Listener
from octokube_demo.objects import Clock, Object


def _utc_now() -> datetime:
    return datetime.now(UTC)


class KubeletServer:
    """A kubelet's HTTP API on one address.

    With `pods` it knows its pods. Without, it accepts every pod and container, so that a real kube-apiserver can proxy
    to it: give that apiserver a Node with this address and `status.daemonEndpoints.kubeletEndpoint.Port`, and serve
    with `certificates.self_signed().context`, since a real one always speaks TLS to kubelets (and by
    default does not verify them).

    What is not there: SPDY (a client that upgrades to a websocket is passed through by real apiservers, too), metrics,
    and authentication: it is for loopback.
    """

    def __init__(self, pods: PodSource | None = None, now: Clock = _utc_now) -> None:
        self._pods = pods
        self._now = now
        self._started = now()
        self.service = PodService()
        self.processes = 0
        """How many exec and attach sessions there are now."""
        self.url = ""
        self.port = 0

    @contextlib.asynccontextmanager
    async def serving(
        self, host: str = "127.0.0.1", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> AsyncIterator[KubeletServer]:
        """Serves until the context is left; open streams are cut then."""
        application = web.Application()
        application.router.add_get("/healthz", self._health)
        application.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._logs)
        application.router.add_get("/exec/{namespace}/{pod}/{container}", self._exec)
        application.router.add_get("/attach/{namespace}/{pod}/{container}", self._attach)
        application.router.add_get("/portForward/{namespace}/{pod}", self._forward)
        listener = Listener(application, host, port, tls)
        async with self.service.serving():
            await listener.start()
            self.port = listener.port
            self.url = listener.url
            try:
                yield self
            finally:
                await listener.stop()

    async def _health(self, _: web.Request) -> web.Response:
        return web.Response(text="ok")

    def _source(self, namespace: str, name: str) -> Object | None:
        return stand_in_pod(namespace, name, self._started) if self._pods is None else self._pods(namespace, name)

    def _run(self, pod: Object, container: str, *, is_previous: bool) -> Run:
        if self._pods is None:
            return Run(pod["metadata"]["uid"], container, container, self._started)
        return find_run(pod, container, is_previous=is_previous)

    def _is_alive(self, namespace: str, name: str, run: Run) -> bool:
        if self._pods is None:
            return True
        pod = self._pods(namespace, name)
        if pod is None or pod["metadata"]["uid"] != run.uid:
            return False
        try:
            current = find_run(pod, run.container)
        except NoLogs:
            return False
        return current.ended is None and current.started == run.started

    async def _logs(self, request: web.Request) -> web.StreamResponse:
        namespace, name, container = (request.match_info[part] for part in ("namespace", "pod", "container"))
        pod = self._source(namespace, name)
        if pod is None:
            return web.Response(text=f'pod "{name}" in namespace "{namespace}" not found\n', status=404)
        try:
            options = LogOptions.parse(request.query, self._now())
            run = self._run(pod, container, is_previous=options.is_previous)
        except (NoLogs, ValueError) as error:
            return web.Response(text=f"{error}\n", status=400)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        async for block in stream(run, options, self._now, lambda: self._is_alive(namespace, name, run)):
            await response.write(block)
        await response.write_eof()
        return response

    async def _exec(self, request: web.Request) -> web.StreamResponse:
        return await self._process(request, run_command)

    async def _attach(self, request: web.Request) -> web.StreamResponse:
        return await self._process(request, run_main)

    async def _process(self, request: web.Request, process: Process) -> web.StreamResponse:
        namespace, name, container = (request.match_info[part] for part in ("namespace", "pod", "container"))
        pod = self._source(namespace, name)
        if pod is None:
            return web.Response(text=f'pod "{name}" in namespace "{namespace}" not found\n', status=404)
        self.processes += 1
        try:
            return await serve_process(request, pod, container, self._now, process)
        finally:
            self.processes -= 1

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        namespace, name = (request.match_info[part] for part in ("namespace", "pod"))
        pod = self._source(namespace, name)
        if pod is None:
            return web.Response(text=f'pod "{name}" in namespace "{namespace}" not found\n', status=404)
        return await serve_forward(request, pod, self.service)
