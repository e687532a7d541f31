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

AGENT_ENROLLING: dict[str, Any] = {
    "cluster": "prod-eu",
    "hub": {"address": "hub.example.com:7443"},
    "enrolment": {"token": "oke_once", "key": "once"},
}

AGENT_ENROLLING_BY_SECRET: dict[str, Any] = {**AGENT_ENROLLING, "enrolment": {"existingSecret": "made-before"}}

AGENT_OPERATING: dict[str, Any] = {
    **AGENT_LEAST,
    "operations": {"allowed": ["all"], "types": ["pods", "*.apps", "widgets.example.com"], "impersonate": True},
}

AGENT_IN_NAMESPACES: dict[str, Any] = {
    **AGENT_LEAST,
    "operations": {"allowed": ["read-only", "exec"], "namespaces": ["default", "kube-system"], "impersonate": True},
}

AGENT_PLAINTEXT: dict[str, Any] = {**AGENT_LEAST, "hub": {"address": "hub:7443", "allowInsecure": True}}

HUB_LEAST: dict[str, Any] = {"hub": {"tls": {"existingSecret": "hub-tls"}}}

HUB_ALL: dict[str, Any] = {
    "hub": {
        "tls": {"existingSecret": "hub-tls"},
        "image": {"repository": "registry.example.com/octokube/hub", "tag": "edge", "pullPolicy": "Always"},
        "service": {"type": "LoadBalancer", "port": 443, "annotations": {"example.com/internal": "true"}},
        "persistence": {"storageClass": "fast", "size": "20Gi", "annotations": {"example.com/backup": "daily"}},
        "recording": {"mode": "required", "places": ["prod-*/payments"], "days": 7.5, "bytes": 5_000_000_000},
        "mtls": {"port": 8444, "address": "agents.example.com:443"},
        "allowAgentCredentials": True,
        "allowGatewaysWithoutCertificate": True,
        "limits": {"stream-limit": 2_000_000, "call-limit": 3_000_000, "person-opens-per-second": 0.5},
        "localAccounts": {"existingSecret": "people", "key": "list"},
        "oidc": {
            "issuer": "https://id.example.com/realm",
            "clientId": "octokube",
            "clientSecret": {"existingSecret": "oidc", "key": "password"},
            "redirectUris": ["https://octokube.example.com/api/v1/signin/callback"],
            "name": "Example",
            "scopes": ["openid", "groups"],
            "subjectClaim": "email",
            "groupsClaim": "roles",
            "groupPrefix": "octokube-",
            "caConfigMap": "id-ca",
        },
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
        "limits": {"socket-limit": 20_000},
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

HUB_ENROLLED_GATEWAY: dict[str, Any] = {
    **HUB_LEAST,
    "web": {
        "enrolment": {
            "token": "okg_once",
            "key": "once",
            "persistence": {"storageClass": "fast", "size": "1Gi", "annotations": {"example.com/backup": "never"}},
        }
    },
}
HUB_ENROLLED_GATEWAY_BY_SECRET: dict[str, Any] = {
    **HUB_LEAST,
    "web": {"enrolment": {"existingSecret": "made-before", "persistence": {"existingClaim": "kept-before"}}},
}

HUB_OWN_HTTPS: dict[str, Any] = {**HUB_LEAST, "web": {"tls": {"existingSecret": "page-tls"}, "service": {"port": 443}}}

HUB_FROM_GIT: dict[str, Any] = {
    "hub": {"tls": {"existingSecret": "hub-tls"}, "metrics": {"enabled": True, "port": 9999}},
    "policies": {
        "git": {
            "repository": "git@git.example.com:platform/access.git",
            "ref": "release",
            "directory": "octokube/policies",
            "periodSeconds": 5,
            "credentialsSecret": "git-login",
            "sshSecret": "git-key",
        }
    },
    "networkPolicy": {
        "metricsFrom": [{"namespaceSelector": {"matchLabels": {"name": "monitoring"}}}],
        "hubEgressPorts": [8443],
        "extraEgress": [{"ports": [{"port": 3128}]}],
    },
}

HUB_OPEN: dict[str, Any] = {**HUB_LEAST, "networkPolicy": {"enabled": False}, "podDisruptionBudget": {"enabled": False}}

AGENT_BEHIND_A_PROXY: dict[str, Any] = {
    **AGENT_LEAST,
    "networkPolicy": {"apiServerPorts": [8443], "extraEgress": [{"ports": [{"port": 3128}]}]},
    "podDisruptionBudget": {"enabled": False},
}

ALL_SETS: dict[str, tuple[str, dict[str, Any]]] = {
    "agent-least": ("octokube-agent", AGENT_LEAST),
    "agent-enrolling": ("octokube-agent", AGENT_ENROLLING),
    "agent-enrolling-by-secret": ("octokube-agent", AGENT_ENROLLING_BY_SECRET),
    "agent-all": ("octokube-agent", AGENT_ALL),
    "agent-plaintext": ("octokube-agent", AGENT_PLAINTEXT),
    "agent-operating": ("octokube-agent", AGENT_OPERATING),
    "agent-in-namespaces": ("octokube-agent", AGENT_IN_NAMESPACES),
    "agent-behind-a-proxy": ("octokube-agent", AGENT_BEHIND_A_PROXY),
    "hub-from-git": ("octokube", HUB_FROM_GIT),
    "hub-open": ("octokube", HUB_OPEN),
    "hub-least": ("octokube", HUB_LEAST),
    "hub-all": ("octokube", HUB_ALL),
    "hub-plaintext": ("octokube", HUB_PLAINTEXT),
    "hub-alone": ("octokube", HUB_ALONE),
    "hub-own-https": ("octokube", HUB_OWN_HTTPS),
    "hub-enrolled-gateway": ("octokube", HUB_ENROLLED_GATEWAY),
    "hub-enrolled-gateway-by-secret": ("octokube", HUB_ENROLLED_GATEWAY_BY_SECRET),
}
