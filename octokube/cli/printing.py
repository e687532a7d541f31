"""Writes viewed objects as a table, JSON, YAML or names."""

import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import orjson
import yaml

from octokube.cli.ages import human_age
from octokube.cli.plain import plain, plain_json
from octokube.client.viewed import ChangeKind, ViewChange, ViewedObject
from octokube.v1 import resource_pb2

Write = Callable[[str], None]


class Printer(Protocol):
    """One way to write objects."""

    def objects(self, objects: Sequence[tuple[str, ViewedObject]]) -> None:
        """Writes (cluster, object) pairs: all there is, or the first state of a watch."""
        ...

    def change(self, change: ViewChange) -> None:
        """Writes one change of a watch."""
        ...


class TablePrinter:
    """Columns padded to what has been seen so far, so that the lines of a watch stay under their titles."""

    def __init__(
        self,
        type: resource_pb2.ResourceType,
        write: Write,
        *,
        has_cluster_column: bool,
        has_namespace_column: bool,
        is_wide: bool = False,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._write = write
        self._now = now
        self._has_cluster_column = has_cluster_column
        self._has_namespace_column = has_namespace_column
        self._cells = [index for index, column in enumerate(type.columns) if is_wide or column.priority == 0]
        self._columns = list(type.columns)
        titles = ["CLUSTER"] if has_cluster_column else []
        titles += ["NAMESPACE"] if has_namespace_column else []
        titles += ["NAME", *(self._columns[index].name.upper() for index in self._cells)]
        self._titles = titles
        self._widths = [len(title) for title in titles]
        self._has_head = False

    def objects(self, objects: Sequence[tuple[str, ViewedObject]]) -> None:
        """Writes the head and a line for each object."""
        lines = [self._line(cluster, viewed) for cluster, viewed in objects]
        self._print(lines)

    def change(self, change: ViewChange) -> None:
        """Writes the object's line; of one that left, its name and why."""
        if change.kind in (ChangeKind.DELETED, ChangeKind.WITHDRAWN):
            word = "(deleted)" if change.kind is ChangeKind.DELETED else "(no longer visible)"
            line = self._line(change.cluster, change.object)
            keys = 1 + self._has_cluster_column + self._has_namespace_column
            self._print([[*line[:keys], word]])
        else:
            self._print([self._line(change.cluster, change.object)])

    def _line(self, cluster: str, viewed: ViewedObject) -> list[str]:
        line = [cluster] if self._has_cluster_column else []
        line += [viewed.key.namespace or "-"] if self._has_namespace_column else []
        line.append(viewed.key.name)
        cells = viewed.row.cells
        for index in self._cells:
            line.append(self._text(cells[index]) if index < len(cells) else "<none>")
        return line

    def _text(self, cell: resource_pb2.Cell) -> str:
        match cell.WhichOneof("value"):
            case "text":
                return plain(cell.text.replace("\n", " ")) or "<none>"
            case "number":
                return str(cell.number)
            case "unix_seconds":
                return human_age(self._now() - cell.unix_seconds)
            case "flag":
                return "true" if cell.flag else "false"
            case _:
                return "<none>"

    def _print(self, lines: list[list[str]]) -> None:
        for line in lines:
            for index, text in enumerate(line[: len(self._widths)]):
                # The last cell needs no padding, and a remark about what left must not widen a column.
                if len(line) == len(self._widths):
                    self._widths[index] = max(self._widths[index], len(text))
        if not self._has_head:
            self._has_head = True
            lines = [self._titles, *lines]
        for line in lines:
            padded = [text.ljust(width) for text, width in zip(line, self._widths, strict=False)]
            self._write("   ".join(padded).rstrip() + "\n")


class NamePrinter:
    """``pods/NAME`` a line, as kubectl -o name does."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def objects(self, objects: Sequence[tuple[str, ViewedObject]]) -> None:
        """Writes the names."""
        for _, viewed in objects:
            self._write(f"{viewed.key.type}/{viewed.key.name}\n")

    def change(self, change: ViewChange) -> None:
        """Writes the name of what changed; what left is not named."""
        if change.kind in (ChangeKind.ADDED, ChangeKind.MODIFIED):
            self.objects([(change.cluster, change.object)])


class JsonPrinter:
    """A v1 List, or in a watch one ``{"type", "cluster", "object"}`` a line."""

    def __init__(self, write: Write, *, is_watch: bool, is_single: bool) -> None:
        self._write = write
        self._is_watch = is_watch
        self._is_single = is_single

    def objects(self, objects: Sequence[tuple[str, ViewedObject]]) -> None:
        """Writes the list, or in a watch the first state as ADDED lines."""
        if self._is_watch:
            for cluster, viewed in objects:
                self.change(ViewChange(ChangeKind.ADDED, cluster, viewed))
            return
        bodies = [_body(viewed) for _, viewed in objects]
        document = bodies[0] if self._is_single else {"apiVersion": "v1", "kind": "List", "items": bodies}
        self._write(plain_json(document))

    def change(self, change: ViewChange) -> None:
        """Writes one line. Of what left, the key alone: its content may no longer be seen."""
        key = change.object.key
        if change.kind in (ChangeKind.ADDED, ChangeKind.MODIFIED):
            what = _body(change.object)
        else:
            what = {"metadata": {"namespace": key.namespace, "name": key.name, "uid": key.uid}}
        line = {"type": change.kind.value, "cluster": change.cluster, "resource": key.type, "object": what}
        self._write(plain_json(line, is_indented=False))


class YamlPrinter:
    """One YAML document an object."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def objects(self, objects: Sequence[tuple[str, ViewedObject]]) -> None:
        """Writes the documents."""
        for _, viewed in objects:
            text = yaml.safe_dump(_body(viewed), sort_keys=False, allow_unicode=True, default_flow_style=False)
            self._write(f"---\n{text}")

    def change(self, change: ViewChange) -> None:
        """Writes the document, or of what left a comment."""
        if change.kind in (ChangeKind.ADDED, ChangeKind.MODIFIED):
            self.objects([(change.cluster, change.object)])
        else:
            key = change.object.key
            self._write(f"---\n# {key.type} {key.namespace}/{key.name}: {change.kind.value.lower()}\n")


def _body(viewed: ViewedObject) -> Any:
    return orjson.loads(viewed.body)
