"""Reads the objects that ``diff`` and ``matrix`` are to speak of."""

from pathlib import Path

import click
import orjson

from octokube.cli.policy import hubs
from octokube.runtime.errors import UserError
from octokube_hub.policy.places import Place
from octokube_hub.policy.rows import CLUSTER_SCOPED

OPTION = click.option(
    "--inventory",
    "inventory_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON list of objects: cluster, namespace (cluster: cluster-scoped), resource, name.",
)


def find(path: Path | None, hub: hubs.HubAccess | None) -> tuple[Place, ...] | None:
    """The objects of the file, or else those that a hub shows, or else None: examples are to be made."""
    if path is not None:
        return read(path)
    return hub.ask(hubs.fetch_objects) if hub is not None else None


def read(path: Path) -> tuple[Place, ...]:
    """The objects of a file. Raises UserError."""
    try:
        return tuple(
            Place(
                str(item["cluster"]),
                "" if item["namespace"] == CLUSTER_SCOPED else str(item["namespace"]),
                str(item["resource"]),
                str(item["name"]),
            )
            for item in orjson.loads(path.read_bytes())
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no inventory ({error}); it is a JSON list of objects, see --help") from error
