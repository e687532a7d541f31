"""Prints volumes, claims and storage classes."""

from octokube_agent.projection.columns.reading import (
    AGE,
    Cell,
    Object,
    Printer,
    created,
    flag,
    items,
    part,
    status,
    text,
    word,
)

_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
_DEFAULT_CLASS = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def _modes(modes: list[object]) -> str:
    return ",".join(_MODES.get(str(mode), str(mode)) for mode in modes)


def _phase(obj: Object) -> str:
    return "Terminating" if "deletionTimestamp" in part(obj, "metadata") else word(obj, "status", "phase")


def _claim(obj: Object) -> tuple[Cell, ...]:
    is_bound = bool(word(obj, "spec", "volumeName"))
    return (
        _phase(obj),
        word(obj, "spec", "volumeName") or None,
        word(obj, "status", "capacity", "storage") if is_bound else None,
        _modes(items(obj, "status", "accessModes")) if is_bound else None,
        word(obj, "spec", "storageClassName") or None,
        created(obj),
        word(obj, "spec", "volumeMode") or None,
    )


def _volume(obj: Object) -> tuple[Cell, ...]:
    claim = part(obj, "spec", "claimRef")
    return (
        word(obj, "spec", "capacity", "storage"),
        _modes(items(obj, "spec", "accessModes")),
        word(obj, "spec", "persistentVolumeReclaimPolicy"),
        _phase(obj),
        f"{word(claim, 'namespace')}/{word(claim, 'name')}" if claim else None,
        word(obj, "spec", "storageClassName") or None,
        word(obj, "status", "reason") or None,
        created(obj),
        word(obj, "spec", "volumeMode") or None,
    )


def _storage_class(obj: Object) -> tuple[Cell, ...]:
    annotations = part(obj, "metadata", "annotations")
    return (
        word(obj, "provisioner"),
        word(obj, "reclaimPolicy") or "Delete",
        word(obj, "volumeBindingMode") or "Immediate",
        bool(obj.get("allowVolumeExpansion")),
        any(annotations.get(name) == "true" for name in _DEFAULT_CLASS),
        created(obj),
    )


PRINTERS = {
    "persistentvolumeclaims": Printer(
        (
            status("Status"),
            text("Volume"),
            text("Capacity"),
            text("Access Modes"),
            text("StorageClass"),
            AGE,
            text("VolumeMode", wide=True),
        ),
        _claim,
    ),
    "persistentvolumes": Printer(
        (
            text("Capacity"),
            text("Access Modes"),
            text("Reclaim Policy"),
            status("Status"),
            text("Claim"),
            text("StorageClass"),
            text("Reason"),
            AGE,
            text("VolumeMode", wide=True),
        ),
        _volume,
    ),
    "storageclasses.storage.k8s.io": Printer(
        (
            text("Provisioner"),
            text("ReclaimPolicy"),
            text("VolumeBindingMode"),
            flag("AllowVolumeExpansion"),
            flag("Default"),
            AGE,
        ),
        _storage_class,
    ),
}
