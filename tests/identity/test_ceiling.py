"""A token's ceiling narrows every answer about its bearer in the same way, and never widens one."""

import datetime
import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from octokube_hub.policy import AccessRequest, Ceiling, Subject, telling
from tests.hub.policies import policy

NOW = datetime.datetime(2026, 11, 23, 12, tzinfo=datetime.UTC)
RESOURCES = ("pods", "pods/exec", "pods/log", "secrets", "deployments.apps", "pods/status", "nodes")
VERBS = ("get", "watch", "list", "create", "delete", "logs", "exec", "reveal", "restart", "cordon", "nonsense")
CLUSTERS = ("prod-eu", "prod-us", "octokube")

rows = st.builds(
    "p, {}, {}, {}, {}, *, {}, always, {}".format,
    st.sampled_from(["user:alice", "role:everyone"]),
    st.sampled_from(["*", "prod-*", "prod-eu", "octokube"]),
    st.sampled_from(["**", "red"]),
    st.sampled_from(["*", "**", "pods", "deployments.apps"]),
    st.sampled_from(["*", "read", "get|list|watch|delete"]),
    st.sampled_from(["allow", "allow", "deny"]),
)
ceilings = st.builds(Ceiling, st.booleans(), st.frozensets(st.sampled_from(CLUSTERS), max_size=2))
READING = {"get", "list", "watch", "logs"}


def expected(ceiling: Ceiling, cluster: str, resource: str, verb: str) -> bool:
    """What a ceiling lets pass, in words of its own."""
    is_reading = verb in READING and resource != "pods/exec"
    return (not ceiling.clusters or cluster in ceiling.clusters) and (is_reading or not ceiling.is_read_only)


@settings(max_examples=30, deadline=None)
@given(st.lists(rows, max_size=5), ceilings)
def test_scopes_decisions_and_explanations_agree_on_what_a_ceiling_leaves(texts: list[str], ceiling: Ceiling) -> None:
    found = policy("\n".join(texts))
    alice, limited = Subject("user:alice"), Subject("user:alice", ceiling=ceiling)
    scope = found.scope(limited, NOW)
    for cluster, resource, verb in itertools.product(CLUSTERS, RESOURCES, VERBS):
        whole = AccessRequest(alice, cluster, resource, "red", "", verb)
        request = AccessRequest(limited, cluster, resource, "red", "", verb)
        want = found.decide(whole, NOW).is_allowed and expected(ceiling, cluster, resource, verb)
        answers = (
            found.decide(request, NOW).is_allowed,
            scope.allows(cluster, resource, "red", "", verb),
            telling.answer(found, request, NOW).is_allowed,
            found.candidates(request).is_allowed(NOW),
        )
        assert answers == (want,) * 4, request


def test_a_decision_that_only_the_token_prevents_says_so() -> None:
    found = policy("p, user:alice, *, **, **, *, *, always, allow")
    subject = Subject("user:alice", ceiling=Ceiling(True, frozenset({"prod-eu"})))
    decision = found.decide(AccessRequest(subject, "prod-eu", "pods", "red", "web", "exec"), NOW)
    assert (decision.is_allowed, decision.reason, decision.row) == (False, "beyond-token", None)
    told = telling.answer(found, AccessRequest(subject, "prod-us", "pods", "red", "web", "get"), NOW)
    assert told.sentence == (
        "You may not get this with this token: this token is for reading only and for cluster prod-eu."
    )


def test_a_cluster_beyond_the_ceiling_is_not_even_named() -> None:
    found = policy("p, user:alice, *, **, **, *, *, always, allow")
    scope = found.scope(Subject("user:alice", ceiling=Ceiling(clusters=frozenset({"prod-eu"}))), NOW)
    assert scope.may_see_cluster("prod-eu")
    assert not scope.may_see_cluster("prod-us")
