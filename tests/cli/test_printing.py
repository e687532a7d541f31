"""What `octokube get` writes."""

import json

import pytest

from octokube.cli.ages import human_age
from octokube.cli.printing import JsonPrinter, NamePrinter, TablePrinter, YamlPrinter
from octokube.cli.typenames import find_type
from octokube.client.viewed import ChangeKind, ViewChange, ViewedObject
from octokube.runtime.errors import UserError
from octokube.state import Key
from octokube.v1 import resource_pb2

PODS = resource_pb2.ResourceType(
    type="pods",
    kind="Pod",
    singular="pod",
    short_names=["po"],
    namespaced=True,
    columns=[
        resource_pb2.Column(name="Ready", kind=resource_pb2.COLUMN_KIND_TEXT),
        resource_pb2.Column(name="Restarts", kind=resource_pb2.COLUMN_KIND_NUMBER),
        resource_pb2.Column(name="Age", kind=resource_pb2.COLUMN_KIND_TIME),
        resource_pb2.Column(name="Node", kind=resource_pb2.COLUMN_KIND_TEXT, priority=1),
    ],
)
DEPLOYMENTS = resource_pb2.ResourceType(
    type="deployments.apps", group="apps", kind="Deployment", singular="deployment", short_names=["deploy"]
)
KNATIVE_SERVICES = resource_pb2.ResourceType(
    type="services.serving.example.com", group="serving.example.com", kind="Service", singular="service"
)
SERVICES = resource_pb2.ResourceType(type="services", kind="Service", singular="service", short_names=["svc"])


def pod(name: str, *, restarts: int = 0) -> ViewedObject:
    cells = [
        resource_pb2.Cell(text="1/1"),
        resource_pb2.Cell(number=restarts),
        resource_pb2.Cell(unix_seconds=1_000),
        resource_pb2.Cell(text="node-1"),
    ]
    body = json.dumps({"kind": "Pod", "metadata": {"name": name}}).encode()
    return ViewedObject(Key("pods", "payments", name, f"uid-{name}"), "7", resource_pb2.Row(cells=cells), body)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0s"), (5, "5s"), (119, "119s"), (125, "2m5s"), (120, "2m"), (3600, "60m"), (11_000, "3h3m"), (172_800, "2d"),
     (900_000, "10d"), (800 * 86_400, "2y70d"), (9 * 365 * 86_400, "9y")],
)  # fmt: skip
def test_ages_read_as_kubectl_writes_them(seconds: float, text: str) -> None:
    assert human_age(seconds) == text


def test_a_table_aligns_its_columns_and_hides_wide_ones() -> None:
    out: list[str] = []
    printer = TablePrinter(PODS, out.append, has_cluster_column=False, has_namespace_column=True, now=lambda: 1_065.0)
    printer.objects([("demo", pod("api-1")), ("demo", pod("a-much-longer-name", restarts=12))])
    assert "".join(out).splitlines() == [
        "NAMESPACE   NAME                 READY   RESTARTS   AGE",
        "payments    api-1                1/1     0          65s",
        "payments    a-much-longer-name   1/1     12         65s",
    ]


def test_a_watched_table_says_why_a_line_left() -> None:
    out: list[str] = []
    printer = TablePrinter(PODS, out.append, has_cluster_column=True, has_namespace_column=True)
    printer.objects([])
    printer.change(ViewChange(ChangeKind.DELETED, "demo", pod("a")))
    printer.change(ViewChange(ChangeKind.WITHDRAWN, "demo", pod("b")))
    lines = [" ".join(line.split()) for line in "".join(out).splitlines()]
    assert lines[1:] == ["demo payments a (deleted)", "demo payments b (no longer visible)"]


def test_json_is_one_list_and_in_a_watch_one_line_a_change() -> None:
    out: list[str] = []
    JsonPrinter(out.append, is_watch=False, is_single=False).objects([("demo", pod("a"))])
    assert json.loads("".join(out))["items"][0]["metadata"]["name"] == "a"
    out.clear()
    printer = JsonPrinter(out.append, is_watch=True, is_single=False)
    printer.objects([("demo", pod("a"))])
    printer.change(ViewChange(ChangeKind.WITHDRAWN, "demo", pod("a")))
    first, last = (json.loads(line) for line in "".join(out).splitlines())
    assert (first["type"], first["cluster"]) == ("ADDED", "demo")
    assert last["object"] == {"metadata": {"namespace": "payments", "name": "a", "uid": "uid-a"}}


def test_yaml_and_names_write_what_kubectl_users_expect() -> None:
    out: list[str] = []
    YamlPrinter(out.append).objects([("demo", pod("a"))])
    NamePrinter(out.append).objects([("demo", pod("a"))])
    assert "".join(out) == "---\nkind: Pod\nmetadata:\n  name: a\npods/a\n"


@pytest.mark.parametrize(
    ("word", "found"),
    [("pods", "pods"), ("po", "pods"), ("Pod", "pods"), ("deploy", "deployments.apps"),
     ("deployments", "deployments.apps"), ("services", "services"), ("service", "services"),
     ("services.serving.example.com", "services.serving.example.com")],
)  # fmt: skip
def test_a_type_is_found_by_any_of_its_names_and_the_core_group_wins(word: str, found: str) -> None:
    assert find_type(word, [KNATIVE_SERVICES, DEPLOYMENTS, SERVICES, PODS]).type == found


def test_an_unknown_and_a_forbidden_type_get_the_same_sentence() -> None:
    with pytest.raises(UserError, match="no type 'secrets' is visible to you"):
        find_type("secrets", [PODS])
