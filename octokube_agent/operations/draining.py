"""Empties a node: cordons it and evicts its pods, as their disruption budgets allow."""

import asyncio

from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.operations import reference as references
from octokube_agent.operations.changing import set_schedulable
from octokube_agent.operations.failures import Failed, Refused, explain
from octokube_agent.operations.reading import listed
from octokube_agent.operations.work import Object, Work

RETRY_SECONDS = 2.0
LOOK_SECONDS = 0.5
AT_ONCE = 10
MAX_TOLD = 50
MIRROR = "kubernetes.io/config.mirror"
EVICTION_VERSIONS = ("policy/v1", "policy/v1beta1")


async def drain(work: Work) -> pb.OperationResult:
    """Until no pod is left that could be evicted. What stands in the way is told before anything is changed."""
    asked = work.start.operation.drain
    node = await work.cluster.read(work.reference)
    pods = await _evictable(work, asked)
    timeout_seconds = asked.timeout.ToTimedelta().total_seconds() if asked.HasField("timeout") else None
    await set_schedulable(work, is_off=True)
    await work.stream.send_progress(f"the node takes no new pods; {len(pods)} pods are to be evicted")
    slots = asyncio.Semaphore(AT_ONCE)
    try:
        async with asyncio.timeout(timeout_seconds), asyncio.TaskGroup() as group:
            for pod in pods:
                group.create_task(_evict(work, pod, slots), name=f"agent/drain/{pod['metadata']['name']}")
    except TimeoutError as error:
        raise Failed("the time for draining is over and pods are left; the node stays cordoned") from error
    except ExceptionGroup as failures:
        known = failures.subgroup((errors.KubeError, Failed))
        if known is None:
            raise
        raise Failed("a pod could not be evicted; the node stays cordoned") from known.exceptions[0]
    return work.done(node, f"{len(pods)} pods have gone; the node stays cordoned")


async def _evictable(work: Work, asked: pb.DrainOperation) -> list[Object]:
    """The pods to evict. Raises Refused when there are others that the caller has not allowed for."""
    if work.reference.type != "nodes":
        raise Refused(f"only nodes can be drained, and {work.reference.type} are none")
    beside = references.of("pods", "", "", work.served)
    found: list[Object] = []
    troubles: list[tuple[str, references.Reference]] = []
    for pod in await listed(work, beside, field_selector=f"spec.nodeName={work.reference.name}"):
        metadata, spec = pod["metadata"], pod.get("spec") or {}
        reference = references.of("pods", metadata["namespace"], metadata["name"], work.served, uid=metadata["uid"])
        name = f"{reference.namespace}/{reference.name}"
        controllers = [one for one in metadata.get("ownerReferences") or () if one.get("controller")]
        is_over = (pod.get("status") or {}).get("phase") in ("Succeeded", "Failed")
        if MIRROR in (metadata.get("annotations") or {}):
            continue
        if any(one.get("kind") == "DaemonSet" for one in controllers) and not is_over:
            if not asked.ignore_daemonsets:
                troubles.append((f"{name} belongs to a DaemonSet (ignore_daemonsets leaves such pods)", reference))
            continue
        if refusal := work.ceiling.object_refusal("pods", reference.namespace):
            troubles.append((f"{name} is beyond what the agent may touch: {refusal}", reference))
        if not controllers and not is_over and not asked.force:
            troubles.append((f"{name} has no controller that would make it anew (force)", reference))
        has_data = any("emptyDir" in volume for volume in spec.get("volumes") or ())
        if has_data and not is_over and not asked.delete_empty_dir_data:
            troubles.append((f"{name} keeps data in an emptyDir (delete_empty_dir_data)", reference))
        found.append(pod)
    if troubles:
        for sentence, reference in troubles[:MAX_TOLD]:
            await work.stream.send_progress(sentence, reference.key)
        more = f", of which {MAX_TOLD} were told" if len(troubles) > MAX_TOLD else ""
        raise Refused(f"the node is not drained: {len(troubles)} things stand in the way{more}")
    return found


async def _evict(work: Work, pod: Object, slots: asyncio.Semaphore) -> None:
    metadata = pod["metadata"]
    reference = references.of("pods", metadata["namespace"], metadata["name"], work.served, uid=metadata["uid"])
    name = f"{reference.namespace}/{reference.name}"
    is_told = False
    async with slots:
        while not await _try_or_tell(work, reference):
            if not is_told:
                is_told = True
                await work.stream.send_progress(f"{name} has to wait for its disruption budget", reference.key)
            await asyncio.sleep(RETRY_SECONDS)
        while await _is_there(work, reference):  # noqa: ASYNC110 - it is a cluster that is looked at
            await asyncio.sleep(LOOK_SECONDS)
    await work.stream.send_progress(f"{name} has gone", reference.key)


async def _try_or_tell(work: Work, pod: references.Reference) -> bool:
    """Tries; what the server says against it may name things, and so is told about the pod alone."""
    try:
        return await _try_to_evict(work, pod)
    except errors.KubeError as error:
        said = explain(error, "pods", work.redactor)
        await work.stream.send_progress(f"{pod.namespace}/{pod.name} could not be evicted: {said}", pod.key)
        raise


async def _try_to_evict(work: Work, pod: references.Reference) -> bool:
    """False when a disruption budget does not allow it now."""
    asked = work.start.operation.drain
    options: Object = {"preconditions": {"uid": pod.uid}}
    if asked.HasField("grace"):
        options["gracePeriodSeconds"] = max(0, asked.grace.seconds)
    for version in EVICTION_VERSIONS:
        body = {
            "apiVersion": version,
            "kind": "Eviction",
            "metadata": {"name": pod.name, "namespace": pod.namespace},
            "deleteOptions": options,
        }
        work.commit.begin()
        try:
            await work.cluster.write("POST", f"{pod.path}/eviction", body)
            return True
        except errors.Throttled:
            return False
        except (errors.NotFound, errors.Conflict):
            if not await _is_there(work, pod):
                return True
            raise
        except errors.Invalid:
            if version == EVICTION_VERSIONS[-1]:
                raise  # before 1.22 only the older one is known
    return False


async def _is_there(work: Work, pod: references.Reference) -> bool:
    try:
        found = await work.cluster.get(pod.path)
    except errors.NotFound:
        return False
    return bool(found["metadata"]["uid"] == pod.uid)
