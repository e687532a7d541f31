"""Names one object of one cluster for the whole of its life."""

from typing import NamedTuple


class Key(NamedTuple):
    """An object's identity: two living objects never share (type, namespace, name); uid tells re-creations apart."""

    type: str
    """Kubernetes plural with group: ``pods``, ``deployments.apps``."""
    namespace: str
    """Empty for cluster-scoped objects."""
    name: str
    uid: str
