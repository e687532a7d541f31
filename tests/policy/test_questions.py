"""Questions that cannot be meant as they are written: no answer is better than the answer to another one."""

import json

import pytest

from octokube_hub.policy import AccessRequest, PolicyError, Subject
from octokube_hub.policy.questions import find_fault
from octokube_hub.policy.tabletests import read_table, read_tables
from tests.policy.conftest import POLICIES

NOON = "2026-03-04T12:00Z"
CASE = {
    "who": "user:alice",
    "cluster": "demo",
    "namespace": "payments",
    "resource": "pods",
    "name": "api-1",
    "verb": "get",
    "at": NOON,
    "expect": "deny",
    "why": "because",
}


def write_case(**changes: str) -> str:
    return "- { " + ", ".join(f"{name}: {value!r}" for name, value in {**CASE, **changes}.items()) + " }\n"


MISSPELT = [
    ({"resource": "secret"}, "there is no type 'secret' without a group; did you mean secrets?"),
    ({"resource": "deployments"}, "'deployments' needs its group; write deployments.apps"),
    ({"resource": "Pods"}, "lower case; write pods"),
    ({"resource": "po*"}, "one type, and 'po*' is a pattern"),
    ({"namespace": "pay*"}, "one namespace, and 'pay*' is a pattern"),
    ({"cluster": "*"}, "one cluster, and '*' is a pattern"),
    ({"name": "api-?"}, "one name, and 'api-?' is a pattern"),
    ({"resource": "nodes"}, "nodes are cluster-scoped"),
    ({"namespace": "cluster"}, "pods live in namespaces"),
    ({"verb": "gett"}, "unknown verb 'gett'; did you mean get?"),
    ({"verb": "Delete"}, "did you mean delete?"),
    ({"verb": "read"}, "'read' is a set of verbs, for rows; ask about one of get, list, watch"),
    ({"resource": "pods/exce", "verb": "create"}, "no subresource 'exce'; did you mean exec?"),
]


@pytest.mark.parametrize(("changes", "words"), MISSPELT)
def test_a_case_that_is_misspelt_is_malformed_and_does_not_pass_as_denied(changes, words):
    with pytest.raises(PolicyError) as refused:
        read_table("tests/a.yaml", write_case() + write_case(**changes))
    (problem,) = refused.value.problems
    assert problem.line == 2
    assert words in problem.message


@pytest.mark.parametrize(("changes", "words"), MISSPELT)
def test_a_misspelt_question_gets_no_answer(run, changes, words):
    asked = {**CASE, **changes}
    type_name, _, subresource = asked["resource"].partition("/")
    code, out, err = run(
        *("can", asked["who"], asked["verb"], f"{type_name}/{asked['name']}", "-n", asked["namespace"]),
        *("--cluster", asked["cluster"], "--policies", POLICIES, "--at", NOON),
        *(("--subresource", subresource) if subresource else ()),
    )
    assert (code, out) == (2, "")
    assert words in err


def test_a_type_is_corrected_before_its_place_is_asked_for(run):
    code, _, err = run("can", "user:alice", "get", "node/n", "--cluster", "demo", "--policies", POLICIES)
    assert code == 2
    assert "did you mean nodes?" in err


@pytest.mark.parametrize(
    ("resource", "namespace", "verb"),
    [
        ("pods", "payments", "fly"),  # like no other: denied
        ("pods/proxy", "payments", "get"),
        ("pods/exec", "payments", "create"),
        ("widgets.example.com", "", "get"),
        ("widgets.example.com", "payments", "scale"),
        ("namespaces", "", "get"),
        ("secrets", "payments", "logs"),
    ],
)
def test_other_questions_may_be_asked(resource, namespace, verb):
    assert find_fault(AccessRequest(Subject("user:alice"), "demo", resource, namespace, "x", verb)) is None


def test_can_says_that_nothing_names_whom_it_was_asked_about(run):
    question = ("get", "pods/x", "-n", "payments", "--cluster", "demo", "--policies", POLICIES, "--at", NOON)
    assert "no row and no membership names user:alcie" in run("can", "user:alcie", *question)[1]
    assert "no row and no membership" not in run("can", "user:alice", *question)[1]
    assert '"known": false' in run("can", "user:alcie", *question, "-o", "json")[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (write_case(groups="team:a"), "groups is a list; write groups: [team:NAME]"),
        (write_case().replace("expect: 'deny'", "expect: 'allow', expect: 'deny'"), "'expect' is given twice"),
    ],
)
def test_nothing_that_a_case_says_is_passed_over(text, words):
    with pytest.raises(PolicyError, match=words.replace("[", r"\[")):
        read_table("tests/a.yaml", text)


@pytest.mark.parametrize("name", ["tests/a.yml", "tests/A.YAML", "tests/payments/a.yaml"])
def test_a_table_that_would_never_be_run_is_told(tmp_path, name):
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(write_case())
    with pytest.raises(PolicyError, match=f"{name}: this table is never run"):
        read_tables(tmp_path)


def test_what_lies_beside_tables_does_not_matter(tmp_path):
    (tmp_path / "tests/..data").mkdir(parents=True)
    for name in ("..data/a.yaml", "README.md", ".hidden.yaml"):
        (tmp_path / "tests" / name).write_text("nonsense")
    (tmp_path / "tests/a.yaml").write_text("\ufeff" + write_case())
    assert len(read_tables(tmp_path)) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"resource": "pod"}, "did you mean pods?"),
        ({"namespace": ""}, "pods live in namespaces"),
        ({"namespace": None}, "holds something else than strings"),
        ({"name": "*"}, "'*' is a pattern"),
        ({"namespace": ...}, "an object lacks 'namespace'"),
    ],
)
def test_an_inventory_of_what_cannot_exist_is_refused(run, tmp_path, changes, words):
    item = {"cluster": "demo", "namespace": "payments", "resource": "pods", "name": "x", **changes}
    (tmp_path / "objects.json").write_text(json.dumps([{k: v for k, v in item.items() if v is not ...}]))
    code, out, err = run("matrix", POLICIES, "--inventory", tmp_path / "objects.json")
    assert (code, out) == (2, "")
    assert words in err
