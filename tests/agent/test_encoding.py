"""How an object becomes bytes."""

import copy
import datetime
from typing import Any

import orjson
import pytest

from octokube.state import Key
from octokube.v1.frame_pb2 import Entry
from octokube.v1.resource_pb2 import Row
from octokube_agent.projection.columns import printer_for
from octokube_agent.projection.encoding import NotAnObject, Projector, encode_row
from octokube_agent.projection.redaction import Redactor
from octokube_agent.served_type import ColumnKind

POD: dict[str, Any] = {
    "metadata": {
        "name": "api-1",
        "namespace": "payments",
        "uid": "u-1",
        "resourceVersion": "42",
        "creationTimestamp": "2026-11-23T01:02:03Z",
        "managedFields": [{"manager": "kubelet"}],
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    },
    "spec": {"containers": [{"name": "api"}]},
    "status": {"phase": "Running", "containerStatuses": [{"ready": True, "state": {"running": {}}, "restartCount": 2}]},
}


def projector(type: str = "pods", kind: str = "Pod") -> Projector:
    return Projector(type, api_version="v1", kind=kind, printer=printer_for(type), redactor=Redactor())


def test_head_row_and_body_join_to_an_entry_that_stock_protobuf_reads() -> None:
    key, encoded = projector().encode(copy.deepcopy(POD))
    assert key == Key("pods", "payments", "api-1", "u-1")
    assert encoded.resource_version == "42"
    rows = Entry.FromString(encoded.head + encoded.row)
    assert (rows.key.type, rows.key.namespace, rows.key.name, rows.key.uid) == tuple(key)
    assert rows.resource_version == "42"
    assert rows.body == b""
    assert [cell.WhichOneof("value") for cell in rows.row.cells] == ["text", "text", "number", "unix_seconds"]
    assert rows.row.cells[3].unix_seconds == int(
        datetime.datetime(2026, 11, 23, 1, 2, 3, tzinfo=datetime.UTC).timestamp()
    )
    whole = Entry.FromString(encoded.head + encoded.row + encoded.body)
    body = orjson.loads(whole.body)
    assert list(body)[:2] == ["apiVersion", "kind"]
    assert "managedFields" not in body["metadata"]
    assert "annotations" not in body["metadata"]


def test_encoding_is_that_of_stock_protobuf_for_every_kind_of_cell() -> None:
    kinds = (
        ColumnKind.TEXT,
        ColumnKind.NUMBER,
        ColumnKind.NUMBER,
        ColumnKind.TIME,
        ColumnKind.BOOLEAN,
        ColumnKind.BOOLEAN,
    )
    cells = ("x" * 300, -7, 2**40, -5, True, False)
    row = Row.FromString(encode_row(kinds, cells))
    assert row.SerializeToString(deterministic=True) == encode_row(kinds, cells)
    assert [getattr(cell, cell.WhichOneof("value") or "") for cell in row.cells] == list(cells)


def test_a_default_value_is_told_from_an_unknown_one_and_trailing_unknown_cells_are_left_out() -> None:
    row = Row.FromString(encode_row((ColumnKind.TEXT,) * 3 + (ColumnKind.NUMBER,) * 2, (None, "", None, 0, None)))
    assert [cell.WhichOneof("value") for cell in row.cells] == [None, "text", None, "number"]


def test_a_change_that_alters_no_column_gives_equal_row_bytes() -> None:
    other = copy.deepcopy(POD)
    other["metadata"]["resourceVersion"] = "43"
    other["metadata"]["labels"] = {"new": "label"}
    _, first = projector().encode(copy.deepcopy(POD))
    _, second = projector().encode(other)
    assert first.row == second.row
    assert first.body != second.body
    assert first.head != second.head


def test_a_cluster_scoped_object_has_an_empty_namespace() -> None:
    key, encoded = projector("nodes", "Node").encode({"metadata": {"name": "n", "uid": "u", "resourceVersion": "1"}})
    assert key.namespace == Entry.FromString(encoded.head).key.namespace == ""


def test_images_of_nodes_are_noise() -> None:
    node = {"metadata": {"name": "n", "uid": "u"}, "status": {"images": [{"names": ["x"]}], "phase": "x"}}
    _, encoded = projector("nodes", "Node").encode(node)
    assert b"images" not in encoded.body


def test_what_has_no_name_is_refused_without_quoting_it() -> None:
    with pytest.raises(NotAnObject) as failure:
        projector().encode({"metadata": {"uid": "canary"}})
    assert "canary" not in str(failure.value)


def test_of_an_object_that_is_nested_too_deep_only_the_identity_is_left() -> None:
    deep: dict[str, Any] = {"password": "canary"}
    for _ in range(2000):
        deep = {"x": deep}
    key, encoded = projector("widgets.example.com", "Widget").encode(
        {"metadata": {"name": "w", "namespace": "n", "uid": "u", "resourceVersion": "1"}, "spec": deep}
    )
    assert key.name == "w"
    assert orjson.loads(Entry.FromString(encoded.body).body)["metadata"]["name"] == "w"
    assert b"canary" not in encoded.body


@pytest.mark.parametrize("labels", [7, "text", [1]])
def test_an_object_in_another_shape_than_promised_does_not_stop_the_others(labels: Any) -> None:
    obj = {"metadata": {"name": "c", "uid": "u", "labels": labels}, "data": {"password": "canary"}}
    key, encoded = projector("configmaps", "ConfigMap").encode(obj)
    assert key.name == "c"
    assert b"canary" not in encoded.body


def test_rows_are_computed_from_what_is_left_after_redaction() -> None:
    event = {
        "metadata": {"name": "e", "namespace": "n", "uid": "u"},
        "involvedObject": {"kind": "Pod", "name": "p"},
        "message": "could not reach postgres://u:canary@db",
    }
    _, encoded = projector("events", "Event").encode(event)
    assert b"canary" not in encoded.row + encoded.body
    assert b"could not reach" in encoded.row


@pytest.mark.parametrize("value", [1e30, 2**63, -1e30])
def test_a_number_beyond_the_contract_leaves_its_cell_empty_and_the_row_readable(value: float) -> None:
    """A varint of more than 64 bits would make the whole frame unreadable for the hub, again and again."""
    columns = [{"name": "Size", "type": "integer", "jsonPath": ".spec.size"}, {"name": "Id", "jsonPath": ".spec.id"}]
    printer = printer_for("widgets.example.com", columns)
    widgets = Projector(
        "widgets.example.com", api_version="example.com/v1", kind="Widget", printer=printer, redactor=Redactor()
    )
    _, encoded = widgets.encode({"metadata": {"name": "w"}, "spec": {"size": value, "id": "x"}})
    cells = Entry.FromString(encoded.head + encoded.row).row.cells
    assert [cell.WhichOneof("value") for cell in cells] == [None, "text"]
