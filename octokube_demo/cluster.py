"""Puts one demo cluster together: store, API, housekeeping, workload, and the servers in front of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from random import Random

from octokube.runtime.tasks import Tasks
from octokube_demo.certificates import self_signed
from octokube_demo.controllers.definitions import Definitions
from octokube_demo.controllers.garbage import Garbage
from octokube_demo.controllers.loop import ControlLoop
from octokube_demo.controllers.namespaces import Namespaces
from octokube_demo.controllers.termination import Termination
from octokube_demo.faults import Faults
from octokube_demo.handlers.context import Parts
from octokube_demo.kubelet import KubeletServer
from octokube_demo.resources import Registry
from octokube_demo.server import DemoServer
from octokube_demo.settings import DemoSettings
from octokube_demo.store import Store
from octokube_demo.tokens import Authorizer, Tokens, allow_all
from octokube_demo.workload import Workload
from octokube_demo.writing.api import Api

_SYSTEM_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")


class DemoCluster:
    """One simulated cluster. Usable without serving it: `store` and `api` are synchronous, `settle` does the rest.

    store: raw objects, for tests that need a change whatever the rules. api: what a client may do, with the rules.
    tokens: who may connect; one token exists from the start (`DEFAULT_TOKEN`). Not thread-safe, nothing on disk.
    """

    def __init__(self, settings: DemoSettings | None = None, *, authorizer: Authorizer = allow_all) -> None:
        self.settings = settings or DemoSettings()
        random = Random(self.settings.seed)
        self.store = Store(self.settings.now, random, self.settings.history_limit)
        self.registry = Registry()
        self.tokens = Tokens()
        self.faults = Faults(self.store)
        self.api = Api(self.store, self.registry, random)
        self._loop = ControlLoop()
        Definitions(self.store, self.registry, self._loop)
        garbage = Garbage(self.store, self.registry, self._loop)
        Namespaces(self.store, self.registry, self._loop)
        Termination(self.store, self._loop, self.settings.termination_seconds)
        self.kubelet = KubeletServer(
            lambda namespace, name: self.store.peek("pods", namespace, name), self.settings.now
        )
        self._parts = Parts(self.settings, self.store, self.registry, self.api, self.tokens, self.faults, authorizer)
        for name in _SYSTEM_NAMESPACES:
            self.api.create("namespaces", {"metadata": {"name": name}}, manager="kube-apiserver")
        self.workload = Workload(self.store, self.api, garbage, self.settings, random)
        if self.settings.workload:
            self.workload.build()
        self.settle()

    def settle(self) -> None:
        """Lets the housekeeping controllers do everything that is due now."""
        self._loop.settle()

    @contextlib.asynccontextmanager
    async def serving(
        self, host: str = "127.0.0.1", port: int = 0, *, has_tls: bool = False
    ) -> AsyncIterator[DemoServer]:
        """Runs apiserver, kubelet, housekeeping and workload until the context is left. Raises OSError: port taken.

        `has_tls` gives the apiserver a self-signed certificate, which its kubeconfig trusts. kubectl and other Go
        clients need it: they send no token over plain HTTP.
        On leaving: the workload stops, then the apiserver (watches end), then the kubelet, then the controllers.
        """
        async with Tasks("demo") as tasks, self.kubelet.serving(host):
            self._parts.kubelet_url = self.kubelet.url
            tasks.start(self._loop.run(), name="controllers")
            server = DemoServer(self._parts, host, port, self_signed(host) if has_tls else None)
            await server.start()
            try:
                async with Tasks("demo-workload") as workload:
                    workload.start(self.workload.run(), name="churn")
                    yield server
            finally:
                await server.stop()
                self._parts.kubelet_url = ""
