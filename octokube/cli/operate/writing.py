"""``octokube apply``, ``delete``, ``scale``, ``restart``, ``rollback``, ``cordon``, ``drain``: those that write."""

import difflib
import pathlib
import sys
from typing import Any

import click
import orjson
import yaml

from octokube.cli.operate.running import CLUSTER, FIELD_MANAGER, NAMESPACE, Session, operate, report, split_target
from octokube.cli.plain import plain
from octokube.client.operations import Document
from octokube.runtime.errors import UserError
from octokube.v1 import operation_pb2 as pb


def _change(target: str, namespace: str, cluster: str, done: str, **content: Any) -> int:
    async def work(session: Session) -> int:
        found = await session.target(*split_target(target), namespace, cluster)
        async with session.run(found, **content) as operation:
            async for output in operation:
                if output.WhichOneof("output") == "progress":
                    sys.stdout.write(f"{plain(output.progress)}\n")
                    sys.stdout.flush()
            return report(operation.result, f"{target} {done}")

    return operate(work)


@click.command()
@click.argument("target", metavar="TYPE/NAME")
@click.option("--replicas", type=click.IntRange(0, 2**31 - 1), required=True, help="How many.")
@NAMESPACE
@CLUSTER
def scale(target: str, replicas: int, namespace: str, cluster: str) -> int:
    """Set the number of replicas of a workload."""
    return _change(target, namespace, cluster, f"scaled to {replicas}", scale=pb.ScaleOperation(replicas=replicas))


@click.command()
@click.argument("target", metavar="TYPE/NAME")
@NAMESPACE
@CLUSTER
def restart(target: str, namespace: str, cluster: str) -> int:
    """Replace the pods of a workload by a rollout."""
    return _change(target, namespace, cluster, "restarted", restart=pb.RestartOperation())


@click.command()
@click.argument("target", metavar="TYPE/NAME")
@click.option("--to-revision", default=0, type=click.IntRange(0), help="Default: the one before the current.")
@NAMESPACE
@CLUSTER
def rollback(target: str, to_revision: int, namespace: str, cluster: str) -> int:
    """Go back to a former revision of a workload."""
    return _change(target, namespace, cluster, "rolled back", rollback=pb.RollbackOperation(revision=to_revision))


@click.command()
@click.argument("target", metavar="TYPE/NAME")
@click.option(
    "--propagation", type=click.Choice(["Background", "Foreground", "Orphan"]), help="What becomes of what it owns."
)
@click.option("--grace-seconds", type=click.IntRange(0), help="The grace period. Default: the object's own.")
@NAMESPACE
@CLUSTER
def delete(target: str, propagation: str | None, grace_seconds: int | None, namespace: str, cluster: str) -> int:
    """Delete an object."""
    asked = pb.DeleteOperation(propagation=propagation or "")
    if grace_seconds is not None:
        asked.grace.FromSeconds(grace_seconds)
    return _change(target, namespace, cluster, "deleted", delete=asked)


@click.command()
@click.argument("node")
@click.option("--undo", is_flag=True, help="Let new pods on again.")
@CLUSTER
def cordon(node: str, undo: bool, cluster: str) -> int:
    """Keep new pods off a node."""
    done = "takes pods again" if undo else "takes no new pods"
    return _change(f"nodes/{node}", "", cluster, done, cordon=pb.CordonOperation(uncordon=undo))


@click.command()
@click.argument("node")
@CLUSTER
def uncordon(node: str, cluster: str) -> int:
    """Let new pods on a node again."""
    return _change(f"nodes/{node}", "", cluster, "takes pods again", cordon=pb.CordonOperation(uncordon=True))


@click.command()
@click.argument("node")
@click.option("--ignore-daemonsets", is_flag=True, help="Go on although pods of DaemonSets stay.")
@click.option("--delete-emptydir-data", is_flag=True, help="Go on although emptyDir volumes are lost.")
@click.option("--force", is_flag=True, help="Go on although pods without a controller are lost.")
@click.option("--timeout-seconds", type=click.IntRange(1), help="How long to go on. Default: until it is done.")
@CLUSTER
def drain(
    node: str,
    ignore_daemonsets: bool,
    delete_emptydir_data: bool,
    force: bool,
    timeout_seconds: int | None,
    cluster: str,
) -> int:
    """Empty a node: cordon it, and evict its pods."""
    asked = pb.DrainOperation(
        ignore_daemonsets=ignore_daemonsets, delete_empty_dir_data=delete_emptydir_data, force=force
    )
    if timeout_seconds is not None:
        asked.timeout.FromSeconds(timeout_seconds)
    return _change(f"nodes/{node}", "", cluster, "is empty", drain=asked)


@click.command()
@click.option(
    "-f", "--file", "path", required=True, type=click.Path(exists=True, dir_okay=False, path_type=pathlib.Path)
)
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--force", is_flag=True, help="Take over fields that other managers hold.")
@CLUSTER
def apply(path: pathlib.Path, dry_run: bool, force: bool, cluster: str) -> int:
    """Apply the objects of a YAML or JSON file by server-side apply, and show what that changes.

    Exit code 0: every object was applied. 1: one was not, and those behind it were not tried.
    """
    objects = read_objects(path)

    async def work(session: Session) -> int:
        for found in objects:
            target = await target_of(session, path, found, cluster)
            name = f"{target.key.type}/{target.key.name}"
            asked = pb.ApplyOperation(
                body=orjson.dumps(found), field_manager=FIELD_MANAGER, force=force, dry_run=dry_run
            )
            async with session.run(target, apply=asked) as operation:
                documents = await operation.documents()
                show_difference(name, documents)
                code = report(operation.result, f"{name} {'would be applied' if dry_run else 'applied'}")
            if code:
                return code
        return 0

    return operate(work)


async def target_of(session: Session, path: pathlib.Path, found: dict[str, Any], cluster: str) -> pb.OperationTarget:
    """Where an object of a file belongs. Raises UserError."""
    metadata = found["metadata"]
    group = str(found["apiVersion"]).rpartition("/")[0]
    target = await session.target(str(found["kind"]), metadata["name"], metadata.get("namespace", ""), cluster)
    if group and not target.key.type.endswith(group):
        name = f"{target.key.type}/{target.key.name}"
        raise UserError(f"{path}: {name} is not of the group {group}; name its apiVersion as the cluster does")
    return target


def read_objects(path: pathlib.Path) -> list[dict[str, Any]]:
    """The objects of a file. Raises UserError."""
    try:
        found = [one for one in yaml.safe_load_all(path.read_text()) if one is not None]
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UserError(f"{path} can't be read: {' '.join(str(error).split())}") from error
    for number, one in enumerate(found, 1):
        is_object = isinstance(one, dict) and one.get("apiVersion") and one.get("kind")
        if not is_object or not isinstance(one.get("metadata"), dict) or not one["metadata"].get("name"):
            raise UserError(f"{path}: document {number} is no object; it needs apiVersion, kind and metadata.name")
    if not found:
        raise UserError(f"{path} holds no object")
    return found


def show_difference(name: str, documents: list[Document]) -> None:
    """Prints what a write changed, or would."""
    before, after = (
        next((one for one in documents if one.role == role), None)
        for role in (pb.DOCUMENT_ROLE_BEFORE, pb.DOCUMENT_ROLE_AFTER)
    )
    former = _lines(before.content) if before is not None else []
    if after is None:
        return
    for line in difflib.unified_diff(
        former, _lines(after.content), f"{name} (now)", f"{name} (applied)", lineterm="", n=2
    ):
        sys.stdout.write(f"{plain(line)}\n")
    for path in after.hidden_changes:
        sys.stdout.write(f"! {plain(path)} changes, and is not shown\n")


def _lines(content: bytes) -> list[str]:
    value = orjson.loads(content)
    for noise in ("managedFields", "resourceVersion", "generation"):
        value.get("metadata", {}).pop(noise, None)
    return yaml.safe_dump(value, sort_keys=True, allow_unicode=True).splitlines()
