"""Changes with one meaning each: delete, scale, restart, cordon."""

import datetime
from typing import Any

from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.work import Object, Work, Written
from octokube_agent.operations.writing import PATCH_TYPES

MANAGER = {"fieldManager": "octokube"}
ATTEMPTS = 6
"""Controllers write to the same objects all the time; each attempt begins with the newest version."""
ROLLED = ("deployments.apps", "statefulsets.apps", "daemonsets.apps")
_PROPAGATIONS = ("", "Background", "Foreground", "Orphan")


async def delete(work: Work) -> Written:
    """Deletes the object that the person saw, or by its name the one that is there now."""
    asked = work.start.operation.delete
    if asked.propagation not in _PROPAGATIONS:
        raise Refused("the propagation is Background, Foreground or Orphan")
    before = await work.cluster.read(work.reference)
    preconditions = {"uid": before["metadata"]["uid"]}
    if work.reference.resource_version:
        preconditions["resourceVersion"] = work.reference.resource_version
    options: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": preconditions}
    if asked.propagation:
        options["propagationPolicy"] = asked.propagation
    if asked.HasField("grace"):
        options["gracePeriodSeconds"] = max(0, asked.grace.seconds)
    work.commit.begin()
    after = await work.cluster.write("DELETE", work.reference.path, options)
    is_finalizing = bool((after.get("metadata") or {}).get("deletionTimestamp"))
    return Written(work.done(before, "it is being deleted" if is_finalizing else "it is deleted"))


async def scale(work: Work) -> Written:
    """Sets the number of replicas by the object's scale subresource."""
    replicas = work.start.operation.scale.replicas
    path = f"{work.reference.path}/scale"

    def change(_: Object) -> Object:
        return {"spec": {"replicas": replicas}}

    return await _change(work, change, path=path, message=f"it is scaled to {replicas}")


async def restart(work: Work) -> Written:
    """Rolls the workload's pods as ``kubectl rollout restart`` does: by an annotation of their template."""
    if work.reference.type not in ROLLED:
        raise Refused(f"{work.reference.type} can't be restarted; {', '.join(ROLLED)} can")
    now = work.clock.now().astimezone(datetime.UTC).isoformat(timespec="seconds")

    def change(obj: Object) -> Object:
        if (obj.get("spec") or {}).get("paused"):
            raise Failed("its rollout is paused; resume it first")
        annotations = {"kubectl.kubernetes.io/restartedAt": now}
        return {"spec": {"template": {"metadata": {"annotations": annotations}}}}

    return await _change(work, change, message="its pods are being replaced")


async def cordon(work: Work) -> Written:
    """Keeps new pods off a node, or lets them on again."""
    is_off = not work.start.operation.cordon.uncordon
    return await set_schedulable(work, is_off=is_off)


async def set_schedulable(work: Work, *, is_off: bool) -> Written:
    """Cordons or uncordons a node."""
    if work.reference.type != "nodes":
        raise Refused(f"only nodes can be cordoned, and {work.reference.type} are none")

    def change(obj: Object) -> Object:
        # A merge patch with null takes the field away, as the server itself does.
        return {"spec": {"unschedulable": True if is_off else None}}

    return await _change(work, change, message="it takes no new pods" if is_off else "it takes new pods again")


async def _change(work: Work, change: Any, *, message: str, path: str = "") -> Written:
    """A merge patch of the newest version of the object, which still is the one that the person saw. When they saw an
    older version of it, and said so, nothing is changed.
    """
    for attempt in range(ATTEMPTS):
        before = await work.cluster.read(work.reference)
        metadata = before["metadata"]
        body = change(before) | {"metadata": {"resourceVersion": metadata["resourceVersion"]}}
        body["metadata"]["uid"] = metadata["uid"]
        work.commit.begin()
        try:
            after = await work.cluster.write(
                "PATCH",
                path or work.reference.path,
                body,
                query=MANAGER,
                content_type=PATCH_TYPES[pb.PATCH_TYPE_MERGE],
            )
        except errors.Conflict:
            if attempt == ATTEMPTS - 1 or work.reference.resource_version:
                raise
            continue
        if path:
            return Written(work.done(after, message))
        documents = [
            (pb.DOCUMENT_ROLE_BEFORE, work.reference.type, before, None),
            (pb.DOCUMENT_ROLE_AFTER, work.reference.type, after, before),
        ]
        return Written(work.done(after, message), documents)
    raise Failed("the object changes too quickly; try again")
