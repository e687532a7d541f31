"""Reads: the whole object, and what belongs to it."""

from collections.abc import AsyncIterator

from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.operations import reference as references
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.reference import Reference
from octokube_agent.operations.work import Object, Work
from octokube_agent.served_type import ServedType

MAX_EVENTS = 200
MAX_DEPENDANTS = 500
MAX_LISTED = 5000
"""How many objects beside it are looked at for dependants, for each type."""
DEPENDANTS = {
    "deployments.apps": ("replicasets.apps",),
    "replicasets.apps": ("pods",),
    "statefulsets.apps": ("pods", "controllerrevisions.apps"),
    "daemonsets.apps": ("pods", "controllerrevisions.apps"),
    "replicationcontrollers": ("pods",),
    "cronjobs.batch": ("jobs.batch",),
    "jobs.batch": ("pods",),
    "services": ("endpointslices.discovery.k8s.io",),
}
"""What Kubernetes' own controllers make. Looking through every type for each describe would be sixty lists."""


async def get(work: Work) -> pb.OperationResult:
    """The whole object."""
    obj = await work.cluster.read(work.reference)
    await work.documents.send(pb.DOCUMENT_ROLE_OBJECT, work.reference.type, obj)
    return work.done(obj)


async def describe(work: Work) -> pb.OperationResult:
    """The whole object, then its owners, what it owns, and its events. What of the rest can't be read is left out, with
    a sentence that says so.
    """
    obj = await work.cluster.read(work.reference)
    await work.documents.send(pb.DOCUMENT_ROLE_OBJECT, work.reference.type, obj)
    uid = str(obj["metadata"].get("uid") or "")
    for listed in (_owners(work, obj), _dependants(work, uid), _events(work, uid)):
        try:
            async for role, type, found in listed:
                await work.documents.send(role, type, found)
        except (errors.KubeError, Failed, Refused):
            await work.stream.send_progress("a part of what belongs to it can't be read and is left out")
    return work.done(obj)


Found = AsyncIterator[tuple["pb.DocumentRole", str, Object]]


async def _owners(work: Work, obj: Object) -> Found:
    for owner in obj["metadata"].get("ownerReferences") or ():
        served = _of_kind(work, str(owner.get("apiVersion")), str(owner.get("kind")))
        if served is None:
            continue
        namespace = work.reference.namespace if served.namespaced else ""
        reference = references.of(served.name, namespace, str(owner["name"]), work.served, uid=str(owner["uid"]))
        if not work.ceiling.object_refusal(reference.type, namespace):
            yield pb.DOCUMENT_ROLE_OWNER, reference.type, await work.cluster.read(reference)


async def _dependants(work: Work, uid: str) -> Found:
    sent = 0
    for type in DEPENDANTS.get(work.reference.type, ()):
        if work.served(type) is None or work.ceiling.object_refusal(type, work.reference.namespace):
            continue
        beside = references.of(type, work.reference.namespace, "", work.served)
        for found in await listed(work, beside):
            owners = (found.get("metadata") or {}).get("ownerReferences") or ()
            if any(owner.get("uid") == uid for owner in owners) and sent < MAX_DEPENDANTS:
                sent += 1
                yield pb.DOCUMENT_ROLE_DEPENDANT, type, found


async def _events(work: Work, uid: str) -> Found:
    # Events of objects outside namespaces lie in "default".
    namespace = work.reference.namespace or "default"
    if work.served("events") is None or work.ceiling.object_refusal("events", namespace):
        return
    beside = references.of("events", namespace, "", work.served)
    found = await listed(work, beside, field_selector=f"involvedObject.uid={uid}")
    # Nodes' events name the node where others have the uid.
    if work.reference.type == "nodes":
        selector = f"involvedObject.kind=Node,involvedObject.name={work.reference.name}"
        found = await listed(work, beside, field_selector=selector)
    for event in found[-MAX_EVENTS:]:
        yield pb.DOCUMENT_ROLE_EVENT, "events", event


async def listed(
    work: Work, reference: Reference, *, field_selector: str = "", label_selector: str = ""
) -> list[Object]:
    """The objects of a collection, whole, at most MAX_LISTED."""
    query = {"limit": "500"}
    if field_selector:
        query["fieldSelector"] = field_selector
    if label_selector:
        query["labelSelector"] = label_selector
    found: list[Object] = []
    while len(found) < MAX_LISTED:
        page = await work.cluster.get(reference.collection, query)
        items = page.get("items") if isinstance(page, dict) else None
        for item in items or ():
            found.append({"apiVersion": reference.api_version, "kind": reference.kind, **item})
        following = ((page.get("metadata") or {}) if isinstance(page, dict) else {}).get("continue")
        if not following:
            return found
        query["continue"] = str(following)
    return found


def _of_kind(work: Work, api_version: str, kind: str) -> ServedType | None:
    group = api_version.rpartition("/")[0]  # its version may be another one than the agent's
    for served in work.types():
        if served.kind == kind and served.group == group:
            return served
    return None
