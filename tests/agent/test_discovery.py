"""How the server's types are read and chosen."""

from typing import Any

from octokube_agent.kube import errors
from octokube_agent.kube.discovery import ApiType, ServerVersion, discover, types_of_aggregated
from octokube_agent.reflector.features import Features
from octokube_agent.reflector.selecting import select

VERBS = ["get", "list", "watch"]


class FakeClient:
    """Answers from a table; an exception in it is raised."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    async def get_json(self, path: str, query: Any = None, *, accept: str = "") -> Any:
        answer = self._answers[path]
        if isinstance(answer, Exception):
            raise answer
        return answer


def group(name: str, preferred: str, *versions: str) -> dict[str, Any]:
    return {"name": name, "versions": [{"version": v} for v in versions], "preferredVersion": {"version": preferred}}


def resource(name: str, kind: str, verbs: list[str] | None = None) -> dict[str, Any]:
    return {"name": name, "kind": kind, "namespaced": True, "verbs": VERBS if verbs is None else verbs}


async def test_an_old_server_is_asked_group_by_group_and_each_type_is_read_in_its_preferred_version() -> None:
    client = FakeClient(
        {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "groups": [group("batch", "v1", "v1beta1", "v1")]},
            "/api/v1": {"resources": [resource("pods", "Pod"), resource("pods/log", "Pod")]},
            "/apis/batch/v1": {"resources": [resource("jobs", "Job")]},
            "/apis/batch/v1beta1": {"resources": [resource("jobs", "Job"), resource("cronjobs", "CronJob")]},
        }
    )
    found = await discover(client)  # type: ignore[arg-type]
    assert [(item.name, item.version) for item in found.types] == [
        ("cronjobs.batch", "v1beta1"),
        ("jobs.batch", "v1"),
        ("pods", "v1"),
    ]
    assert found.failed_groups == frozenset()


async def test_a_group_that_fails_is_named_and_not_fatal() -> None:
    client = FakeClient(
        {
            "/api": {"kind": "APIVersions", "versions": ["v1"]},
            "/apis": {"kind": "APIGroupList", "groups": [group("metrics.k8s.io", "v1", "v1")]},
            "/api/v1": {"resources": [resource("pods", "Pod")]},
            "/apis/metrics.k8s.io/v1": errors.Unavailable("the backend is down"),
        }
    )
    found = await discover(client)  # type: ignore[arg-type]
    assert [item.name for item in found.types] == ["pods"]
    assert found.failed_groups == {"metrics.k8s.io"}


def test_aggregated_discovery_is_read_and_stale_groups_are_named() -> None:
    document = {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {"name": "apps"},
                "versions": [
                    {
                        "version": "v1",
                        "freshness": "Current",
                        "resources": [
                            {
                                "resource": "deployments",
                                "responseKind": {"kind": "Deployment"},
                                "scope": "Namespaced",
                                "verbs": VERBS,
                                "shortNames": ["deploy"],
                                "singularResource": "deployment",
                                "subresources": [{"subresource": "scale"}],
                            }
                        ],
                    }
                ],
            },
            {"metadata": {"name": "broken.example.com"}, "versions": [{"version": "v1", "freshness": "Stale"}]},
        ],
    }
    types, stale = types_of_aggregated(document)
    assert types == [
        ApiType("deployments", "apps", "v1", "Deployment", True, frozenset(VERBS), ("deploy",), "deployment")
    ]
    assert stale == {"broken.example.com"}


def api_type(plural: str, group: str = "", verbs: frozenset[str] = frozenset(VERBS)) -> ApiType:
    return ApiType(plural, group, "v1", plural.title(), True, verbs)


def test_types_that_cannot_be_watched_are_left_out() -> None:
    assert select([api_type("pods"), api_type("bindings", verbs=frozenset({"create"}))]) == [api_type("pods")]


def test_the_same_objects_are_not_followed_under_two_groups() -> None:
    both = [api_type("events"), api_type("events", "events.k8s.io")]
    assert [item.name for item in select(both)] == ["events"]
    assert [item.name for item in select(both[1:])] == ["events.events.k8s.io"]


def test_excluded_types_are_left_out() -> None:
    assert select([api_type("pods")], {"pods"}) == []


def test_watch_list_is_asked_for_only_from_servers_that_know_it() -> None:
    assert not Features.of(ServerVersion("v1.20.2", 1, 20)).has_watch_list
    assert not Features.of(ServerVersion("v1.31.9", 1, 31)).has_watch_list
    assert Features.of(ServerVersion("v1.33.2", 1, 33)).has_watch_list
