"""Reads custom resource definitions out of the hot state."""

from dataclasses import dataclass
from typing import Any

import orjson

from octokube.state import EncodedObject, Stored
from octokube.v1.frame_pb2 import Entry
from octokube_agent.hot_state import HotState

DEFINITIONS = "customresourcedefinitions.apiextensions.k8s.io"
API_SERVICES = "apiservices.apiregistration.k8s.io"


@dataclass(frozen=True, slots=True)
class Definition:
    """What the agent needs to know of one definition. ``columns`` holds the printer columns of each served version."""

    type: str
    is_established: bool
    columns: dict[str, list[dict[str, Any]]]


class Definitions:
    """The definitions in the hot state; each is parsed once per resource version, because schemas are large."""

    def __init__(self, hot_state: HotState) -> None:
        self._hot_state = hot_state
        self._parsed: dict[str, tuple[str, Definition]] = {}

    def read(self) -> dict[str, Definition]:
        """By type name."""
        parsed: dict[str, tuple[str, Definition]] = {}
        for stored in self._hot_state.of_type(DEFINITIONS):
            known = self._parsed.get(stored.key.name)
            identity = f"{stored.key.uid}/{stored.value.resource_version}"
            parsed[stored.key.name] = (
                known if known is not None and known[0] == identity else (identity, _parse(stored))
            )
        self._parsed = parsed
        return {definition.type: definition for _, definition in parsed.values()}


def _parse(stored: Stored[EncodedObject]) -> Definition:
    obj = orjson.loads(Entry.FromString(stored.value.body).body)
    spec = obj.get("spec") or {}
    names = spec.get("names") or {}
    conditions = (obj.get("status") or {}).get("conditions") or []
    return Definition(
        type=f"{names.get('plural', '')}.{spec.get('group', '')}",
        is_established=any(item.get("type") == "Established" and item.get("status") == "True" for item in conditions)
        and not (obj.get("metadata") or {}).get("deletionTimestamp"),
        columns={
            str(version.get("name")): version.get("additionalPrinterColumns") or []
            for version in spec.get("versions") or []
            if version.get("served")
        },
    )
