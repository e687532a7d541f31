"""``octokube policy diff``: who gains or loses what, and when; and that it overlooks nothing."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octokube_hub.policy import AccessRequest, Subject, comparing
from octokube_hub.policy.comparing import compare, list_pairs
from octokube_hub.policy.people import list_people

POLICIES = Path(__file__).parents[2] / "policies"
NOON = "2026-03-04T12:00Z"
AT = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def append(directory: Path, row: str, file: str = "policy.csv") -> None:
    path = directory / file
    path.write_text(path.read_text() + row + "\n")


def tell(old, new, days=7):
    """What differs, shortly: who, sign, verb, object."""
    found = compare(old, new, AT, AT + timedelta(days=days))
    return {(c.who.shown, "+" if c.is_gain else "-", c.verb, str(c.place)) for c in found.changes}


def test_diff_of_equal_policies_is_empty(run, edited):
    append(edited, "# a comment")
    code, out, _ = run("diff", POLICIES, edited, "--at", NOON)
    assert (code, out[:31]) == (0, "nobody gains or loses anything ")


def test_diff_tells_who_gains_and_loses_what(run, edited):
    append(edited, "p, user:bob, demo, payments, pods, api-1, get, always, allow")
    append(edited, "p, team:platform, demo, platform, pods, *, logs, always, deny")
    code, out, _ = run("diff", POLICIES, edited, "--at", NOON)
    assert code == 1
    assert "+ user:bob: get on demo/payments pods/api-1" in out.splitlines()
    assert "- user:bob: logs on demo/platform pods/any" in out.splitlines()
    assert not any("alice" in line for line in out.splitlines())


def test_diff_tells_from_when_a_window_makes_the_difference(run, edited):
    append(edited, "p, user:dana, demo, payments, pods, *, get, @office-hours, allow")
    code, out, _ = run("diff", POLICIES, edited, "--at", "2026-03-07T12:00Z", "--days", "2")
    assert code == 1
    assert "+ user:dana: get on demo/payments pods/any (from 2026-03-09T08:00:00Z)" in out.splitlines()


def test_diff_with_an_inventory_speaks_of_its_objects_only(run, edited, tmp_path):
    append(edited, "p, user:bob, demo, payments, pods, api-*, get, always, allow")
    inventory = tmp_path / "inventory.json"
    pod = {"cluster": "demo", "namespace": "payments", "resource": "pods"}
    inventory.write_text(json.dumps([{**pod, "name": "api-7"}, {**pod, "name": "web-1"}]))
    _, out, _ = run("diff", POLICIES, edited, "--at", NOON, "--inventory", inventory, "-o", "json")
    assert [(change["who"], change["object"]) for change in json.loads(out)["changes"]] == [
        ("user:bob", "demo/payments pods/api-7")
    ]
    inventory.write_text("{}x")
    assert run("diff", POLICIES, edited, "--inventory", inventory)[0] == 2


def test_the_first_line_counts_people_groups_and_objects(run, edited):
    append(edited, "p, role:sre, demo, payments, pods, *, debug, always, allow")
    append(edited, "p, team:platform, demo, payments, pods, *, logs, always, allow")
    _, out, _ = run("diff", POLICIES, edited, "--at", NOON)
    assert out.splitlines()[0] == "2 people and 1 group gain or lose something on 1 object within 7 days"
    found = json.loads(run("diff", POLICIES, edited, "--at", NOON, "-o", "json")[1])
    assert found["affected"] == {"people": 2, "groups": 1, "objects": 1}


def test_people_who_gain_alike_are_told_together_and_programs_are_told_of_each(run, edited):
    for number in range(20):
        append(edited, f"g, user:u{number:02}, role:new", "teams.csv")
    append(edited, "p, role:new, demo, payments, pods, *, debug, always, allow")
    _, out, _ = run("diff", POLICIES, edited, "--at", NOON)
    names = ", ".join(f"user:u{number:02}" for number in range(8))
    assert out.splitlines()[2:] == [f"+ {names} and 12 more: debug on demo/payments pods/any"]
    changes = json.loads(run("diff", POLICIES, edited, "--at", NOON, "-o", "json")[1])["changes"]
    assert [change["who"] for change in changes] == [f"user:u{number:02}" for number in range(20)]


def test_every_interval_of_a_difference_is_told(run, edited):
    append(edited, "p, user:dana, demo, payments, pods, *, get, @office-hours, allow")
    arguments = ("diff", POLICIES, edited, "--at", "2026-03-06T12:00Z", "--days", "4")
    _, out, _ = run(*arguments)
    lines = out.splitlines()
    start = lines.index("+ user:dana: get on demo/payments pods/any, 3 times:")
    assert lines[start + 1 :] == [
        "    until 2026-03-06T17:00:00Z",
        "    from 2026-03-09T08:00:00Z until 2026-03-09T17:00:00Z",
        "    from 2026-03-10T08:00:00Z",
    ]
    (change,) = json.loads(run(*arguments, "-o", "json")[1])["changes"]
    assert change["intervals"] == [
        {"from": "2026-03-06T12:00:00Z", "until": "2026-03-06T17:00:00Z"},
        {"from": "2026-03-09T08:00:00Z", "until": "2026-03-09T17:00:00Z"},
        {"from": "2026-03-10T08:00:00Z", "until": None},
    ]


def test_a_window_that_turns_too_often_is_followed_as_far_as_can_be_and_that_is_said(run, edited, monkeypatch):
    monkeypatch.setattr(comparing, "MOST_MOMENTS", 4)
    append(edited, "p, user:dana, demo, payments, pods, *, get, @office-hours, allow")
    code, out, _ = run("diff", POLICIES, edited, "--at", NOON)
    assert code == 1
    assert "windows open and close so often that they were followed until 2026-03-06T08:00:00Z only" in out
    assert json.loads(run("diff", POLICIES, edited, "--at", NOON, "-o", "json")[1])["until"] == "2026-03-06T08:00:00Z"


def test_a_membership_changes_what_its_member_may_do(build):
    rows = "p, role:sre, demo, *, pods, *, exec, always, allow\n"
    old, new = build(rows), build(rows, "g, team:oncall, role:sre\n")
    assert tell(old, new) == {("members of team:oncall", "+", "exec", "demo/any pods/any")}


def test_a_role_that_nobody_is_in_is_asked_about_by_an_example_of_a_member(build):
    assert tell(build(""), build("p, role:ghost, demo, *, pods, *, exec, always, allow\n")) == {
        ("members of role:ghost", "+", "exec", "demo/any pods/any")
    }


def test_a_deny_for_a_team_of_the_identity_provider_reaches_what_another_team_is_allowed(build):
    allow = "p, team:a, demo, *, pods, *, logs, always, allow\np, user:alice, demo, *, pods, *, exec, always, allow\n"
    assert tell(build(allow), build(allow + "p, team:b, demo, *, pods, *, *, always, deny\n")) == {
        ("members of team:a and team:b", "-", "logs", "demo/any pods/any"),
        ("user:alice and team:b", "-", "exec", "demo/any pods/any"),
    }


def test_a_deny_for_somebody_reaches_what_a_team_of_the_identity_provider_is_allowed(build):
    allow = "p, team:a, demo, *, pods, *, logs, always, allow\n"
    assert tell(build(allow), build(allow + "p, user:alice, demo, *, pods, *, *, always, deny\n")) == {
        ("user:alice and team:a", "-", "logs", "demo/any pods/any")
    }


def test_what_a_team_loses_alone_is_not_told_again_of_those_who_are_in_two(build):
    allow = "p, team:a, demo, *, pods, *, exec, always, allow\np, team:b, demo, *, pods, *, logs, always, allow\n"
    assert tell(build(allow), build(allow + "p, team:b, demo, *, pods, *, logs, always, deny\n")) == {
        ("members of team:b", "-", "logs", "demo/any pods/any")
    }


def test_nobody_is_put_by_the_identity_provider_beside_others_into_a_team_that_the_files_fill(build):
    allow, member = "p, team:a, demo, *, pods, *, exec, always, allow\n", "g, user:bob, team:b\ng, user:alice, team:a\n"
    deny = "p, team:b, demo, *, pods, *, exec, always, deny\n"
    assert tell(build(allow, member), build(allow + deny, member)) == set()


def test_a_deny_for_everyone_needs_no_pairs(build):
    old = build("p, team:a, demo, *, pods, *, exec, always, allow\np, team:b, demo, *, pods, *, get, always, allow\n")
    new = build("p, role:everyone, demo, *, pods, *, exec, always, deny\n")
    assert list_pairs(old, new, list_people(old, new)[0]) == []


def test_a_window_alone_makes_a_difference_on_a_row_and_on_a_membership(build):
    rows = "p, role:sre, demo, *, pods, *, exec, {}, allow\n"
    members = "g, user:dana, role:sre, {}\n"
    always = build(rows.format("always"), members.format("always"))
    lost = {("user:dana", "-", "exec", "demo/any pods/any")}
    assert tell(always, build(rows.format("daily 22:00-06:00 UTC"), members.format("always"))) == lost
    assert tell(always, build(rows.format("always"), members.format("daily 22:00-06:00 UTC"))) == lost


def test_objects_outside_of_namespaces_are_asked_about(build):
    row = "p, user:alice, demo, cluster, nodes, *, get|cordon, always, allow\n"
    assert tell(build(""), build(row)) == {
        ("user:alice", "+", verb, "demo/cluster nodes/any") for verb in ("get", "cordon")
    }


def test_a_pattern_of_types_is_shown_by_one_that_has_the_operation(build):
    row = "p, user:alice, demo, pay, [!d]*.apps, *, restart, always, allow\n"
    assert tell(build(""), build(row)) == {("user:alice", "+", "restart", "demo/pay statefulsets.apps/any")}


def test_that_teams_have_too_many_combinations_is_said(run, edited, monkeypatch):
    monkeypatch.setattr(comparing, "MOST_PAIRS", 1)
    append(edited, "p, team:x, *, **, *, *, *, always, deny")
    _, out, _ = run("diff", POLICIES, edited, "--at", NOON)
    assert "people in several teams of the identity provider may gain or lose more" in out


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ("api-*", "*", {"any"}),
        ("api-*", "api-[ab]*", {"api-x"}),
        ("api-[ab]*", "*", {"any"}),
        ("*", "[!a]*", {"any"}),
        ("api-?", "api-*", {"api-xx"}),
        ("[ab]", "[bc]", {"a", "c"}),
        ("*-api", "api-*", {"x-api", "api-x"}),
    ],
)
def test_overlapping_patterns_are_told_apart_by_an_example(build, old, new, names):
    row = "p, user:alice, demo, payments, pods, {}, get, always, allow\n"
    found = compare(build(row.format(old)), build(row.format(new)), AT, AT + timedelta(days=1))
    assert found.is_complete
    shown = {change.place.name for change in found.changes}
    assert len(shown) == len(names), shown


CLUSTERS = ("demo", "prod-a", "prod-b", "*", "prod-*", "prod-[!a]", "?e*")
NAMESPACES = ("pay", "plat", "*", "**", "cluster", "p*", "*t", "p[al]*", "clus*")
TYPES = ("pods", "deployments.apps", "nodes", "*.apps", "*", "**", "pods/status", "p*", "*.example.com")
NAMES = ("a", "api-1", "api-2", "*", "api-*", "api-[12]", "?", "*-1", "[ab]*")
VERBS = ("get", "read", "*", "write")
SUBJECTS = ("user:alice", "user:bob", "team:a", "team:b", "role:r", "role:everyone")
WINDOWS = ("always", "Mon-Fri 09:00-18:00 UTC", "daily 22:00-06:00 UTC")
row = st.builds(
    lambda *columns: f"p, {', '.join(columns)}\n",
    *map(
        st.sampled_from,
        (SUBJECTS, CLUSTERS, NAMESPACES, TYPES, NAMES, VERBS, WINDOWS, ("allow", "allow", "allow", "deny")),
    ),
)
MEMBERS = (("user:alice", "team:a"), ("user:bob", "role:r"), ("team:a", "role:r"), ("team:b", "role:r"))
membership = st.builds(
    lambda pair, window: f"g, {pair[0]}, {pair[1]}, {window}\n", st.sampled_from(MEMBERS), st.sampled_from(WINDOWS)
)
files = st.tuples(st.lists(row, max_size=5), st.lists(membership, max_size=2))
questions = st.builds(
    AccessRequest,
    st.sampled_from(
        [
            Subject("user:alice"),
            Subject("user:bob"),
            Subject("user:-"),
            Subject("user:-", frozenset({"team:a"})),
            Subject("user:-", frozenset({"team:b"})),
        ]
    ),
    st.sampled_from(("demo", "prod-a", "prod-b", "prod-c", "test")),
    st.sampled_from(("pods", "pods/status", "deployments.apps", "statefulsets.apps", "w.example.com")),
    st.sampled_from(("pay", "plat", "past", "cluster", "qq")),
    st.sampled_from(("a", "b", "c", "api-1", "api-2", "api-3", "x-1", "cc")),
    st.sampled_from(("get", "list", "patch", "restart", "logs")),
)


@pytest.mark.timeout(60)
@settings(deadline=None)
@given(
    common=files,
    only_old=files,
    only_new=files,
    asked=st.lists(questions, min_size=20, max_size=20),
    hours=st.integers(0, 47),
)
def test_whenever_two_policies_differ_at_an_object_the_comparison_says_so_of_that_subject_and_instant(
    build, common, only_old, only_new, asked, hours
):
    """Guards the examples: every atom of the patterns has one, whatever else changes beside it."""
    old, new = (
        build("".join(common[0] + more[0]), "".join(dict.fromkeys(common[1] + more[1])))
        for more in (only_old, only_new)
    )
    found = compare(old, new, AT, AT + timedelta(days=3))
    assert found.is_complete
    at = AT + timedelta(hours=hours)
    named = {row.subject for policy in (old, new) for row in policy.rows}
    named |= {name for policy in (old, new) for row in policy.memberships for name in (row.member, row.group)}
    for request in asked:
        was, now = old.decide(request, at).is_allowed, new.decide(request, at).is_allowed
        if was == now:
            continue
        shown = "anybody else"
        if named & request.subject.groups:
            shown = f"members of {min(request.subject.groups)}"
        elif request.subject.name in named:
            shown = request.subject.name
        assert any(
            change.who.shown == shown
            and change.is_gain == now
            and any(start <= at and (stop is None or at < stop) for start, stop in change.intervals)
            for change in found.changes
        ), request
    for change in found.changes[:50]:  # and nothing is said that is not so
        place, (start, stop) = change.place, change.intervals[-1]
        resource, verb = (place.resource, change.verb)
        if ":" in verb:
            subresource, verb = verb.split(":")
            resource = f"{resource}/{subresource}"
        request = AccessRequest(change.who.subject, place.cluster, resource, place.namespace, place.name, verb)
        if "role:" in change.who.shown:
            continue  # a member whom the comparison made up
        assert new.decide(request, start).is_allowed == change.is_gain
        assert old.decide(request, start).is_allowed != change.is_gain
        if stop is not None:
            decided = (old.decide(request, stop).is_allowed, new.decide(request, stop).is_allowed)
            assert decided != (not change.is_gain, change.is_gain)


team_row = st.builds(
    lambda who, what, window, effect: f"p, {who}, demo, pay, {what}, {window}, {effect}\n",
    st.sampled_from(("team:a", "team:b", "team:c", "user:alice", "role:everyone")),
    st.sampled_from(("pods, *, get", "pods, api-*, get", "pods, *, read", "*, *, get")),
    st.sampled_from(WINDOWS),
    st.sampled_from(("allow", "deny")),
)


@pytest.mark.timeout(60)
@settings(deadline=None)
@given(
    common=st.lists(team_row, max_size=4),
    only_old=st.lists(team_row, max_size=3),
    only_new=st.lists(team_row, max_size=3),
    hours=st.integers(0, 47),
)
def test_whatever_teams_somebody_is_in_a_difference_shows_at_somebody_who_is_in_some_of_them(
    build, common, only_old, only_new, hours
):
    """Guards the pairs of teams: a deny in one of them takes what another allows."""
    old, new = build("".join(common + only_old)), build("".join(common + only_new))
    found = compare(old, new, AT, AT + timedelta(days=3))
    at = AT + timedelta(hours=hours)
    named = {row.subject for policy in (old, new) for row in policy.rows}
    for teams in ({"team:a", "team:b"}, {"team:b", "team:c"}, {"team:a", "team:b", "team:c"}, {"team:c"}):
        for name in ("user:alice", "user:zoe"):
            request = AccessRequest(Subject(name, frozenset(teams)), "demo", "pods", "pay", "api-1", "get")
            was, now = old.decide(request, at).is_allowed, new.decide(request, at).is_allowed
            assert was == now or any(
                change.who.subject.groups <= teams
                and change.who.subject.name
                == (name if name in named and change.who.shown.startswith("user:") else "user:-")
                and change.is_gain == now
                and any(start <= at and (stop is None or at < stop) for start, stop in change.intervals)
                for change in found.changes
            ), request


def test_what_begins_to_count_only_later_is_told(run, edited, tmp_path):
    was = shutil.copytree(edited, tmp_path / "was")
    row = "p, user:dana, demo, payments, secrets, *, read, 2026-05-01T00:00Z/2026-06-01T00:00Z, allow\n"
    over = "p, user:dana, demo, payments, secrets, *, read, 2021-05-01T00:00Z/2021-06-01T00:00Z, allow\n"
    with (edited / "policy.csv").open("a") as file:
        file.write(row + over)
    with (edited / "teams.csv").open("a") as file:
        file.write("g, user:carol, team:payments, 2026-04-01T00:00Z/2026-06-01T00:00Z\n")
    code, out, _ = run("diff", was, edited, "--at", NOON)
    rows, teams = ((edited / name).read_text().count("\n") for name in ("policy.csv", "teams.csv"))
    assert code == 0
    assert f"policy.csv:{rows - 1} of NEW counts from 2026-05-01T00:00:00Z only: see it by --days" in out
    assert f"teams.csv:{teams} of NEW counts from 2026-04-01T00:00:00Z only" in out
    assert out.count(" only: see it") == 2
    assert f"policy.csv:{rows - 1} of OLD counts from 2026-05-01" in run("diff", edited, was, "--at", NOON)[1]
    far = run("diff", was, edited, "--at", NOON, "--days", "90", "-o", "json")
    assert far[0] == 1
    assert json.loads(far[1])["shortfalls"] == []
