"""Holds everything that a run has measured, to be kept in a file and to be printed again from it."""

import json
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from benchmarks import fanout, operations, slow_reader, snapshots
from benchmarks.fanout import Line
from benchmarks.operations import Figures as OperationFigures
from benchmarks.slow_reader import Round
from benchmarks.snapshots import Figures


@dataclass(slots=True)
class Results:
    """What a run has measured so far, and on what."""

    machine: dict[str, str] = field(default_factory=dict)
    fanout: list[Line] = field(default_factory=list)
    snapshots: Figures | None = None
    slow_reader: list[Round] = field(default_factory=list)
    operations: OperationFigures | None = None

    def tables(self) -> Iterator[Table]:
        """All tables but the one of targets."""
        if self.fanout:
            yield fanout.table(self.fanout)
            yield fanout.processes(self.fanout)
        if self.snapshots is not None:
            yield from snapshots.tables(self.snapshots)
        if self.slow_reader:
            yield slow_reader.table(self.slow_reader)
        if self.operations is not None:
            yield operations.table(self.operations)


def write(results: Results, path: pathlib.Path) -> None:
    """Keeps results in a file."""
    document: dict[str, Any] = {"machine": results.machine}
    if results.fanout:
        document["fanout"] = fanout.as_json(results.fanout)
    if results.snapshots is not None:
        document["snapshots"] = snapshots.as_json(results.snapshots)
    if results.slow_reader:
        document["slow_reader"] = slow_reader.as_json(results.slow_reader)
    if results.operations is not None:
        document["operations"] = operations.as_json(results.operations)
    path.write_text(json.dumps(document, indent=1) + "\n")


def read(path: pathlib.Path) -> Results:
    """What ``write`` kept."""
    document = json.loads(path.read_text())
    kept = document.get("snapshots")
    return Results(
        machine=document["machine"],
        fanout=fanout.from_json(document.get("fanout", [])),
        snapshots=snapshots.from_json(kept) if kept else None,
        slow_reader=slow_reader.from_json(document.get("slow_reader", [])),
        operations=operations.from_json(document["operations"]) if "operations" in document else None,
    )
