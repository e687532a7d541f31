"""Builds Secrets whose values are believable, worthless, and easy to search for."""

from __future__ import annotations

import base64
import gzip
from random import Random

import orjson

from octokube_demo.objects import Object
from octokube_demo.workload.catalog import App
from octokube_demo.workload.templates import labels, plain

# Every value of every Secret holds this word and a random part: a leak test searches all output for it.
CANARY = "canary-"


def canary(random: Random) -> str:
    """A value nobody may ever see outside its Secret."""
    return f"{CANARY}{random.getrandbits(64):016x}"


def encoded(text: str) -> str:
    """As it stands in `data`."""
    return base64.b64encode(text.encode()).decode()


def credentials(app: App, random: Random, time: str) -> Object:
    """The database credentials of an application."""
    password = canary(random)
    data = {
        "username": encoded(f"{app.name}-{canary(random)}"),
        "password": encoded(password),
        "url": encoded(f"postgres://{app.name}:{password}@{app.namespace}-db:5432/{app.name}"),
    }
    return plain(
        "v1", "Secret", app.namespace, f"{app.name}-credentials", time, labels=labels(app), data=data, type="Opaque"
    )


def certificate(namespace: str, name: str, random: Random, time: str) -> Object:
    """A TLS Secret, with something that is no key in the place of the key."""
    body = canary(random)
    data = {
        "tls.crt": encoded(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n"),
        "tls.key": encoded(f"-----BEGIN NOT A KEY-----\n{canary(random)}\n-----END NOT A KEY-----\n"),
    }
    return plain("v1", "Secret", namespace, name, time, data=data, type="kubernetes.io/tls")


def pull_secret(namespace: str, random: Random, time: str) -> Object:
    """Registry credentials."""
    login = {
        "auths": {"registry.demo.internal": {"auth": encoded(f"robot:{canary(random)}")}},
        "canary": canary(random),
    }
    data = {".dockerconfigjson": encoded(orjson.dumps(login).decode())}
    return plain("v1", "Secret", namespace, "registry-pull", time, data=data, type="kubernetes.io/dockerconfigjson")


def helm_release(app: App, revision: int, random: Random, time: str) -> Object:
    """A Helm release as Helm 3 stores it: JSON, gzipped, in base64, and in base64 once more for the Secret."""
    release = {
        "name": app.name,
        "namespace": app.namespace,
        "version": revision,
        "info": {
            "status": "deployed",
            "first_deployed": time,
            "last_deployed": time,
            "description": "Upgrade complete",
        },
        "chart": {"metadata": {"name": app.name, "version": "1.4.2", "appVersion": app.image.rpartition(":")[2]}},
        "config": {"adminPassword": canary(random), "replicaCount": app.replicas},
        "manifest": f"---\napiVersion: v1\nkind: Secret\nstringData:\n  password: {canary(random)}\n",
    }
    # mtime 0: the same release is the same bytes.
    packed = base64.b64encode(gzip.compress(orjson.dumps(release), mtime=0)).decode()
    # Packed content cannot be searched, so one more value carries the word in the open.
    data = {"release": encoded(packed), "canary": encoded(canary(random))}
    found = {"name": app.name, "owner": "helm", "status": "deployed", "version": str(revision)}
    name = f"sh.helm.release.v1.{app.name}.v{revision}"
    return plain("v1", "Secret", app.namespace, name, time, labels=found, data=data, type="helm.sh/release.v1")
