"""Drops what nobody reads and what repeats the rest of an object."""

from typing import Any

NOISY_ANNOTATIONS = frozenset(
    (
        "kubectl.kubernetes.io/last-applied-configuration",
        "objectset.rio.cattle.io/applied",
        "kopf.zalando.org/last-handled-configuration",
        "control-plane.alpha.kubernetes.io/leader",
        "banzaicloud.com/last-applied",
        "helm.toolkit.fluxcd.io/last-applied",
    )
)
"""Copies of the object inside itself (a Secret's copy holds its values) and heartbeats of elections."""


def reduce(type: str, obj: dict[str, Any]) -> None:
    """Drops noise from an object, in place.

    Dropped everywhere: ``metadata.managedFields`` (often half of an object), ``metadata.selfLink``, the annotations
    above and any whose name ends in last-applied or last-applied-configuration. Dropped for nodes:
    ``status.images`` (tens of kilobytes that change with every pull).
    """
    metadata = obj.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        metadata.pop("selfLink", None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            for name in [name for name in annotations if is_noisy(name)]:
                del annotations[name]
            if not annotations:
                del metadata["annotations"]
    if type == "nodes" and isinstance(obj.get("status"), dict):
        obj["status"].pop("images", None)


def is_noisy(name: str) -> bool:
    """Whether an annotation of this name is one of those."""
    return name in NOISY_ANNOTATIONS or name.endswith(("last-applied", "last-applied-configuration"))
