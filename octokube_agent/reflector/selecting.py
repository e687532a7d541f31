"""Chooses which of a server's types the agent follows."""

from collections.abc import Collection, Iterable

from octokube_agent.kube.discovery import ApiType
from octokube_agent.reflector.polling import POLLED

TWINS = {
    "events.events.k8s.io": "events",
    "ingresses.extensions": "ingresses.networking.k8s.io",
    "networkpolicies.extensions": "networkpolicies.networking.k8s.io",
    "deployments.extensions": "deployments.apps",
    "daemonsets.extensions": "daemonsets.apps",
    "replicasets.extensions": "replicasets.apps",
    "podsecuritypolicies.extensions": "podsecuritypolicies.policy",
}
"""The same objects under two groups: only the second name is followed where the server offers it. For events that is
the core group, because people and policies call them ``events`` and kubectl prints those."""

DEFAULT_EXCLUDED = ("componentstatuses",)
"""Not objects: the server computes them by asking its peers on each list."""


def select(types: Iterable[ApiType], excluded: Collection[str] = DEFAULT_EXCLUDED) -> list[ApiType]:
    """The types that can be listed and watched, and the polled ones; each kind of object once, without the excluded."""
    followed = {
        item.name: item
        for item in types
        if (item.is_watchable or (item.name in POLLED and "list" in item.verbs)) and item.name not in excluded
    }
    return [item for name, item in followed.items() if TWINS.get(name) not in followed]
