"""Builds the custom types of the demo, and some objects of them."""

from __future__ import annotations

from random import Random

from octokube_demo.objects import Object
from octokube_demo.workload.templates import plain

CERTIFICATES = "certificates.cert-manager.io"
DATABASES = "databases.platform.demo.io"

_CONDITION_READY = '.status.conditions[?(@.type=="Ready")].status'


def definitions(time: str) -> list[Object]:
    """Two CRDs, with printer columns and a status subresource each."""
    certificate = _definition(
        time,
        group="cert-manager.io",
        plural="certificates",
        kind="Certificate",
        short_names=["cert", "certs"],
        spec={"secretName": {"type": "string"}, "dnsNames": _list_of("string"), "issuer": {"type": "string"}},
        columns=[
            ("Ready", "string", _CONDITION_READY, 0),
            ("Secret", "string", ".spec.secretName", 0),
            ("Issuer", "string", ".spec.issuer", 1),
            ("Age", "date", ".metadata.creationTimestamp", 0),
        ],
    )
    database = _definition(
        time,
        group="platform.demo.io",
        plural="databases",
        kind="Database",
        short_names=["db"],
        spec={
            "engine": {"type": "string", "enum": ["postgres", "mysql"]},
            "version": {"type": "string"},
            "sizeGi": {"type": "integer", "minimum": 1},
            "replicas": {"type": "integer", "minimum": 1, "maximum": 9},
        },
        columns=[
            ("Engine", "string", ".spec.engine", 0),
            ("Size", "integer", ".spec.sizeGi", 0),
            ("Phase", "string", ".status.phase", 0),
            ("Connections", "integer", ".status.connections", 1),
            ("Age", "date", ".metadata.creationTimestamp", 0),
        ],
    )
    return [certificate, database]


def _list_of(kind: str) -> Object:
    return {"type": "array", "items": {"type": kind}}


def _definition(
    time: str,
    *,
    group: str,
    plural: str,
    kind: str,
    short_names: list[str],
    spec: Object,
    columns: list[tuple[str, str, str, int]],
) -> Object:
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {
                "type": "object",
                "properties": {
                    "spec": {"type": "object", "properties": spec},
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
                },
            }
        },
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": name, "type": column, "jsonPath": path} | ({"priority": priority} if priority else {})
            for name, column, path, priority in columns
        ],
    }
    names = {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"}
    return plain(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        "",
        f"{plural}.{group}",
        time,
        spec={
            "group": group,
            "scope": "Namespaced",
            "names": names | {"shortNames": short_names},
            "versions": [version],
            "conversion": {"strategy": "None"},
        },
    )


def certificate(namespace: str, host: str, time: str) -> Object:
    """A Certificate that is ready."""
    condition = {"type": "Ready", "status": "True", "reason": "Ready", "lastTransitionTime": time}
    return plain(
        "cert-manager.io/v1",
        "Certificate",
        namespace,
        host.replace(".", "-"),
        time,
        spec={"secretName": f"{namespace}-tls", "dnsNames": [host], "issuer": "letsencrypt"},
        status={"conditions": [condition | {"message": "Certificate is up to date"}], "revision": 4},
    )


def database(namespace: str, name: str, random: Random, time: str) -> Object:
    """A Database in use."""
    return plain(
        "platform.demo.io/v1",
        "Database",
        namespace,
        name,
        time,
        spec={"engine": "postgres", "version": "16.4", "sizeGi": random.choice((20, 50, 100, 200)), "replicas": 2},
        status={"phase": "Ready", "connections": random.randrange(4, 80), "primary": f"{name}-0"},
    )
