"""Follows a workload's rollout, and takes it back to a former revision."""

import asyncio
import copy

from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.operations import reference as references
from octokube_agent.operations.changing import ATTEMPTS, ROLLED
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.reading import listed
from octokube_agent.operations.work import Object, Work, Written
from octokube_agent.operations.writing import write_patch

LOOK_SECONDS = 1.0
REVISION = "deployment.kubernetes.io/revision"


async def rollout_status(work: Work) -> pb.OperationResult:
    """Tells how far the rollout is; with wait until it is complete or can't get on."""
    _check(work)
    told = ""
    while True:
        obj = await work.cluster.read(work.reference)
        sentence, is_complete = status_of(work.reference.type, obj)
        if sentence != told:
            told = sentence
            await work.stream.send_progress(sentence)
        if is_complete:
            return work.done(obj, sentence)
        if not work.start.operation.rollout_status.wait:
            raise Failed(sentence)
        await asyncio.sleep(LOOK_SECONDS)


def status_of(type: str, obj: Object) -> tuple[str, bool]:
    """How far a rollout is, in one sentence, and whether it is complete. Raises Failed when it can't get on."""
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    if int(obj["metadata"].get("generation") or 0) > int(status.get("observedGeneration") or 0):
        return "waiting until the change is taken up", False
    if type == "daemonsets.apps":
        wanted = int(status.get("desiredNumberScheduled") or 0)
        updated, ready = int(status.get("updatedNumberScheduled") or 0), int(status.get("numberAvailable") or 0)
    else:
        wanted = int(spec.get("replicas", 1))
        updated = int(status.get("updatedReplicas") or 0)
        ready = int(status.get("availableReplicas" if type == "deployments.apps" else "readyReplicas") or 0)
    if type == "deployments.apps":
        for condition in status.get("conditions") or ():
            if condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
                raise Failed("the rollout has exceeded its progress deadline")
    elif (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        raise Failed("its update strategy is OnDelete: pods are replaced only when somebody deletes them")
    if updated < wanted:
        return f"{updated} of {wanted} pods are updated", False
    if type == "deployments.apps" and int(status.get("replicas") or 0) > updated:
        return f"{int(status['replicas']) - updated} old pods are still to end", False
    if ready < updated:
        return f"{ready} of {updated} updated pods are available", False
    return f"complete: {updated} pods are updated", True


async def rollback(work: Work) -> Written:
    """Gives the workload the pod template of a former revision. A rollout that goes on has its status written all the
    time: what was looked at is then looked at anew, unless the caller has named the version that they saw.
    """
    _check(work)
    for _ in range(ATTEMPTS - 1):
        try:
            return await _rollback(work)
        except errors.Conflict:
            if work.reference.resource_version:
                raise
    return await _rollback(work)


async def _rollback(work: Work) -> Written:
    asked = work.start.operation.rollback.revision
    before = await work.cluster.read(work.reference)
    revisions = await (
        _of_deployment(work, before) if work.reference.type == "deployments.apps" else _kept(work, before)
    )
    if not asked and len(revisions) < 2:
        raise Failed("there is no former revision to go back to")
    number = asked or sorted(revisions)[-2]
    if number not in revisions:
        known = ", ".join(str(revision) for revision in sorted(revisions))
        raise Failed(f"there is no revision {number}; there are {known or 'none'}")
    metadata = {name: before["metadata"][name] for name in ("uid", "resourceVersion")}
    template = revisions[number] | {"$patch": "replace"}
    body: Object = {"metadata": metadata, "spec": {"template": template}}
    written = await write_patch(work, body, before, pb.PATCH_TYPE_STRATEGIC, manager="octokube")
    written.result.message = f"it goes back to revision {number}"
    return written


async def _of_deployment(work: Work, deployment: Object) -> dict[int, Object]:
    """Pod templates by revision, from its replica sets."""
    beside = references.of("replicasets.apps", work.reference.namespace, "", work.served)
    found: dict[int, Object] = {}
    for replica_set in await _owned(work, beside, deployment):
        number = str((replica_set["metadata"].get("annotations") or {}).get(REVISION, ""))
        if number.isdigit():
            template = copy.deepcopy(replica_set["spec"]["template"])
            ((template.get("metadata") or {}).get("labels") or {}).pop("pod-template-hash", None)
            found[int(number)] = template
    return found


async def _kept(work: Work, workload: Object) -> dict[int, Object]:
    """Pod templates by revision, from its controller revisions."""
    beside = references.of("controllerrevisions.apps", work.reference.namespace, "", work.served)
    found: dict[int, Object] = {}
    for revision in await _owned(work, beside, workload):
        template = ((revision.get("data") or {}).get("spec") or {}).get("template")
        if isinstance(template, dict):
            found[int(revision.get("revision") or 0)] = {
                name: value for name, value in template.items() if name != "$patch"
            }
    return found


async def _owned(work: Work, beside: references.Reference, owner: Object) -> list[Object]:
    uid = owner["metadata"]["uid"]
    return [
        one
        for one in await listed(work, beside)
        if any(other.get("uid") == uid for other in one["metadata"].get("ownerReferences") or ())
    ]


def _check(work: Work) -> None:
    if work.reference.type not in ROLLED:
        raise Refused(f"{work.reference.type} have no rollouts; {', '.join(ROLLED)} have")
