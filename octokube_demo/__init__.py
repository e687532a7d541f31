"""The embedded demo cluster: a simulated kube-apiserver and kubelet with a living workload.

    cluster = DemoCluster(DemoSettings(pods=120))
    async with cluster.serving() as server:
        server.kubeconfig(path)

It follows the real API for everything Octokube and kubectl do with pods, workloads, configuration, custom resources,
logs and exec. It does not have: protobuf, Table output, OpenAPI documents, admission webhooks, RBAC evaluation (an
authorizer may be passed in), port-forward, attach, SPDY, aggregated APIs, and any persistence.
"""

from octokube_demo.cluster import DemoCluster
from octokube_demo.errors import ApiError
from octokube_demo.faults import ALWAYS, Faults
from octokube_demo.server import DemoServer
from octokube_demo.settings import DemoSettings
from octokube_demo.tokens import DEFAULT_TOKEN, User

__all__ = ["ALWAYS", "DEFAULT_TOKEN", "ApiError", "DemoCluster", "DemoServer", "DemoSettings", "Faults", "User"]
