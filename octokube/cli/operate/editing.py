"""``octokube create``, ``patch`` and ``edit``: writes bound to what the person has, or has seen."""

import asyncio
import os
import pathlib
import shlex
import sys
import tempfile
from typing import Any

import click
import orjson
import yaml

from octokube.cli.operate.running import CLUSTER, FIELD_MANAGER, NAMESPACE, Session, operate, report, split_target
from octokube.cli.operate.writing import read_objects, show_difference, target_of
from octokube.runtime.errors import UserError
from octokube.state import merge_patch
from octokube.v1 import operation_pb2 as pb

PATCH_TYPES = {"merge": pb.PATCH_TYPE_MERGE, "strategic": pb.PATCH_TYPE_STRATEGIC, "json": pb.PATCH_TYPE_JSON}
_HEAD = """\
# {name} in the version {version}. Save and leave the editor to change it; an unchanged or empty file changes nothing.
# What reads (redacted) is not shown to you, and stays as it is.
"""


@click.command()
@click.option(
    "-f", "--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=pathlib.Path)
)
@click.option("--dry-run", is_flag=True, help="Let the server check it, and create nothing.")
@CLUSTER
def create(path: pathlib.Path, dry_run: bool, cluster: str) -> int:
    """Create the objects of a YAML or JSON file, which must not be there yet.

    Exit code 0: every object was created. 1: one was not, and those behind it were not tried.
    """
    objects = read_objects(path)

    async def work(session: Session) -> int:
        for found in objects:
            target = await target_of(session, path, found, cluster)
            asked = pb.CreateOperation(body=orjson.dumps(found), field_manager=FIELD_MANAGER, dry_run=dry_run)
            async with session.run(target, create=asked) as operation:
                result = await operation.finish()
                name = f"{target.key.type}/{result.key.name or target.key.name}"
                code = report(result, f"{name} {'would be created' if dry_run else 'created'}")
            if code:
                return code
        return 0

    return operate(work)


@click.command()
@click.argument("target", metavar="TYPE/NAME")
@click.option("--type", "patch_type", type=click.Choice(list(PATCH_TYPES)), default="merge", show_default=True)
@click.option("-p", "--patch", "text", required=True, help="The patch, as JSON or YAML.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@NAMESPACE
@CLUSTER
def patch(target: str, patch_type: str, text: str, dry_run: bool, namespace: str, cluster: str) -> int:
    """Change some fields of an object, in the version that it has now."""
    try:
        body = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise UserError(f"the patch is no JSON or YAML: {' '.join(str(error).split())}") from error
    if not isinstance(body, list if patch_type == "json" else dict):
        raise UserError(f"a {patch_type} patch is {'a list of steps' if patch_type == 'json' else 'an object'}")

    async def work(session: Session) -> int:
        found = await session.target(*split_target(target), namespace, cluster)
        code, _, _ = await _read(session, found)
        if code:
            return code
        return await _send(session, found, body, PATCH_TYPES[patch_type], dry_run=dry_run)

    return operate(work)


@click.command()
@click.argument("target", metavar="TYPE/NAME")
@NAMESPACE
@CLUSTER
def edit(target: str, namespace: str, cluster: str) -> int:
    """Edit an object in $VISUAL or $EDITOR. What somebody else has changed meanwhile is never overwritten.

    When it can't be saved, what you wrote is kept in a file whose name is told.
    """
    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"

    async def work(session: Session) -> int:
        found = await session.target(*split_target(target), namespace, cluster)
        code, before, name = await _read(session, found)
        if code:
            return code
        shown = {key: value for key, value in before.items() if key != "status"}
        head = _HEAD.format(name=name, version=found.resource_version)
        text = head + yaml.safe_dump(shown, sort_keys=False, allow_unicode=True)
        draft = pathlib.Path(tempfile.mkdtemp(prefix="octokube-edit-")) / f"{name.replace('/', '-')}.yaml"
        await asyncio.to_thread(draft.write_text, text)
        code = await _in_editor(editor, draft)
        after = await asyncio.to_thread(_read_draft, draft)
        changes = merge_patch.diff(shown, after) if after is not None and not code else {}
        if not changes:
            await asyncio.to_thread(_discard, draft)
            sys.stdout.write(f"{name} not changed\n" if not code else "")
            return report_editor(editor, code)
        code = await _send(session, found, changes, pb.PATCH_TYPE_MERGE, dry_run=False)
        if code:
            sys.stderr.write(f"what you wrote is kept in {draft}\n")
        else:
            await asyncio.to_thread(_discard, draft)
        return code

    return operate(work)


def report_editor(editor: str, code: int) -> int:
    """1 when the editor says that it failed, as a wish not to go on."""
    if code:
        sys.stderr.write(f"{editor} ended with code {code}; nothing was changed\n")
    return 1 if code else 0


async def _read(session: Session, target: pb.OperationTarget) -> tuple[int, dict[str, Any], str]:
    """Reads the object, and binds the target to it: its version, and that it is this one."""
    name = f"{target.key.type}/{target.key.name}"
    async with session.run(target, get=pb.GetOperation()) as operation:
        documents = await operation.documents()
        if operation.result.outcome != pb.OPERATION_OUTCOME_SUCCEEDED or not documents:
            return report(operation.result, ""), {}, name
    found: dict[str, Any] = orjson.loads(documents[0].content)
    target.key.uid = found["metadata"]["uid"]
    target.resource_version = found["metadata"]["resourceVersion"]
    return 0, found, name


async def _send(session: Session, target: pb.OperationTarget, body: Any, type: "pb.PatchType", *, dry_run: bool) -> int:
    name = f"{target.key.type}/{target.key.name}"
    asked = pb.PatchOperation(type=type, body=orjson.dumps(body), field_manager=FIELD_MANAGER, dry_run=dry_run)
    async with session.run(target, patch=asked) as operation:
        documents = await operation.documents()
        show_difference(name, documents)
        return report(operation.result, f"{name} {'would be changed' if dry_run else 'changed'}")


async def _in_editor(editor: str, draft: pathlib.Path) -> int:
    try:
        words = shlex.split(editor)
        process = await asyncio.create_subprocess_exec(*words, str(draft))
    except (OSError, ValueError) as error:
        await asyncio.to_thread(_discard, draft)
        raise UserError(f"the editor {editor!r} can't be started ({error}); set EDITOR to one that you have") from error
    return await process.wait()


def _read_draft(draft: pathlib.Path) -> dict[str, Any] | None:
    """What is in the file now; None for nothing. Raises UserError, and keeps the file."""
    try:
        found = yaml.safe_load(draft.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"what you wrote is no YAML ({' '.join(str(error).split())}); it is kept in {draft}") from error
    if found is not None and not isinstance(found, dict):
        raise UserError(f"what you wrote is no object; it is kept in {draft}")
    return found


def _discard(draft: pathlib.Path) -> None:
    draft.unlink(missing_ok=True)
    draft.parent.rmdir()
