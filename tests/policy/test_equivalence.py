"""Three answers to one question: the compiled scope, Casbin's Enforcer, and an oracle written from the language's text.

The oracle shares no code with the product. It is slow and plain on purpose: it reads rows as strings and goes by the
sentences of docs/virtual-rbac.md.
"""

import fnmatch
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octokube_hub.policy import AccessRequest, Subject

KUBERNETES = {"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"}
SETS = {"read": {"get", "list", "watch"}, "write": {"create", "update", "patch", "delete"}}
# operation -> (types or None, the Kubernetes pairs that mean the same)
OPERATIONS = {
    "logs": ({"pods"}, {("log", "get")}),
    "exec": ({"pods"}, {("exec", "create")}),
    "attach": ({"pods"}, {("attach", "create")}),
    "portforward": ({"pods"}, {("portforward", "create")}),
    "debug": ({"pods"}, {("ephemeralcontainers", "update"), ("ephemeralcontainers", "patch")}),
    "scale": (None, {("scale", "update"), ("scale", "patch")}),
    "restart": ({"deployments.apps", "statefulsets.apps", "daemonsets.apps"}, set()),
    "rollback": ({"deployments.apps", "statefulsets.apps", "daemonsets.apps"}, set()),
    "cordon": ({"nodes"}, set()),
    "drain": ({"nodes"}, set()),
    "reveal": ({"secrets"}, set()),
    "escalate": (None, set()),
}
SUBRESOURCES = {
    "status": (None, {"get", "update", "patch"}),
    "scale": (None, {"get", "update", "patch"}),
    "log": ({"pods"}, {"get"}),
    "exec": ({"pods"}, {"create"}),
    "attach": ({"pods"}, {"create"}),
    "portforward": ({"pods"}, {"create"}),
    "ephemeralcontainers": ({"pods"}, {"get", "update", "patch"}),
    "eviction": ({"pods"}, {"create"}),
    "resize": ({"pods"}, {"get", "update", "patch"}),
}


@dataclass(frozen=True)
class Asked:
    """What a request is about, in the oracle's own terms."""

    type_name: str
    subresource: str  # "" for the object itself
    verb: str
    operation: str  # "" when it is none


def read_request(resource: str, verb: str) -> Asked | None:
    type_name, slash, subresource = resource.partition("/")
    if slash:
        if subresource not in SUBRESOURCES:
            return None
        types, verbs = SUBRESOURCES[subresource]
        if verb not in verbs or (types is not None and type_name not in types):
            return None
        for name, (_, pairs) in OPERATIONS.items():
            if (subresource, verb) in pairs:
                return Asked(type_name, subresource, verb, name)
        return Asked(type_name, subresource, verb, "")
    if verb in OPERATIONS:
        types, pairs = OPERATIONS[verb]
        if types is not None and type_name not in types:
            return None
        return Asked(type_name, min(pairs)[0] if pairs else "", "", verb)
    return Asked(type_name, "", verb, "") if verb in KUBERNETES else None


def says(resource: str, verbs: str, effect: str, asked: Asked) -> bool:
    """Does a row with these columns speak about what is asked?"""
    words = set(verbs.split("|"))
    plain = set().union(*(SETS.get(word, {word}) for word in words))
    is_star = words == {"*"}
    if resource == "**":
        if is_star:
            return True
        return asked.operation in words if asked.operation else asked.verb in plain
    pattern, slash, subresource = resource.partition("/")
    if not fnmatch.fnmatchcase(asked.type_name, pattern):
        return False
    if not slash:
        if effect == "deny" and is_star:
            return True
        if asked.operation:
            return asked.operation in words
        return asked.subresource == "" and (asked.verb in plain or is_star)
    if not asked.subresource:
        return False
    if subresource == "*":
        return is_star or (not asked.operation and asked.verb in plain)
    if asked.subresource != subresource:
        return False
    if asked.operation:
        _, pairs = OPERATIONS[asked.operation]
        return is_star or any(verb in plain for _, verb in pairs)
    return is_star or asked.verb in plain


def is_open(window: str, at: datetime) -> bool:
    """The windows of WINDOWS, all in UTC."""
    minutes = at.hour * 60 + at.minute
    match window:
        case "always":
            return True
        case "@day":
            return 9 * 60 <= minutes < 17 * 60
        case "@night":
            return minutes >= 22 * 60 or minutes < 6 * 60
        case "@week":
            return at.weekday() < 5
        case "@once":
            return datetime(2026, 3, 1, 12, tzinfo=UTC) <= at < datetime(2026, 3, 3, tzinfo=UTC)
        case "Sat-Sun 00:00-24:00 UTC":
            return at.weekday() >= 5
        case _:
            raise AssertionError(window)


WINDOWS = """
day: { daily: "09:00-17:00", zone: UTC }
night: { daily: "22:00-06:00", zone: UTC }
week: { days: Mon-Fri, from: "00:00", to: "24:00", zone: UTC }
once: { since: 2026-03-01T12:00Z, until: 2026-03-03T00:00Z }
"""


def has_access(rows, memberships, subject, request, at) -> bool:
    groups = {subject.name, "role:everyone"} | set(subject.groups)
    while True:
        more = {group for member, group, window in memberships if member in groups and is_open(window, at)} - groups
        if not more:
            break
        groups |= more
    cluster, resource, namespace, name, verb = request
    asked = read_request(resource, verb)
    if asked is None:
        return False
    effects = set()
    for sub, row_cluster, row_namespace, row_resource, row_name, verbs, window, effect in rows:
        if namespace == "":
            is_here = row_namespace in ("cluster", "**")
        else:
            is_here = row_namespace != "cluster" and fnmatch.fnmatchcase(namespace, row_namespace)
        if (
            sub in groups
            and fnmatch.fnmatchcase(cluster, row_cluster)
            and is_here
            and fnmatch.fnmatchcase(name, row_name)
            and is_open(window, at)
            and says(row_resource, verbs, effect, asked)
        ):
            effects.add(effect)
    return effects == {"allow"}


windows = st.sampled_from(["always", "always", "@day", "@night", "@week", "@once", "Sat-Sun 00:00-24:00 UTC"])
groups = ["team:a", "team:b", "role:c", "role:d"]
# Only later groups contain earlier ones, so that there is no circle.
memberships = st.lists(
    st.tuples(
        st.sampled_from(["user:u", "service:s", "role:everyone", *groups]), st.sampled_from(groups), windows
    ).filter(lambda row: row[0] not in groups or groups.index(row[0]) < groups.index(row[1])),
    max_size=6,
)
resources_and_verbs = st.one_of(
    st.tuples(
        st.sampled_from(["pods", "p*", "*", "**"]),
        st.sampled_from(["*", "read", "write", "get|watch", "logs", "exec|logs", "read|scale", "escalate", "debug"]),
    ),
    st.tuples(
        st.sampled_from(["deployments.apps", "*.apps", "*", "**"]),
        st.sampled_from(["*", "read", "scale", "restart|rollback", "write|scale", "patch"]),
    ),
    st.tuples(st.sampled_from(["secrets", "[s-z]*", "**"]), st.sampled_from(["*", "read", "reveal", "watch"])),
    st.tuples(st.sampled_from(["nodes", "**"]), st.sampled_from(["*", "read", "cordon|drain"])),
    st.tuples(
        st.sampled_from(["pods/log", "pods/exec", "*/exec", "pods/*", "*/*", "*/status", "pods/ephemeralcontainers"]),
        st.just("*"),
    ),
    st.sampled_from(
        [
            ("pods/log", "read"),
            ("pods/exec", "create"),
            ("pods/*", "read"),
            ("*/*", "get|create"),
            ("deployments.apps/scale", "get"),
            ("*/scale", "patch"),
            ("pods/ephemeralcontainers", "get"),
            ("pods/ephemeralcontainers", "write"),
            ("pods/eviction", "create"),
        ]
    ),
)
rows = st.lists(
    st.tuples(
        st.sampled_from(["user:u", "user:u", "service:s", "role:everyone", *groups]),
        st.sampled_from(["*", "prod-*", "prod-eu", "prod-[a-e]*", "dev"]),
        st.sampled_from(["*", "**", "cluster", "payments", "pay*", "c*", "[!p]*"]),
        resources_and_verbs,
        st.sampled_from(["*", "*", "api-*", "api-1", "?pi-[0-4]", "*-2"]),
        windows,
        st.sampled_from(["allow", "allow", "deny"]),
    ).map(lambda row: (*row[:3], row[3][0], row[4], row[3][1], *row[5:])),
    max_size=10,
)
requests = st.tuples(
    st.sampled_from(["prod-eu", "prod-us", "dev"]),
    st.sampled_from(
        [
            *["pods", "deployments.apps", "secrets", "nodes", "widgets.example.com"] * 2,
            *[
                "pods/log",
                "pods/exec",
                "pods/status",
                "pods/ephemeralcontainers",
                "deployments.apps/scale",
                "pods/nonsense",
            ],
        ]
    ),
    st.sampled_from(["", "payments", "platform", "cluster"]),
    st.sampled_from(["api-1", "api-9", "web-2", ""]),
    st.sampled_from([*sorted(KUBERNETES), *OPERATIONS, "watch", "get", "get", "create", "read", "*", "nonsense"]),
)
times = st.integers(0, 7 * 24 * 4).map(
    lambda quarters: datetime(2026, 2, 27, tzinfo=UTC) + timedelta(minutes=15 * quarters)
)
subjects = st.builds(
    Subject,
    st.sampled_from(["user:u", "service:s", "user:stranger"]),
    st.frozensets(st.sampled_from(["team:a", "team:b"]), max_size=1),
)


def build_random(build, rows, memberships):
    policy = "\n".join(", ".join(("p", *row)) for row in rows)
    teams = "\n".join(", ".join(("g", *row)) for row in memberships)
    return build(policy=policy, teams=teams, windows=WINDOWS)


@settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    rows, memberships, subjects, st.lists(requests, min_size=1, max_size=12), st.lists(times, min_size=1, max_size=3)
)
def test_scope_and_enforcer_and_oracle_agree(build, rows, memberships, subject, asked, instants):
    policy = build_random(build, rows, memberships)
    for at in instants:
        scope = policy.scope(subject, at)
        for cluster, resource, namespace, name, verb in asked:
            expected = has_access(rows, memberships, subject, (cluster, resource, namespace, name, verb), at)
            decision = policy.decide(AccessRequest(subject, cluster, resource, namespace, name, verb), at)
            assert scope.allows(cluster, resource, namespace, name, verb) == expected
            assert decision.is_allowed == expected
            request = AccessRequest(subject, cluster, resource, namespace, name, verb)
            assert policy.candidates(request).is_allowed(at) == expected
            if verb == "watch":
                selector = scope.selector(cluster, resource)
                assert selector.allows(namespace, name) == expected
                assert not (selector.all and not expected and resource == "pods")
                assert not expected or (scope.may_see(cluster, resource) and scope.may_see_cluster(cluster))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rows, memberships, subjects, times)
def test_a_scope_is_constant_up_to_its_next_edge(build, rows, memberships, subject, at):
    policy = build_random(build, rows, memberships)
    scope = policy.scope(subject, at)
    edge = policy.next_edge(subject, at)
    assert edge is None or edge > at
    end = min(edge or at + timedelta(days=3), at + timedelta(days=3))
    fresh = build_random(build, rows, memberships)  # without the memo that is under test
    moment = at
    while moment < end:
        assert fresh.scope(subject, moment) == scope
        moment += timedelta(minutes=45)
    assert fresh.scope(subject, end - timedelta(microseconds=1)) == scope


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rows, memberships, subjects, requests, times)
def test_a_decision_changes_by_the_clock_when_it_is_said_to_and_not_before(
    build, rows, memberships, subject, asked, at
):
    policy = build_random(build, rows, memberships)
    change = policy.next_change(AccessRequest(subject, *asked), at)
    was_allowed = has_access(rows, memberships, subject, asked, at)
    moment = at
    while moment < min(change or at + timedelta(days=7), at + timedelta(days=7)):
        assert has_access(rows, memberships, subject, asked, moment) == was_allowed
        moment += timedelta(minutes=30)
    if change is not None:
        assert has_access(rows, memberships, subject, asked, change) != was_allowed
        assert has_access(rows, memberships, subject, asked, change - timedelta(microseconds=1)) == was_allowed


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(rows, st.randoms(use_true_random=False), times)
def test_a_fingerprint_ignores_order_and_repetition_and_subject(build, rows, random, at):
    ours = [("user:u", *row[1:]) for row in rows]
    theirs = [("service:s", *row[1:]) for row in rows] * 2
    random.shuffle(theirs)
    first = build_random(build, ours, []).scope(Subject("user:u"), at)
    second = build_random(build, theirs, []).scope(Subject("service:s"), at)
    assert first.fingerprint == second.fingerprint
    assert first == second and hash(first) == hash(second)
