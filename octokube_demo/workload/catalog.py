"""Lists the applications of the demo cluster."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """Which controller runs an application."""

    DEPLOYMENT = "Deployment"
    STATEFUL = "StatefulSet"
    DAEMON = "DaemonSet"
    CRON = "CronJob"


class Behaviour(StrEnum):
    """What the containers of an application do."""

    FINE = "fine"
    CRASHING = "crashing"
    NO_IMAGE = "no image"
    TOO_BIG = "too big"


@dataclass(frozen=True, slots=True)
class App:
    """One application. `schedule` is a cron line; `port` 0 means that it has no service."""

    namespace: str
    name: str
    image: str
    replicas: int = 1
    kind: Kind = Kind.DEPLOYMENT
    port: int = 8080
    behaviour: Behaviour = Behaviour.FINE
    is_scaled: bool = False
    is_public: bool = False
    schedule: str = ""

    @property
    def team(self) -> str:
        """The team that owns it."""
        return _TEAMS.get(self.namespace, "platform")


_TEAMS = {"payments": "payments", "checkout": "checkout", "search": "search", "data": "data"}
_OWN = "registry.demo.internal"

APPS: tuple[App, ...] = (
    # The order is the order of importance: a small cluster has the first ones only.
    App("payments", "payments-api", f"{_OWN}/payments/api:2.14.3", 3, is_scaled=True, is_public=True),
    App("platform", "ingress-nginx", "registry.k8s.io/ingress-nginx/controller:v1.12.1", 2, port=443),
    App("checkout", "checkout-web", f"{_OWN}/checkout/web:5.2.0", 3, is_public=True),
    App("payments", "refund-worker", f"{_OWN}/payments/refund-worker:1.8.0", behaviour=Behaviour.CRASHING, port=0),
    App("platform", "sbom-scanner", f"{_OWN}/platform/sbom-scanner:0.4.0-rc7", behaviour=Behaviour.NO_IMAGE, port=0),
    App("checkout", "recommendation-trainer", f"{_OWN}/checkout/trainer:1.1.0", behaviour=Behaviour.TOO_BIG, port=0),
    App("payments", "payments-db", "postgres:16.4", 2, Kind.STATEFUL, 5432),
    App("kube-system", "coredns", "registry.k8s.io/coredns/coredns:v1.12.0", 2, port=53),
    App("kube-system", "kube-proxy", "registry.k8s.io/kube-proxy:v1.33.2", kind=Kind.DAEMON, port=0),
    App("observability", "prometheus", "quay.io/prometheus/prometheus:v3.4.1", 1, Kind.STATEFUL, 9090),
    App("observability", "grafana", "grafana/grafana:12.0.1", 1, port=3000, is_public=True),
    App("checkout", "checkout-api", f"{_OWN}/checkout/api:5.2.0", 4, is_scaled=True),
    App(
        "payments",
        "settle-batch",
        f"{_OWN}/payments/settle-worker:2.3.1",
        kind=Kind.CRON,
        port=0,
        schedule="*/2 * * * *",
    ),
    App("platform", "etcd-backup", f"{_OWN}/platform/backup:1.9.4", kind=Kind.CRON, port=0, schedule="*/5 * * * *"),
    App("payments", "ledger", f"{_OWN}/payments/ledger:3.0.9", 2),
    App("payments", "fraud-detector", f"{_OWN}/payments/fraud-detector:0.21.5", 3, is_scaled=True),
    App("payments", "card-vault", f"{_OWN}/payments/card-vault:1.4.0", 2),
    App("payments", "settlement-worker", f"{_OWN}/payments/settlement-worker:2.3.1", 2, port=0),
    App("payments", "payments-cache", "redis:7.4", 1, Kind.STATEFUL, 6379),
    App("payments", "payments-web", f"{_OWN}/payments/web:2.14.3", 2, is_public=True),
    App("platform", "cert-manager", "quay.io/jetstack/cert-manager-controller:v1.17.2", port=9402),
    App("platform", "external-dns", "registry.k8s.io/external-dns/external-dns:v0.17.0", port=7979),
    App("platform", "argocd-server", "quay.io/argoproj/argocd:v3.0.6", 2, is_public=True),
    App("platform", "argocd-repo-server", "quay.io/argoproj/argocd:v3.0.6", 1, port=8081),
    App("platform", "vault", "hashicorp/vault:1.19.5", 3, Kind.STATEFUL, 8200),
    App("platform", "registry", "registry:3.0.0", 2, port=5000),
    App("platform", "build-runner", f"{_OWN}/platform/build-runner:7.1.2", 3, port=0),
    App("checkout", "cart", f"{_OWN}/checkout/cart:3.8.1", 3),
    App("checkout", "pricing", f"{_OWN}/checkout/pricing:2.2.7", 2),
    App("checkout", "promotions", f"{_OWN}/checkout/promotions:1.5.3", 2),
    App("checkout", "inventory", f"{_OWN}/checkout/inventory:4.0.2", 2),
    App("checkout", "checkout-db", "postgres:16.4", 2, Kind.STATEFUL, 5432),
    App("checkout", "checkout-cache", "redis:7.4", 1, Kind.STATEFUL, 6379),
    App("checkout", "email-sender", f"{_OWN}/checkout/email-worker:1.0.8", 1, port=0),
    App("checkout", "abandoned-carts", f"{_OWN}/checkout/report:1.2.0", kind=Kind.CRON, port=0, schedule="*/3 * * * *"),
    App("observability", "alertmanager", "quay.io/prometheus/alertmanager:v0.28.1", 2, Kind.STATEFUL, 9093),
    App("observability", "loki", "grafana/loki:3.5.1", 2, Kind.STATEFUL, 3100),
    App("observability", "tempo", "grafana/tempo:2.8.0", 1, port=3200),
    App("observability", "kube-state-metrics", "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.15.0"),
    App("observability", "node-exporter", "quay.io/prometheus/node-exporter:v1.9.1", kind=Kind.DAEMON, port=9100),
    App("observability", "otel-collector", "otel/opentelemetry-collector:0.127.0", kind=Kind.DAEMON, port=4317),
    App("kube-system", "metrics-server", "registry.k8s.io/metrics-server/metrics-server:v0.7.2", 1, port=10250),
    App("identity", "keycloak", "quay.io/keycloak/keycloak:26.2", 2, is_public=True),
    App("identity", "keycloak-db", "postgres:16.4", 1, Kind.STATEFUL, 5432),
    App("identity", "scim-bridge", f"{_OWN}/identity/scim-bridge:0.9.1"),
    App("search", "opensearch", "opensearchproject/opensearch:3.0.0", 3, Kind.STATEFUL, 9200),
    App("search", "search-api", f"{_OWN}/search/api:6.1.0", 2, is_scaled=True),
    App("search", "indexer", f"{_OWN}/search/index-worker:6.1.0", 2, port=0),
    App("data", "kafka", "apache/kafka:4.0.0", 3, Kind.STATEFUL, 9092),
    App("data", "schema-registry", f"{_OWN}/data/schema-registry:7.9.1", 1, port=8081),
    App("data", "airflow-scheduler", "apache/airflow:3.0.1", 1, port=0),
    App("data", "airflow-worker", "apache/airflow:3.0.1", 3, port=0),
    App("data", "warehouse-sync", f"{_OWN}/data/sync-worker:1.3.3", kind=Kind.CRON, port=0, schedule="*/4 * * * *"),
)

# Names for the tenants that a large cluster is filled with.
_TENANTS = ("amber", "basil", "cedar", "delta", "ember", "fjord", "grove", "heron", "iris", "juniper")
_SERVICES = ("api", "web", "worker", "gateway", "sync", "search", "notify", "reports", "auth", "media")


def tenant_app(number: int, replicas: int) -> App:
    """The n-th application of the tenants: ten to a namespace."""
    tenant, service = divmod(number, len(_SERVICES))
    name = f"{_TENANTS[tenant % len(_TENANTS)]}-{tenant // len(_TENANTS):02d}"
    return App(name, f"{_SERVICES[service]}", f"{_OWN}/{name}/{_SERVICES[service]}:1.{number % 40}.0", replicas)
