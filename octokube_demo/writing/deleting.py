"""Decides what a DELETE does: remove at once, or mark and wait for finalizers, grace or a controller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from octokube_demo import errors
from octokube_demo.objects import Object, timestamp
from octokube_demo.resources import ResourceType
from octokube_demo.resources.catalog import CRD_TYPE
from octokube_demo.store import Store

FOREGROUND = "foregroundDeletion"
ORPHAN = "orphan"
CRD_CLEANUP = "customresourcecleanup.apiextensions.k8s.io"


@dataclass(frozen=True, slots=True)
class DeleteOptions:
    """The parsed `DeleteOptions` of a request."""

    grace_seconds: int | None = None
    propagation: str = ""
    uid: str = ""
    resource_version: str = ""
    is_dry_run: bool = False

    @classmethod
    def parse(cls, body: Any, query: Any) -> DeleteOptions:
        """From the body and the query; the body wins, as on the real server. Raises ApiError."""
        body = body if isinstance(body, dict) else {}
        preconditions = body.get("preconditions") or {}
        grace = body.get("gracePeriodSeconds", query.get("gracePeriodSeconds"))
        try:
            grace_seconds = None if grace is None else int(grace)
        except (TypeError, ValueError) as error:
            raise errors.bad_request(f"gracePeriodSeconds must be a number, not {grace!r}") from error
        propagation = body.get("propagationPolicy") or query.get("propagationPolicy") or ""
        if propagation not in ("", "Background", "Foreground", "Orphan"):
            text = f'Unsupported value: "{propagation}": supported values: "Background", "Foreground", "Orphan"'
            causes = [("FieldValueNotSupported", "propagationPolicy", text)]
            raise errors.invalid("DeleteOptions", "meta.k8s.io", "", causes)
        return cls(
            grace_seconds=grace_seconds,
            propagation=propagation,
            uid=preconditions.get("uid") or "",
            resource_version=preconditions.get("resourceVersion") or "",
            is_dry_run=bool(body.get("dryRun") or query.get("dryRun")),
        )


def check_preconditions(resource: ResourceType, value: Object, options: DeleteOptions) -> None:
    """Raises ApiError 409."""
    meta = value["metadata"]
    if options.uid and options.uid != meta["uid"]:
        raise errors.uid_mismatch(resource.kind, meta["name"], options.uid, meta["uid"])
    if options.resource_version and options.resource_version != meta["resourceVersion"]:
        why = (
            f"the ResourceVersion in the precondition ({options.resource_version}) does not match the "
            f"ResourceVersion in record ({meta['resourceVersion']}). The object might have been modified"
        )
        raise errors.conflict(resource.plural, resource.group, meta["name"], why)


def delete_object(store: Store, resource: ResourceType, value: Object, options: DeleteOptions) -> tuple[Object, bool]:
    """(the object as the answer shows it, whether it is gone). `value` is the stored one."""
    meta = value["metadata"]
    finalizers = list(meta.get("finalizers") or ())
    for policy, finalizer in (("Foreground", FOREGROUND), ("Orphan", ORPHAN)):
        if options.propagation == policy and finalizer not in finalizers:
            finalizers.append(finalizer)
    if resource.name == CRD_TYPE and CRD_CLEANUP not in finalizers and "deletionTimestamp" not in meta:
        finalizers.append(CRD_CLEANUP)
    grace = _grace_seconds(resource, value, options)
    if resource.name == "namespaces":
        if "deletionTimestamp" in meta:
            raise errors.conflict(
                "namespaces",
                "",
                meta["name"],
                "The system is ensuring all content is removed from this namespace.  Upon completion, this namespace "
                "will automatically be purged by the system.",
            )
        marked = _marked(store, value, 0, finalizers)
        marked["status"] = {**(value.get("status") or {}), "phase": "Terminating"}
        return (marked if options.is_dry_run else store.replace(resource.stored_name, marked)), False
    if not finalizers and grace == 0:
        gone = _marked(store, value, 0, finalizers) if resource.name == "pods" else value
        if not options.is_dry_run:
            removed = store.remove(resource.stored_name, (meta.get("namespace", ""), meta["name"]))
            gone = {**gone, "metadata": {**gone["metadata"], "resourceVersion": removed["metadata"]["resourceVersion"]}}
        return gone, True
    is_marked = "deletionTimestamp" in meta
    is_sooner = is_marked and grace < (meta.get("deletionGracePeriodSeconds") or 0)
    if is_marked and not is_sooner and finalizers == list(meta.get("finalizers") or ()):
        return value, False
    marked = _marked(store, value, grace, finalizers)
    return (marked if options.is_dry_run else store.replace(resource.stored_name, marked)), False


def _marked(store: Store, value: Object, grace: int, finalizers: list[str]) -> Object:
    meta = dict(value["metadata"])
    meta["deletionTimestamp"] = timestamp(store.now() + timedelta(seconds=grace))
    meta["deletionGracePeriodSeconds"] = grace
    if finalizers:
        meta["finalizers"] = finalizers
    return {**value, "metadata": meta}


def _grace_seconds(resource: ResourceType, value: Object, options: DeleteOptions) -> int:
    if resource.name != "pods":
        return 0
    # Nobody runs a pod that was never scheduled or has ended: it needs no grace.
    if not value["spec"].get("nodeName") or (value.get("status") or {}).get("phase") in ("Succeeded", "Failed"):
        return 0
    if options.grace_seconds is not None:
        return max(0, options.grace_seconds)
    return int(value["spec"].get("terminationGracePeriodSeconds", 30))
