"""Serves one demo cluster over HTTP: the simulated kube-apiserver, with its kubelet behind it."""

from __future__ import annotations

import base64
from pathlib import Path

import yaml
from aiohttp import web

from octokube_demo.certificates import SelfSigned
from octokube_demo.faults import Faults
from octokube_demo.handlers.context import Parts
from octokube_demo.handlers.dispatch import Dispatcher
from octokube_demo.listeners import Listener
from octokube_demo.tokens import DEFAULT_TOKEN

# What etcd takes in one request on a real cluster, and a little more for the JSON around it.
_BODY_BYTES = 3 * 1024 * 1024


class DemoServer:
    """The running apiserver. `stop` and `start` simulate its restart: same port, same objects, every connection cut."""

    def __init__(self, parts: Parts, host: str, port: int, tls: SelfSigned | None = None) -> None:
        self._parts = parts
        self._tls = tls
        self._host = host
        self._port = port
        self._listener: Listener | None = None

    async def start(self) -> None:
        """Listens. Raises OSError when the port is taken."""
        self._parts.closing.clear()
        application = web.Application(client_max_size=_BODY_BYTES)
        application.router.add_route("*", "/{path:.*}", Dispatcher(self._parts).handle)
        self._listener = Listener(application, self._host, self._port, self._tls.context if self._tls else None)
        await self._listener.start()
        self._port = self._listener.port

    async def stop(self) -> None:
        """Closes the port and cuts every connection; watches end first, cleanly when their reader reads."""
        self._parts.closing.set()
        self._parts.store.wake_all()
        listener, self._listener = self._listener, None
        if listener is not None:
            await listener.stop()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:43210`."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}"

    @property
    def port(self) -> int:
        """The port, chosen by the system when 0 was asked for."""
        return self._port

    @property
    def certificate_pem(self) -> bytes:
        """The certificate a client has to trust; empty without TLS."""
        return self._tls.certificate_pem if self._tls else b""

    @property
    def faults(self) -> Faults:
        """The fault knobs."""
        return self._parts.faults

    @property
    def kubelet_url(self) -> str:
        """Where the kubelet answers."""
        return self._parts.kubelet_url

    def requests(self, what: str) -> int:
        """How many requests of a kind there were: `"watch pods"`, `"list deployments.apps"`, `"get /apis"`."""
        return self._parts.requests[what]

    def open_watches(self, type_name: str | None = None) -> int:
        """How many watches are open, of one type or of all."""
        counts = self._parts.open_watches
        return counts.total() if type_name is None else counts[type_name]

    def kubeconfig(self, path: Path | str, *, token: str = DEFAULT_TOKEN) -> Path:
        """Writes a kubeconfig that points here, readable by its owner alone, and returns its path."""
        name = self._parts.settings.name
        cluster = {"server": self.url}
        if self._tls is not None:
            cluster["certificate-authority-data"] = base64.b64encode(self._tls.certificate_pem).decode()
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": "default"}}],
            "current-context": name,
        }
        path = Path(path)
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        return path
