"""The policy directory that ships with the product: valid, clean, and as its own tables say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from octokube_hub.policy import Subject, load_policy
from octokube_hub.policy.lint import find_shadowed
from octokube_hub.policy.model import MODEL
from octokube_hub.policy.tabletests import TableCase, read_tables, run_tables

POLICIES = Path(__file__).parents[2] / "policies"


@pytest.fixture(scope="module")
def policy():
    return load_policy(POLICIES)


def test_it_is_valid_and_nothing_in_it_is_suspicious(policy):
    assert policy.warnings == ()
    assert list(find_shadowed(policy.rows)) == []


@pytest.mark.parametrize("case", read_tables(POLICIES), ids=lambda case: f"line {case.line}: {case.why}")
def test_its_tables_hold(policy, case: TableCase):
    (outcome,) = run_tables(policy, (case,))
    assert outcome.is_passed, outcome.decision
    asked = case.request
    scope = policy.scope(asked.subject, case.at)
    verdict = scope.allows(asked.cluster, asked.resource, asked.namespace, asked.name, asked.verb)
    assert verdict == case.is_allow_expected


def test_the_model_beside_it_is_the_one_that_is_enforced():
    lines = [line for line in (POLICIES / "model.conf").read_text().splitlines() if line and not line.startswith("#")]
    assert lines == [line for line in MODEL.splitlines() if line]


def test_carols_window_opens_and_closes_within_half_an_hour(policy):
    carol = Subject("user:carol")
    during, after = datetime(2026, 3, 4, 12, 5, tzinfo=UTC), datetime(2026, 3, 4, 12, 20, tzinfo=UTC)
    assert policy.next_edge(carol, during) == datetime(2026, 3, 4, 12, 15, tzinfo=UTC)
    assert policy.next_edge(carol, after) == datetime(2026, 3, 4, 12, 30, tzinfo=UTC)
    assert policy.scope(carol, during) != policy.scope(carol, after)


def test_the_demo_people_see_different_things(policy):
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    scopes = {name: policy.scope(Subject(f"user:{name}"), at) for name in ("alice", "bob", "carol", "admin")}
    assert len({scope.fingerprint for scope in scopes.values()}) == 4
    visible = {
        name: [
            ns
            for ns in ("payments", "platform", "observability", "kube-system")
            if scope.allows("demo", "pods", ns, "x", "watch")
        ]
        for name, scope in scopes.items()
    }
    assert visible == {
        "alice": ["payments"],
        "bob": ["platform", "observability"],
        "carol": ["payments", "platform", "observability", "kube-system"],
        "admin": ["payments", "platform", "observability", "kube-system"],
    }
