"""Reads the objects that ``diff`` and ``matrix`` are to speak of."""

from dataclasses import replace
from pathlib import Path

import click
import orjson

from octokube.cli.policy import hubs
from octokube.runtime.errors import UserError
from octokube_hub.policy.places import Place
from octokube_hub.policy.questions import find_fault_of_object
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
        return tuple(_read_place(item) for item in orjson.loads(path.read_bytes()))
    except KeyError as error:
        raise UserError(f"{path} is no inventory: an object lacks {error}; see --help") from error
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{path} is no inventory ({error}); it is a JSON list of objects, see --help") from error


def _read_place(item: dict[str, str]) -> Place:
    place = Place(item["cluster"], item["namespace"], item["resource"], item["name"])
    if not all(isinstance(said, str) for said in (place.cluster, place.namespace, place.resource, place.name)):
        raise TypeError(f"{item} holds something else than strings")
    if place.namespace == CLUSTER_SCOPED:
        place = replace(place, namespace="")
    fault = find_fault_of_object(place.cluster, place.namespace, place.resource, place.name)
    if fault is not None:
        raise ValueError(f"{place}: {fault}")
    return place
