"""The JSONPath of printer columns."""

from typing import Any

import pytest

from octokube_agent.projection.columns.jsonpath import JsonPath, PathError

OBJ: dict[str, Any] = {
    "metadata": {"name": "x", "annotations": {"example.com/size": "3"}},
    "spec": {"hosts": ["a", "b", "c"], "ports": [{"port": 80, "name": "http"}, {"port": 443, "name": "https"}]},
    "status": {
        "conditions": [
            {"type": "Synced", "status": "False"},
            {"type": "Ready", "status": "True", "reason": "Fine"},
        ]
    },
}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".metadata.name", "x"),
        ("{.metadata.name}", "x"),
        ("$.metadata.name", "x"),
        ("metadata.name", "x"),
        (".metadata.annotations.example\\.com/size", "3"),
        (".metadata.annotations['example.com/size']", "3"),
        (".spec.hosts[0]", "a"),
        (".spec.hosts[-1]", "c"),
        (".spec.hosts[9]", None),
        (".spec.hosts", ["a", "b", "c"]),
        (".spec.hosts[1:]", "b"),
        (".spec.ports[*].port", 80),
        ('.status.conditions[?(@.type=="Ready")].status', "True"),
        (".status.conditions[?(@.type=='Ready')].reason", "Fine"),
        ('.status.conditions[?(@.type == "Ready")].status', "True"),
        ('.status.conditions[?(@.type!="Ready")].status', "False"),
        ('.status.conditions[?(@.type=="Missing")].status', None),
        (".spec.ports[?(@.port>100)].name", "https"),
        (".status.conditions[?(@.reason)].type", "Ready"),
        (".nothing.at.all", None),
        (".metadata.name.deeper", None),
    ],
)
def test_a_path_finds_what_kubectl_would_print(path: str, expected: Any) -> None:
    assert JsonPath(path).first(OBJ) == expected


def test_all_values_of_a_wildcard_are_found() -> None:
    assert JsonPath(".spec.ports[*].port").all(OBJ) == [80, 443]


@pytest.mark.parametrize("path", ["", ".", ".a[", ".a[?(@.x=)]", ".a[(1)]"])
def test_a_path_that_cannot_be_read_is_refused(path: str) -> None:
    with pytest.raises(PathError):
        JsonPath(path)
