"""Streams logs: of one container, of all of a pod, or of several pods, merged."""

import asyncio
from collections.abc import AsyncIterator

import structlog

from octokube.runtime.tasks import Tasks
from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.operations import reference as references
from octokube_agent.operations.cluster import FOLLOW_SECONDS
from octokube_agent.operations.failures import Failed, Refused, explain
from octokube_agent.operations.reading import DEPENDANTS, listed
from octokube_agent.operations.reference import Reference
from octokube_agent.operations.stream import MAX_CONTENT_BYTES
from octokube_agent.operations.work import Object, Work

log = structlog.get_logger(__name__)

READ_SECONDS = 60.0
LOOK_SECONDS = 3.0
"""How soon a followed workload's new pods are noticed."""
MAX_SOURCES = 64
"""How many containers one operation may read at a time."""
WORKLOADS = frozenset(
    (
        "deployments.apps",
        "replicasets.apps",
        "statefulsets.apps",
        "daemonsets.apps",
        "jobs.batch",
        "cronjobs.batch",
        "replicationcontrollers",
    )
)


async def logs(work: Work) -> pb.OperationResult:
    """The logs that were asked for, until their end, or with follow until the caller goes."""
    asked = work.start.operation.logs
    if asked.container and asked.all_containers:
        raise Refused("give one container or all of them, not both")
    if work.reference.type == "pods" and work.reference.name:
        if asked.label_selector:
            raise Refused("a label selector is for pods in general, not for one by its name")
        return await _of_one_pod(work)
    if work.reference.name and work.reference.type not in WORKLOADS:
        raise Refused(f"{work.reference.type} have no pods of their own, and so no logs")
    if not work.reference.name and (work.reference.type != "pods" or not asked.label_selector):
        raise Refused("name a pod, a workload, or a label selector for pods")
    return await Several(work).run()


async def _of_one_pod(work: Work) -> pb.OperationResult:
    pod = await work.cluster.read(work.reference)
    containers = _containers(pod, work.start.operation.logs)
    if len(containers) == 1:
        await _stream(work, work.reference, containers[0], is_one_of_many=False)
        return work.done(pod)
    async with asyncio.TaskGroup() as group:
        for container in containers:
            group.create_task(_stream_or_say(work, work.reference, container), name=f"agent/logs/{container}")
    return work.done(pod)


class Several:
    """Merges the logs of the pods of a workload, or of those that labels select, as far as the hub has decided on them.

    A pod is read only while it is in the hub's scope: what leaves the scope is cut off at once.
    """

    def __init__(self, work: Work) -> None:
        self._work = work
        self._asked = work.start.operation.logs
        self._running: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._seen: set[tuple[str, str]] = set()
        self._is_told = False

    async def run(self) -> pb.OperationResult:
        """Until every log has ended, or with follow until the caller goes."""
        work = self._work
        if work.ceiling.object_refusal("pods", work.reference.namespace):
            raise Refused(work.ceiling.object_refusal("pods", work.reference.namespace))
        obj = await work.cluster.read(work.reference) if work.reference.name else None
        async with Tasks("agent/logs") as tasks:
            while True:
                work.stream.pods_changed.clear()
                pods = await self._pods(obj)
                self._end_what_left(pods)
                has_more = self._start(pods, tasks)
                if not self._asked.follow:
                    await asyncio.gather(*self._running.values(), return_exceptions=True)
                    if has_more:
                        continue
                    return work.done(obj, "" if self._seen else "there are no pods to read from")
                if has_more and not self._is_told:
                    self._is_told = True
                    await work.stream.send_progress(
                        f"more than {MAX_SOURCES} containers match; of the newest pods so many are followed, "
                        "and others when one ends"
                    )
                try:
                    async with asyncio.timeout(LOOK_SECONDS):
                        await work.stream.pods_changed.wait()
                except TimeoutError:
                    continue

    async def _pods(self, obj: Object | None) -> list[Object]:
        """Those that match, newest first, without those beyond the hub's scope."""
        work = self._work
        beside = references.of("pods", work.reference.namespace, "", work.served)
        if obj is None:
            found = await listed(work, beside, label_selector=self._asked.label_selector)
        else:
            found = [pod async for pod in _owned_pods(work, work.reference.type, obj)]
        found = [pod for pod in found if self._is_in_scope(pod)]
        return sorted(found, key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)

    def _is_in_scope(self, pod: Object) -> bool:
        scope = self._work.stream.pods
        if scope.all:
            return True
        metadata = pod["metadata"]
        return any(
            (one.namespace, one.name, one.uid) == (metadata.get("namespace"), metadata["name"], metadata["uid"])
            for one in scope.pods
        )

    def _end_what_left(self, pods: list[Object]) -> None:
        if self._work.stream.pods.all:
            return  # a pod that is gone ends its log by itself, after the last line
        allowed = {one.uid for one in self._work.stream.pods.pods}
        for source, task in self._running.items():
            if source[0] not in allowed:
                task.cancel()

    def _start(self, pods: list[Object], tasks: Tasks) -> bool:
        """Begins with what is new. True when there is more than may be read at a time."""
        self._running = {source: task for source, task in self._running.items() if not task.done()}
        for pod in pods:
            uid, name = str(pod["metadata"]["uid"]), str(pod["metadata"]["name"])
            reference = references.of("pods", self._work.reference.namespace, name, self._work.served, uid=uid)
            for container in _containers(pod, self._asked, is_one_of_many=True):
                if (uid, container) in self._seen or not _has_started(pod, container):
                    continue
                if len(self._running) >= MAX_SOURCES:
                    return True
                self._seen.add((uid, container))
                reading = _stream_or_say(self._work, reference, container)
                self._running[uid, container] = tasks.start_guarded(reading, name=f"{name}/{container}")
        return False


async def _owned_pods(work: Work, type: str, obj: Object) -> AsyncIterator[Object]:
    """The pods that an object owns, directly or by what it owns."""
    uid = obj["metadata"]["uid"]
    for below in DEPENDANTS.get(type, ()):
        if below == "controllerrevisions.apps" or work.served(below) is None:
            continue
        beside = references.of(below, work.reference.namespace, "", work.served)
        for found in await listed(work, beside):
            owners = (found.get("metadata") or {}).get("ownerReferences") or ()
            if not any(owner.get("uid") == uid for owner in owners):
                continue
            if below == "pods":
                yield found
                continue
            async for pod in _owned_pods(work, below, found):
                yield pod


def _containers(pod: Object, asked: pb.LogsOperation, *, is_one_of_many: bool = False) -> list[str]:
    """Which containers to read. Raises Failed when it is not clear which one."""
    spec = pod.get("spec") or {}
    plain = [str(one["name"]) for one in spec.get("containers") or ()]
    others = [str(one["name"]) for name in ("initContainers", "ephemeralContainers") for one in spec.get(name) or ()]
    if asked.all_containers:
        return [*others, *plain]
    if asked.container:
        if asked.container in (*plain, *others):
            return [asked.container]
        if is_one_of_many:
            return []
        raise Failed(f"the pod has no container {asked.container!r}; it has {', '.join((*plain, *others))}")
    annotations = (pod.get("metadata") or {}).get("annotations") or {}
    default = annotations.get("kubectl.kubernetes.io/default-container")
    if default in plain:
        return [str(default)]
    if len(plain) == 1:
        return plain
    if is_one_of_many:
        return plain
    raise Failed(f"the pod has several containers; name one of {', '.join(plain)}, or ask for all")


def _has_started(pod: Object, container: str) -> bool:
    status = pod.get("status") or {}
    statuses = [
        one
        for name in ("containerStatuses", "initContainerStatuses", "ephemeralContainerStatuses")
        for one in status.get(name) or ()
    ]
    known = [one for one in statuses if one.get("name") == container]
    # A server without kubelets knows nothing of containers; the log's own answer then says what there is.
    return not known or not all("waiting" in (one.get("state") or {}) and not one.get("restartCount") for one in known)


async def _stream_or_say(work: Work, pod: Reference, container: str) -> None:
    """One log of several: one that can't be read says so and does not end the others."""
    try:
        await _stream(work, pod, container, is_one_of_many=True)
    except errors.KubeError as error:
        said = explain(error, "pods", work.redactor)
        await work.stream.send_progress(f"no log of {container} in {pod.name}: {said}", pod.key)


async def _stream(work: Work, pod: Reference, container: str, *, is_one_of_many: bool) -> None:
    asked = work.start.operation.logs
    query = [("container", container)]
    query += [(name, "true") for name in ("follow", "previous", "timestamps") if getattr(asked, name)]
    if asked.HasField("tail_lines"):
        query.append(("tailLines", str(asked.tail_lines)))
    if asked.HasField("since"):
        query.append(("sinceTime", asked.since.ToDatetime().strftime("%Y-%m-%dT%H:%M:%SZ")))
    source = pb.LogSource(pod=pod.name, container=container)
    silence_seconds = FOLLOW_SECONDS if asked.follow else READ_SECONDS
    async with work.cluster.chunks(f"{pod.path}/log", query, silence_seconds=silence_seconds) as chunks:
        rest = b""
        async for chunk in chunks:
            # Of one source even half a line is shown at once, as a prompt without an end is one.
            whole, rest = split_lines(rest + chunk) if is_one_of_many else (chunk, b"")
            await work.stream.send_stdout(whole, source)
        await work.stream.send_stdout(rest, source)


def split_lines(content: bytes) -> tuple[bytes, bytes]:
    """Whole lines, and the beginning of the next one. Of a line longer than a message the beginning is let go."""
    end = content.rfind(b"\n") + 1
    if len(content) - end >= MAX_CONTENT_BYTES:
        return content, b""
    return content[:end], content[end:]
