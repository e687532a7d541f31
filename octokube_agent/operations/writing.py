"""Writes whole objects and patches: tried without effect first, held against what they would raise, then done."""

from collections.abc import Awaitable, Callable

from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.operations import bodies
from octokube_agent.operations.escalation import escalations
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.work import Object, Work, Written

APPLY_ATTEMPTS = 4
APPLY_TYPE = "application/apply-patch+yaml"
PATCH_TYPES = {
    pb.PATCH_TYPE_MERGE: "application/merge-patch+json",
    pb.PATCH_TYPE_STRATEGIC: "application/strategic-merge-patch+json",
    pb.PATCH_TYPE_JSON: "application/json-patch+json",
}

Send = Callable[[dict[str, str]], Awaitable[Object]]
"""Sends the write with these additional options."""


async def apply(work: Work) -> Written:
    """Server-side apply. Binds itself to the object that it found, so that what was checked is what is done.

    A controller that writes a status meanwhile makes that another object; nothing was changed then, and it is looked at
    anew: where the caller has named the version that they saw, that tells them that it has gone.
    """
    for _ in range(APPLY_ATTEMPTS - 1):
        try:
            return await _apply(work)
        except errors.Conflict as conflict:
            if conflict.causes:
                raise  # fields of other managers stand in the way
    return await _apply(work)


async def _apply(work: Work) -> Written:
    asked = work.start.operation.apply
    obj, reference = bodies.whole_object(asked.body, work.reference)
    manager = _manager(asked.field_manager)
    try:
        before: Object | None = await work.cluster.read(work.reference)
    except errors.NotFound:
        before = None
    if before is None:
        if not work.start.create_allowed:
            raise Refused("the object does not exist, and you may not create it here")
        if work.reference.uid:
            raise Failed(f"{work.reference} has been deleted since you saw it")
    elif not work.start.patch_allowed:
        raise Refused("the object exists already, and you may not change it here")
    else:
        obj["metadata"] |= {name: before["metadata"][name] for name in ("uid", "resourceVersion")}
    options = {"fieldManager": manager} | ({"force": "true"} if asked.force else {})

    async def send(more: dict[str, str]) -> Object:
        if before is None and not work.start.patch_allowed:
            # An apply would change an object that came into being a moment ago.
            return await work.cluster.write("POST", reference.collection, obj, query=more | {"fieldManager": manager})
        return await work.cluster.write("PATCH", reference.path, obj, query=options | more, content_type=APPLY_TYPE)

    return await write(work, send, before, is_dry_run=asked.dry_run)


async def create(work: Work) -> Written:
    """Creates the object, or one with a name that the server makes up."""
    asked = work.start.operation.create
    if work.reference.uid or work.reference.resource_version:
        raise Refused("an object that is to be created has no uid and no version yet")
    obj, reference = bodies.whole_object(asked.body, work.reference)
    if not work.reference.name and not obj["metadata"].get("generateName"):
        raise Refused("the object needs a name, or a generateName")
    manager = {"fieldManager": _manager(asked.field_manager)}

    async def send(more: dict[str, str]) -> Object:
        return await work.cluster.write("POST", reference.collection, obj, query=manager | more)

    return await write(work, send, None, is_dry_run=asked.dry_run)


async def patch(work: Work) -> Written:
    """Changes exactly the object, in exactly the version, that the person saw."""
    asked = work.start.operation.patch
    if asked.type not in PATCH_TYPES:
        raise Refused("the patch does not say how it is written")
    if not work.reference.uid or not work.reference.resource_version:
        raise Refused("a patch is bound to the uid and the resource version of the object that you saw")
    before = await work.cluster.read(work.reference)
    body = bodies.patch_of(asked.body, before, is_json_patch=asked.type == pb.PATCH_TYPE_JSON)
    try:
        return await write_patch(
            work, body, before, asked.type, manager=_manager(asked.field_manager), is_dry_run=asked.dry_run
        )
    except (errors.Conflict, errors.Invalid):
        # A server may tell of a version that has gone as of a test that failed; reading again says it in plain words.
        await work.cluster.read(work.reference)
        raise


async def write_patch(
    work: Work,
    body: Object | list[Object],
    before: Object,
    type: "pb.PatchType",
    *,
    manager: str,
    is_dry_run: bool = False,
) -> Written:
    """A patch of the object, already bound to the version before."""

    async def send(more: dict[str, str]) -> Object:
        return await work.cluster.write(
            "PATCH", work.reference.path, body, query={"fieldManager": manager} | more, content_type=PATCH_TYPES[type]
        )

    return await write(work, send, before, is_dry_run=is_dry_run)


async def write(work: Work, send: Send, before: Object | None, *, is_dry_run: bool) -> Written:
    """Tries the write, refuses it when it raises privileges without leave, and does it."""
    tried = await send({"dryRun": "All"})
    raised = escalations(work.reference.type, before, tried)
    if raised and not is_dry_run and not work.start.escalate_allowed:
        raise Refused(
            f"the write raises privileges, for which you need the verb escalate: {raised[0]}", escalations=raised
        )
    if raised and not is_dry_run and not work.ceiling.is_escalating:
        raise Refused(
            "the write raises privileges, which the cluster's agent does not allow (its --operations leaves escalate "
            f"out): {raised[0]}",
            escalations=raised,
        )
    if is_dry_run:
        after = tried
    else:
        work.commit.begin()
        after = await send({})
    result = work.done(after)
    result.escalations.extend(raised)
    documents: list[tuple[pb.DocumentRole, str, Object, Object | None]] = []
    if before is not None:
        documents.append((pb.DOCUMENT_ROLE_BEFORE, work.reference.type, before, None))
    documents.append((pb.DOCUMENT_ROLE_AFTER, work.reference.type, after, before))
    return Written(result, documents)


def _manager(name: str) -> str:
    if not name or len(name) > 128 or not name.isprintable():
        raise Refused("a write needs the name of a field manager, of at most 128 characters")
    return name
