"""What scopes and decisions promise to those who build on them."""

import fnmatch
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from octokube_hub.policy import AccessRequest, Subject, globs
from octokube_hub.policy.selector import _MEMO_SIZE
from octokube_hub.policy.verbs import OPERATIONS, SUBRESOURCES, find_action

AT = datetime(2026, 3, 4, 12, tzinfo=UTC)
ALICE = Subject("user:alice")


def scope_of(build, *rows: str):
    return build(policy="\n".join(f"p, user:alice, {row}, always, allow" for row in rows)).scope(ALICE, AT)


def test_deny_wins_over_the_union_of_all_memberships(build):
    policy = build(
        policy="p, user:alice, *, **, **, *, *, always, allow\n"
        "p, role:everyone, demo, *, secrets, *, *, always, deny\n"
        "p, team:far, demo, payments, pods, api-1, delete, always, deny\n",
        teams="g, user:alice, team:near\ng, team:near, team:mid\ng, team:mid, team:far\n",
    )
    scope = policy.scope(ALICE, AT)
    assert not scope.allows("demo", "secrets", "payments", "x", "get")
    assert not scope.allows("demo", "secrets", "payments", "x", "reveal")
    assert not scope.allows("demo", "pods", "payments", "api-1", "delete")
    assert scope.allows("demo", "pods", "payments", "api-2", "delete")
    assert scope.allows("prod", "secrets", "payments", "x", "reveal")


def test_a_star_for_namespaces_does_not_reach_cluster_scoped_objects(build):
    star, word, both = (scope_of(build, f"demo, {namespace}, *, *, read") for namespace in ("*", "cluster", "**"))
    assert [scope.allows("demo", "nodes", "", "n", "get") for scope in (star, word, both)] == [False, True, True]
    assert [scope.allows("demo", "pods", "payments", "p", "get") for scope in (star, word, both)] == [True, False, True]


def test_a_namespace_called_cluster_is_a_namespace(build):
    star, word, both = (scope_of(build, f"demo, {namespace}, *, *, read") for namespace in ("*", "cluster", "**"))
    assert [scope.allows("demo", "pods", "cluster", "p", "get") for scope in (star, word, both)] == [True, False, True]


def test_reading_a_type_never_grants_logs_exec_or_port_forward(build):
    for resource in ("pods", "*", "**", "pods/*", "*/*"):
        scope = scope_of(build, f"demo, *, {resource}, *, read")
        for operation in OPERATIONS:
            assert not scope.allows("demo", "pods", "payments", "p", operation), (resource, operation)
        assert not scope.allows("demo", "pods/log", "payments", "p", "get")


def test_a_star_for_verbs_grants_no_operation_but_with_two_stars_for_the_type(build):
    one, two = (scope_of(build, f"demo, *, {resource}, *, *") for resource in ("*", "**"))
    for operation, known in OPERATIONS.items():
        type_name = min(known.types) if known.types else "pods"
        assert not one.allows("demo", type_name, "payments", "x", operation)
        assert two.allows("demo", type_name, "payments", "x", operation)


def test_a_deny_with_a_star_reaches_operations_and_subresources(build):
    policy = build(
        policy="p, user:alice, *, **, **, *, *, always, allow\np, user:alice, demo, *, pods, *, *, always, deny\n"
    )
    scope = policy.scope(ALICE, AT)
    assert not any(scope.allows("demo", "pods", "payments", "p", verb) for verb in ("get", "exec", "logs", "debug"))
    assert not scope.allows("demo", "pods/status", "payments", "p", "get")


def test_two_spellings_of_one_action_are_one(build):
    for row, asked in [
        ("demo, *, pods, *, exec", ("pods/exec", "create")),
        ("demo, *, pods/exec, *, create", ("pods", "exec")),
        ("demo, *, pods, *, logs", ("pods/log", "get")),
        ("demo, *, deployments.apps/scale, *, patch", ("deployments.apps", "scale")),
        ("demo, *, deployments.apps, *, scale", ("deployments.apps/scale", "update")),
    ]:
        assert scope_of(build, row).allows("demo", asked[0], "payments", "x", asked[1]), row


@pytest.mark.parametrize(
    ("resource", "verb"),
    [
        ("pods", "read"),
        ("pods", "*"),
        ("pods", "GET"),
        ("pods", ""),
        ("", "get"),
        ("/exec", "create"),
        ("pods/", "get"),
        ("pods/exec", "get"),  # exec over a websocket is a GET to HTTP, and not to policy
        ("pods/exec/x", "create"),
        ("pods/proxy", "get"),
        ("secrets", "logs"),
        ("pods", "cordon"),
        ("serviceaccounts/token", "create"),
    ],
)
def test_what_does_not_exist_is_denied_even_to_those_who_may_do_everything(build, resource, verb):
    policy = build(policy="p, user:alice, *, **, **, *, *, always, allow")
    assert not policy.scope(ALICE, AT).allows("demo", resource, "payments", "x", verb)
    decision = policy.decide(AccessRequest(ALICE, "demo", resource, "payments", "x", verb), AT)
    assert (decision.is_allowed, decision.reason, decision.row) == (False, "unknown-action", None)


def test_every_pair_of_the_table_has_exactly_one_action():
    for subresource in SUBRESOURCES.values():
        type_name = min(subresource.types) if subresource.types else "deployments.apps"
        for verb in subresource.verbs:
            assert find_action(f"{type_name}/{subresource.name}", verb) is not None
    for operation in OPERATIONS.values():
        type_name = min(operation.types) if operation.types else "deployments.apps"
        for verb in operation.verbs:
            assert find_action(f"{type_name}/{operation.subresource}", verb) == find_action(type_name, operation.name)


def test_a_decision_names_the_row_that_made_it(build):
    policy = build(
        policy="p, user:alice, demo, *, *, *, read, always, allow\n\n"
        "p, role:everyone, demo, *, secrets, *, *, always, deny\n"
    )
    allowed = policy.decide(AccessRequest(ALICE, "demo", "pods", "payments", "x", "get"), AT)
    denied = policy.decide(AccessRequest(ALICE, "demo", "secrets", "payments", "x", "get"), AT)
    nothing = policy.decide(AccessRequest(ALICE, "prod", "pods", "payments", "x", "get"), AT)
    assert (allowed.is_allowed, allowed.reason, allowed.row.where) == (True, "allowed", "policy.csv:1")
    assert (denied.is_allowed, denied.reason, denied.row.where) == (False, "denied", "policy.csv:3")
    assert (nothing.is_allowed, nothing.reason, nothing.row) == (False, "no-rule", None)
    assert {allowed.revision, denied.revision, nothing.revision} == {policy.revision}


def test_a_role_that_does_not_exist_may_do_nothing(build):
    policy = build(policy="p, role:admin, *, **, **, *, *, always, allow")
    assert not policy.decide(AccessRequest(ALICE, "demo", "pods", "payments", "x", "get"), AT).is_allowed


def test_groups_of_the_identity_provider_count_and_nest(build):
    policy = build(policy="p, role:dev, demo, *, pods, *, get, always, allow", teams="g, team:idp, role:dev")
    assert policy.scope(Subject("user:dana", frozenset({"team:idp"})), AT).allows("demo", "pods", "a", "x", "get")
    assert policy.scope(ALICE, AT).is_empty


@pytest.mark.parametrize("name", ["alice", "team:a", "role:admin", "user:", "user:a b", "user:*", ""])
def test_only_people_and_services_are_subjects(name):
    with pytest.raises(ValueError):
        Subject(name)


@pytest.mark.parametrize("group", ["role:admin", "user:bob", "admins", "team:"])
def test_only_teams_come_from_the_identity_provider(group):
    with pytest.raises(ValueError):
        Subject("user:alice", frozenset({group}))


def test_a_window_on_a_membership_opens_and_closes_what_the_group_may(build):
    policy = build(
        policy="p, role:sre, demo, *, pods, *, read, always, allow\n"
        "p, role:sre, demo, *, secrets, *, read, always, deny\n"
        "p, user:alice, demo, *, secrets, *, read, always, allow\n",
        teams="g, user:alice, role:sre, 09:00-17:00 UTC",
    )
    before, during = AT.replace(hour=8), AT.replace(hour=12)
    assert [policy.scope(ALICE, at).allows("demo", "pods", "a", "x", "get") for at in (before, during)] == [False, True]
    # While she is no member, the deny of the role does not concern her either.
    assert [policy.scope(ALICE, at).allows("demo", "secrets", "a", "x", "get") for at in (before, during)] == [
        True,
        False,
    ]
    assert policy.next_edge(ALICE, during) == AT.replace(hour=17)


def test_only_windows_that_concern_the_subject_make_edges(build):
    policy = build(
        policy="p, user:bob, demo, *, pods, *, read, 09:00-13:00 UTC, allow\n"
        "p, user:alice, demo, *, pods, *, read, always, allow\n"
    )
    assert policy.next_edge(ALICE, AT) is None
    assert policy.next_edge(Subject("user:bob"), AT) == AT.replace(hour=13)


def test_next_change_passes_over_edges_that_change_nothing(build):
    policy = build(
        policy="p, user:alice, demo, *, pods, *, read, 09:00-17:00 UTC, allow\n"
        "p, user:alice, demo, *, secrets, *, read, 10:00-13:00 UTC, allow\n"
        "p, user:alice, demo, *, pods, *, get, 16:00-19:00 UTC, allow\n"
    )
    assert policy.next_edge(ALICE, AT) == AT.replace(hour=13)
    assert policy.next_change(AccessRequest(ALICE, "demo", "pods", "a", "x", "get"), AT) == AT.replace(hour=19)
    assert policy.next_change(AccessRequest(ALICE, "demo", "nodes", "", "x", "get"), AT) is None


def test_a_change_that_is_far_off_is_found_behind_all_that_opens_and_closes_every_day(build):
    policy = build(
        policy="p, user:alice, demo, payments, pods, *, delete, @moving, allow\n"
        "p, role:everyone, demo, *, pods, *, delete, @night, deny\n"
        "p, role:everyone, demo, *, pods, *, delete, @office, deny\n"
        "p, role:everyone, demo, *, pods, *, delete, @lunch, deny\n",
        windows='moving: { since: "2027-03-20T00:00Z", until: "2027-03-22T00:00Z" }\n'
        "night: { daily: 22:00-06:00, zone: UTC }\n"
        "office: { days: Mon-Fri, from: 09:00, to: 18:00, zone: Europe/Berlin }\n"
        "lunch: { daily: 12:00-13:00, zone: America/New_York }\n",
    )
    asked = AccessRequest(ALICE, "demo", "pods", "payments", "x", "delete")
    opens = datetime(2027, 3, 20, 6, tzinfo=UTC)
    assert policy.next_change(asked, AT) == opens
    assert policy.next_change(asked, opens) == datetime(2027, 3, 20, 16, tzinfo=UTC)


@settings(max_examples=60)
@given(st.data())
def test_a_change_is_the_next_edge_at_which_other_rows_count(build, data):
    names = st.sampled_from(["@night", "@office", "@once", "always"])
    row = st.tuples(
        st.sampled_from(["user:alice", "team:a", "role:everyone"]), names, st.sampled_from(["allow", "deny"])
    )
    rows = data.draw(st.lists(row, min_size=1, max_size=4))
    policy = build(
        policy="\n".join(f"p, {who}, demo, a, pods, *, get, {window}, {effect}" for who, window, effect in rows),
        teams=f"g, user:alice, team:b, {data.draw(names)}\ng, team:b, team:a, {data.draw(names)}\n",
        windows="night: { daily: 22:00-06:00, zone: Europe/Berlin }\n"
        "office: { days: Mon-Fri, from: 06:00, to: 22:00, zone: Australia/Lord_Howe }\n"
        'once: { since: "2026-03-29T01:00Z", until: "2026-11-01T05:00Z" }\n',
    )
    at = AT.replace(day=1) + timedelta(minutes=data.draw(st.integers(0, 250 * 24 * 60)))
    candidates = policy.candidates(AccessRequest(ALICE, "demo", "pods", "a", "x", "get"))
    edge = at
    while edge is not None and candidates.in_force(edge) == candidates.in_force(at):
        edge = min((e for w in candidates.windows if (e := w.next_edge(edge)) is not None), default=None)
        if edge is not None and edge > at + timedelta(days=400):
            edge = None
    assert candidates.next_change_in_force(at) == edge


def test_a_scope_is_kept_until_its_edge_and_survives_an_edit_that_does_not_concern_it(build):
    rows = "p, user:alice, demo, *, pods, *, read, 09:00-17:00 UTC, allow\n"
    policy = build(policy=rows)
    scope = policy.scope(ALICE, AT)
    assert policy.scope(ALICE, AT + timedelta(hours=4, minutes=59)) is scope
    assert policy.scope(ALICE, AT + timedelta(hours=5)).is_empty
    assert policy.scope(ALICE, AT) == scope  # the clock stepped back
    assert build(policy=rows + "p, user:bob, demo, *, pods, *, read, always, allow\n").scope(ALICE, AT) is scope


def test_may_see_is_about_watching(build):
    scope = scope_of(build, "demo, payments, pods, api-*, watch", "prod, *, pods, *, get", "dev, *, *, *, logs")
    assert [scope.may_see(cluster, "pods") for cluster in ("demo", "prod", "dev")] == [True, False, False]
    assert [scope.may_see_cluster(cluster) for cluster in ("demo", "prod", "dev")] == [True, False, False]
    assert not scope.may_see("demo", "secrets")


def test_a_cluster_that_is_denied_altogether_is_not_seen(build):
    policy = build(
        policy="p, user:alice, *, *, *, *, read, always, allow\np, user:alice, prod, **, **, *, *, always, deny\n"
    )
    scope = policy.scope(ALICE, AT)
    assert [scope.may_see_cluster(cluster) for cluster in ("demo", "prod")] == [True, False]
    assert [scope.may_see(cluster, "pods") for cluster in ("demo", "prod")] == [True, False]


def test_a_selector_says_when_it_need_not_be_asked(build):
    everything = scope_of(build, "*, **, **, *, *").selector("demo", "pods")
    nothing = scope_of(build, "demo, payments, pods, *, read").selector("prod", "pods")
    some = scope_of(build, "demo, payments, pods, *, read").selector("demo", "pods")
    assert [(selector.all, selector.none) for selector in (everything, nothing, some)] == [
        (True, False),
        (False, True),
        (False, False),
    ]


def test_memos_filled_from_outside_stay_bounded_and_right(build):
    scope = scope_of(build, "demo, ns-1*, pods, api-*, watch")
    selector = scope.selector("demo", "pods")
    for number in range(3 * _MEMO_SIZE):
        assert scope.allows("demo", "pods", f"ns-{number}", "api-1", "watch") == str(number).startswith("1")
        assert selector.allows("ns-1", f"api-{number}")
        scope.may_see("demo", f"type{number}.example.com")
    assert len(selector._verdicts) <= _MEMO_SIZE
    assert len(scope._selectors) <= _MEMO_SIZE


def test_naive_instants_are_refused(build):
    policy = build(policy="p, user:alice, demo, *, pods, *, read, always, allow")
    with pytest.raises(ValueError, match="aware"):
        policy.scope(ALICE, datetime(2026, 3, 4))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("*", ["", "a", "a.b/c-d"], []),
        ("api-*", ["api-", "api-1"], ["api", "xapi-1", "API-1"]),
        ("a?c", ["abc", "a.c"], ["ac", "abbc"]),
        ("[a-c]x", ["ax", "cx"], ["dx", "x", "[a-c]x"]),
        ("[!a-c]x", ["dx", "!x"], ["ax"]),
        ("[]]", ["]"], ["[", "[]]"]),
        ("[a-]", ["a", "-"], ["b"]),
        ("[^a]", ["^", "a"], ["b"]),  # ^ does not negate, ! does
        ("a.b", ["a.b"], ["aXb"]),
        ("a+(b|c)", ["a+(b|c)"], ["aab"]),
        ("a\\d", ["a\\d"], ["a1"]),
        ("***a", ["a", "xxa"], ["ab"]),
        ("a*b*c", ["abc", "axbxbxc", "abbcc"], ["ab", "acb", "abcd"]),
        ("*a*a", ["aa", "xaxa"], ["a", "aax"]),
    ],
)
def test_globs_are_the_shells(pattern, matching, others):
    assert [name for name in [*matching, *others] if globs.is_match(name, pattern)] == matching


def test_a_pattern_of_many_stars_does_not_explode():
    assert not globs.is_match("a" * 250, "*a" * 100 + "*b")
    assert globs.is_match("a" * 250 + "b", "*a" * 100 + "*b")


@settings(max_examples=300, deadline=None)
@given(st.text("ab*?[]!-", min_size=1, max_size=8), st.text("ab-[]!", max_size=8))
def test_well_formed_globs_agree_with_the_standard_library(pattern, name):
    assume(globs.find_fault(pattern) is None)
    assert globs.is_match(name, pattern) == fnmatch.fnmatchcase(name, pattern)
