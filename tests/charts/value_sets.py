"""The sets of values that the charts are tested with: the least that works, and everything at once."""

from typing import Any

AGENT_LEAST: dict[str, Any] = {
    "cluster": "prod-eu",
    "hub": {"address": "hub.example.com:7443"},
    "credential": {"existingSecret": "octokube-credential"},
}

AGENT_ALL: dict[str, Any] = {
    "cluster": "prod-eu",
    "hub": {"address": "10.0.0.7:443", "ca": {"existingConfigMap": "hub-ca", "key": "hub.pem"}},
    "credential": {"value": "oka_secret", "key": "token"},
    "excludeTypes": ["leases.coordination.k8s.io", "endpoints"],
    "secretWords": ["passphrase", "a:b#c"],
    "initialSyncSeconds": 5.5,
    "rediscoverySeconds": 86400,
    "log": {"level": "debug", "format": "json"},
    "image": {"repository": "registry.example.com/octokube/agent", "digest": "sha256:" + "ab" * 32},
    "imagePullSecrets": [{"name": "pull"}],
    "serviceAccount": {"name": "reader", "annotations": {"example.com/role": "reader"}},
    "rbac": {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list", "watch"]}]},
    "podAnnotations": {"example.com/note": "a: b"},
    "podLabels": {"team": "platform"},
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    "affinity": {"nodeAffinity": {}},
    "priorityClassName": "system-cluster-critical",
    "extraEnv": [{"name": "HTTPS_PROXY", "value": "http://proxy:3128"}],
}

AGENT_PLAINTEXT: dict[str, Any] = {**AGENT_LEAST, "hub": {"address": "hub:7443", "allowInsecure": True}}

HUB_LEAST: dict[str, Any] = {"hub": {"tls": {"existingSecret": "hub-tls"}}}

HUB_ALL: dict[str, Any] = {
    "hub": {
        "tls": {"existingSecret": "hub-tls"},
        "image": {"repository": "registry.example.com/octokube/hub", "tag": "edge", "pullPolicy": "Always"},
        "service": {"type": "LoadBalancer", "port": 443, "annotations": {"example.com/internal": "true"}},
        "persistence": {"storageClass": "fast", "size": "20Gi", "annotations": {"example.com/backup": "daily"}},
        "podAnnotations": {"example.com/note": "hub"},
        "podLabels": {"team": "platform"},
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
        "priorityClassName": "system-cluster-critical",
        "extraEnv": [{"name": "TZ", "value": "UTC"}],
    },
    "policies": {
        "files": {
            "policy.csv": "p, team:payments, *, payments, *, *, read, always, allow\n",
            "teams.csv": "g, user:alice, team:payments\n",
        }
    },
    "web": {
        "image": {"digest": "sha256:" + "cd" * 32},
        "origins": ["https://other.example.com"],
        "service": {"port": 8080},
        "ingress": {
            "enabled": True,
            "className": "nginx",
            "annotations": {"nginx.ingress.kubernetes.io/proxy-read-timeout": "3600"},
            "hosts": ["octokube.example.com", "ide.example.com"],
            "tlsSecret": "page-tls",
        },
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "dedicated", "operator": "Exists"}],
    },
    "log": {"level": "warning", "format": "json"},
    "imagePullSecrets": [{"name": "pull"}],
    "serviceAccount": {"name": "octokube", "annotations": {"example.com/role": "none"}},
}

HUB_PLAINTEXT: dict[str, Any] = {
    "hub": {"allowPlaintext": True, "persistence": {"enabled": False}},
    "policies": {"existingConfigMap": "rules-from-git"},
    "web": {"ingress": {"enabled": True, "hosts": ["octokube.internal"]}},
}

HUB_ALONE: dict[str, Any] = {
    "hub": {"tls": {"existingSecret": "hub-tls"}, "persistence": {"existingClaim": "hub-data"}},
    "web": {"enabled": False},
}

HUB_OWN_HTTPS: dict[str, Any] = {**HUB_LEAST, "web": {"tls": {"existingSecret": "page-tls"}, "service": {"port": 443}}}

ALL_SETS: dict[str, tuple[str, dict[str, Any]]] = {
    "agent-least": ("octokube-agent", AGENT_LEAST),
    "agent-all": ("octokube-agent", AGENT_ALL),
    "agent-plaintext": ("octokube-agent", AGENT_PLAINTEXT),
    "hub-least": ("octokube", HUB_LEAST),
    "hub-all": ("octokube", HUB_ALL),
    "hub-plaintext": ("octokube", HUB_PLAINTEXT),
    "hub-alone": ("octokube", HUB_ALONE),
    "hub-own-https": ("octokube", HUB_OWN_HTTPS),
}
