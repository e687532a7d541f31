"""What a person is told about their access is true, and is about nobody and nothing else."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octokube_hub.policy import AccessRequest, Subject, telling
from tests.policy.test_equivalence import build_random, memberships, requests, rows, subjects, times

MONDAY_MORNING = datetime(2026, 3, 2, 8, tzinfo=UTC)
MONDAY_NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
WINDOWS = """
office-hours: { days: Mon-Fri, from: "09:00", to: "17:00", zone: UTC }
past: { since: 2026-01-01T00:00Z, until: 2026-01-02T00:00Z }
"""
TEAMS = "g, user:alice, team:red\ng, user:alice, role:sre, @office-hours\n"
RULES = """
p, team:red, demo, red, *, *, read, always, allow
p, team:red, demo, red, deployments.apps, api-*, scale|restart, @office-hours, allow
p, team:red, demo, red, pods, *, exec, @past, allow
p, role:sre, demo, **, pods, *, logs, always, allow
p, role:everyone, *, **, secrets, *, *, always, deny
p, role:everyone, demo, red, configmaps, vault, *, @office-hours, deny
p, role:everyone, mars, **, *, *, *, always, deny
p, team:blue, venus, blue, *, *, *, always, allow
"""
ALICE = Subject("user:alice")


@pytest.fixture
def policy(build):
    return build(policy=RULES, teams=TEAMS, windows=WINDOWS)


def ask(policy, verb, resource, name="", *, namespace="red", cluster="demo", at=MONDAY_MORNING):
    return telling.answer(policy, AccessRequest(ALICE, cluster, resource, namespace, name, verb), at)


@pytest.mark.parametrize(
    ("verb", "resource", "name", "at", "reason", "sentence"),
    [
        ("get", "pods", "api-1", MONDAY_MORNING, "granted", "You may get this, as a member of team:red."),
        (
            "scale",
            "deployments.apps",
            "api-1",
            MONDAY_MORNING,
            "not-now",
            "Not now: you may scale this from 2026-03-02 09:00 UTC, as a member of team:red (window @office-hours).",
        ),
        (
            "scale",
            "deployments.apps",
            "api-1",
            MONDAY_NOON,
            "granted",
            "You may scale this until 2026-03-02 17:00 UTC, as a member of team:red (window @office-hours).",
        ),
        (
            "logs",
            "pods",
            "api-1",
            MONDAY_MORNING,
            "not-now",
            "Not now: you may read the logs of this from 2026-03-02 09:00 UTC, as a member of role:sre.",
        ),
        ("scale", "deployments.apps", "web", MONDAY_NOON, "not-granted", "Nothing lets you scale this."),
        ("exec", "pods", "api-1", MONDAY_NOON, "not-granted", "Nothing lets you run commands in this."),
        ("get", "secrets", "s", MONDAY_NOON, "refused", "A rule for role:everyone refuses this."),
        (
            "get",
            "configmaps",
            "vault",
            MONDAY_NOON,
            "refused",
            "A rule for role:everyone refuses this until 2026-03-02 17:00 UTC (window @office-hours).",
        ),
        ("restart", "pods", "api-1", MONDAY_NOON, "unknown-verb", "There is no 'restart' on pods."),
    ],
)
def test_answers_by_example(policy, verb, resource, name, at, reason, sentence):
    found = ask(policy, verb, resource, name, at=at)
    assert (found.reason, found.sentence) == (reason, sentence)


def test_a_deny_of_what_is_out_of_reach_is_not_told(policy):
    """A refusal there would tell alice that somebody thought of a cluster mars."""
    named, unheard_of = (ask(policy, "get", "pods", "p", cluster=name) for name in ("mars", "pluto"))
    assert named == unheard_of
    grants, _ = telling.grants_of(policy, ALICE, MONDAY_NOON, limit=100)
    assert "mars" not in str(grants)
    assert "venus" not in str(grants)


def test_what_a_deny_hides_and_for_whom_it_is_meant_later_is_not_told(build):
    """The list would name what there is to hide from alice, and that she is about to leave."""
    policy = build(
        policy="p, user:alice, *, *, pods, *, read, always, allow\n"
        "p, user:alice, *, *, pods, secret-project, *, always, deny\n"
        "p, user:alice, *, acquisition, pods, *, *, always, deny\n"
        "p, user:alice, venus, *, pods, *, *, always, deny\n"
        "p, team:leaving, *, *, pods, *, *, always, deny\n"
        "p, role:everyone, *, **, pods, *, delete, always, deny\n",
        teams="g, user:alice, team:leaving, @april\n",
        windows="april: { since: 2026-04-01T00:00+00:00, until: 2026-05-01T00:00+00:00 }\n",
    )
    grants, more = telling.grants_of(policy, ALICE, MONDAY_NOON, limit=100)
    assert [grant.sentence for grant in grants] == ["You may read pods in every namespace of every cluster."]
    assert more == 0
    assert ask(policy, "get", "pods", "secret-project").reason == "refused", "whoever asks about one object is told"
    in_april = datetime(2026, 4, 2, tzinfo=UTC)
    later, _ = telling.grants_of(policy, ALICE, in_april, limit=100)
    assert len(later) == 2


def test_grants_tell_each_row_that_concerns_a_person_and_whether_it_counts_now(policy):
    grants, more = telling.grants_of(policy, ALICE, MONDAY_MORNING, limit=100)
    assert more == 0
    assert [(grant.is_in_force, grant.sentence) for grant in grants] == [
        (True, "You may read objects of every type in namespace red of cluster demo, as a member of team:red."),
        (
            False,
            "You may scale and restart deployments.apps named like api-* in namespace red of cluster demo, as a member"
            " of team:red, but not before 2026-03-02 09:00 UTC (window @office-hours).",
        ),
        (
            False,
            "You may run commands in pods in namespace red of cluster demo, as a member of team:red, but not any more"
            " (window @past).",
        ),
        (
            False,
            "You may read the logs of pods everywhere of cluster demo, as a member of role:sre, but not before"
            " 2026-03-02 09:00 UTC.",
        ),
        (
            True,
            "You may not do anything with secrets everywhere of every cluster, like everyone, whatever else allows it.",
        ),
    ]
    assert [grant.changes_at for grant in grants[:2]] == [None, datetime(2026, 3, 2, 9, tzinfo=UTC)]


def test_the_spans_of_a_grant_are_when_it_counts_and_end_with_the_horizon(policy):
    grants, _ = telling.grants_of(policy, ALICE, MONDAY_NOON, limit=100)
    told = {(grant.row.subject, grant.row.columns[5], grant.row.columns[6]): grant.spans for grant in grants}
    office = told["team:red", "scale|restart", "@office-hours"]
    # From now to this evening; then nine workdays; and the Monday on which the fortnight ends, up to its noon.
    assert office[0] == (MONDAY_NOON, datetime(2026, 3, 2, 17, tzinfo=UTC))
    assert office[1] == (datetime(2026, 3, 3, 9, tzinfo=UTC), datetime(2026, 3, 3, 17, tzinfo=UTC))
    assert office[-1] == (datetime(2026, 3, 16, 9, tzinfo=UTC), datetime(2026, 3, 16, 12, tzinfo=UTC))
    assert len(office) == 11
    # A membership's window counts, too; what holds always, or never again, has none.
    assert told["role:sre", "logs", "always"] == office
    assert told["team:red", "read", "always"] == ()
    assert told["team:red", "exec", "@past"] == ()


def test_more_grants_than_the_limit_are_counted(policy):
    grants, more = telling.grants_of(policy, ALICE, MONDAY_NOON, limit=2)
    assert (len(grants), more) == (2, 3)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rows, memberships, subjects, st.lists(requests, min_size=1, max_size=8), times)
def test_an_answer_is_the_decision_and_comes_from_the_rows_of_the_person_alone(
    build, rows, memberships, subject, asked, at
):
    policy = build_random(build, rows, memberships)
    grants, _ = telling.grants_of(policy, subject, at, limit=1_000)
    told = {grant.row.columns for grant in grants}
    for request in (AccessRequest(subject, *one) for one in asked):
        found = telling.answer(policy, request, at)
        assert found.is_allowed == policy.decide(request, at).is_allowed
        # Who takes away all that is not told of in the grants changes no answer, but for what refuses the very thing
        # that is asked about, and which the person might reach but for that: nothing else shows in one.
        about = policy.candidates(request).rows
        might_reach = any(row.rule.effect == "allow" for row in about)
        shown = told | {row.columns for row in about if might_reach}
        less = build_random(build, [row for row in rows if tuple(row) in shown], memberships)
        again = telling.answer(less, request, at)
        assert (again.is_allowed, again.reason, again.sentence) == (found.is_allowed, found.reason, found.sentence)
        assert again.changes_at == found.changes_at
