"""LIST: pages of one version, the past, selectors."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube_demo import ApiError, DemoCluster, DemoServer, DemoSettings
from octokube_demo.listing import ListOptions, list_page
from octokube_demo.selectors import label_selector
from tests.demo.conftest import CONFIGMAPS, PODS, Client, configmap, pod


def _fill(cluster: DemoCluster, *names: str) -> None:
    for name in names:
        cluster.store.create("configmaps", configmap(name, x="1"))


def _names(answer: dict[str, list[dict[str, dict[str, str]]]]) -> list[str]:
    return [item["metadata"]["name"] for item in answer["items"]]


async def test_items_come_in_key_order_without_kind_and_the_list_has_a_version(
    client: Client, cluster: DemoCluster
) -> None:
    _fill(cluster, "c", "a", "b")
    _, answer = await client.get("/api/v1/configmaps")
    assert _names(answer) == ["a", "b", "c"]
    assert "kind" not in answer["items"][0]
    assert answer["metadata"]["resourceVersion"] == str(cluster.store.revision)


async def test_pages_are_of_one_version_though_objects_come_change_and_go(client: Client, cluster: DemoCluster) -> None:
    _fill(cluster, "a", "b", "c", "d", "e")
    _, first = await client.get(CONFIGMAPS, limit=2)
    assert _names(first) == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 3
    cluster.store.create("configmaps", configmap("bb"))
    cluster.store.delete("configmaps", "default", "d")
    cluster.store.update("configmaps", "default", "e", configmap("e", x="2"))
    _, second = await client.get(CONFIGMAPS, limit=2, **{"continue": first["metadata"]["continue"]})
    assert _names(second) == ["c", "d"]
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]
    assert second["metadata"]["remainingItemCount"] == 1
    _, last = await client.get(CONFIGMAPS, limit=2, **{"continue": second["metadata"]["continue"]})
    assert [(item["metadata"]["name"], item["data"]) for item in last["items"]] == [("e", {"x": "1"})]
    assert "continue" not in last["metadata"]


async def test_a_continue_token_expires_with_a_compaction_and_offers_a_fresh_one(
    client: Client, cluster: DemoCluster, server: DemoServer
) -> None:
    _fill(cluster, "a", "b", "c")
    _, first = await client.get(CONFIGMAPS, limit=1)
    cluster.store.create("configmaps", configmap("bb"))
    server.faults.compact()
    status, answer = await client.get(CONFIGMAPS, limit=1, **{"continue": first["metadata"]["continue"]})
    assert (status, answer["reason"]) == (410, "Expired")
    _, rest = await client.get(CONFIGMAPS, **{"continue": answer["metadata"]["continue"]})
    assert _names(rest) == ["b", "bb", "c"]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=12), st.integers(1, 4))
def test_any_interleaving_of_writes_leaves_the_pages_of_a_list_as_they_were(
    writes: list[tuple[str, bool]], limit: int
) -> None:
    cluster = DemoCluster(DemoSettings(workload=False))
    _fill(cluster, "b", "d", "e")
    truth = [value["metadata"]["name"] for value in cluster.store.list("configmaps")]
    page = list_page(cluster.store, "configmaps", ListOptions(limit=limit))
    seen, pending = [item["metadata"]["name"] for item in page.items], list(writes)
    while page.continue_token:
        assert page.remaining == len(truth) - len(seen)
        if pending:
            name, is_removal = pending.pop()
            if cluster.store.peek("configmaps", "default", name) is None:
                _fill(cluster, name)
            elif is_removal:
                cluster.store.delete("configmaps", "default", name)
        page = list_page(cluster.store, "configmaps", ListOptions(limit=limit, continue_token=page.continue_token))
        seen += [item["metadata"]["name"] for item in page.items]
    assert seen == truth


async def test_an_exact_version_shows_the_past_and_one_from_the_future_times_out(
    client: Client, cluster: DemoCluster
) -> None:
    _fill(cluster, "a")
    then = cluster.store.revision
    _fill(cluster, "b")
    _, answer = await client.get(CONFIGMAPS, resourceVersion=then, resourceVersionMatch="Exact")
    assert _names(answer) == ["a"]
    _, answer = await client.get(CONFIGMAPS, resourceVersion=then, resourceVersionMatch="NotOlderThan")
    assert _names(answer) == ["a", "b"]
    status, answer = await client.get(CONFIGMAPS, resourceVersion=then + 1000)
    assert (status, answer["details"]["causes"][0]["reason"]) == (504, "ResourceVersionTooLarge")


async def test_an_exact_version_that_is_forgotten_is_gone(
    client: Client, cluster: DemoCluster, server: DemoServer
) -> None:
    then = cluster.store.revision
    _fill(cluster, "a")
    server.faults.compact()
    status, answer = await client.get(CONFIGMAPS, resourceVersion=then, resourceVersionMatch="Exact")
    assert (status, answer["reason"]) == (410, "Expired")
    assert answer["message"] == "The resourceVersion for the provided list is too old."


async def test_version_zero_is_served_whole_whatever_the_limit(client: Client, cluster: DemoCluster) -> None:
    _fill(cluster, "a", "b", "c")
    _, answer = await client.get(CONFIGMAPS, resourceVersion="0", limit=1)
    assert _names(answer) == ["a", "b", "c"]


async def test_senseless_options_are_refused_as_the_real_server_refuses_them(client: Client) -> None:
    status, answer = await client.get(CONFIGMAPS, resourceVersionMatch="NotOlderThan")
    assert status == 422
    assert answer["message"] == (
        'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '
        "resourceVersionMatch is forbidden unless resourceVersion is provided"
    )
    assert (await client.get(CONFIGMAPS, limit="many"))[0] == 400
    assert (await client.get(CONFIGMAPS, **{"continue": "rubbish"}))[0] == 400
    assert (await client.get(CONFIGMAPS, resourceVersion="rubbish"))[0] == 400


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=a", ["one"]),
        ("app==a", ["one"]),
        ("app!=a", ["three", "two"]),
        ("app in (a, b)", ["one", "two"]),
        ("app notin (a,b)", ["three"]),
        ("tier", ["two"]),
        ("!tier", ["one", "three"]),
        ("app=b,tier=web", ["two"]),
        ("app=", ["three"]),
    ],
)
async def test_label_selectors_choose(client: Client, cluster: DemoCluster, selector: str, names: list[str]) -> None:
    labels = {"one": {"app": "a"}, "two": {"app": "b", "tier": "web"}, "three": {"app": ""}}
    for name, found in labels.items():
        value = configmap(name)
        value["metadata"]["labels"] = found
        cluster.store.create("configmaps", value)
    _, answer = await client.get(CONFIGMAPS, labelSelector=selector)
    assert _names(answer) == names


def test_an_unreadable_label_selector_is_a_bad_request() -> None:
    with pytest.raises(ApiError) as caught:
        label_selector("a b c")
    assert caught.value.code == 400


async def test_field_selectors_choose_and_unknown_ones_are_refused(client: Client, cluster: DemoCluster) -> None:
    for name, phase, node in (("a", "Running", "n1"), ("b", "Pending", "n1"), ("c", "Running", "n2")):
        cluster.store.create("pods", {**pod(name, nodeName=node), "status": {"phase": phase}})
    _, answer = await client.get("/api/v1/pods", fieldSelector="status.phase=Running,spec.nodeName=n1")
    assert _names(answer) == ["a"]
    _, answer = await client.get(PODS, fieldSelector="metadata.name!=a")
    assert _names(answer) == ["b", "c"]
    status, answer = await client.get(PODS, fieldSelector="spec.nonsense=1")
    assert (status, answer["message"]) == (400, "field label not supported: spec.nonsense")


async def test_core_events_are_shown_in_the_new_style_too(client: Client, cluster: DemoCluster) -> None:
    about = {"kind": "Pod", "namespace": "default", "name": "p", "uid": "u"}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "default"}}
    cluster.store.create("events", {**event, "involvedObject": about, "reason": "Started", "message": "hello"})
    _, core = await client.get("/api/v1/events", fieldSelector="involvedObject.name=p")
    _, new = await client.get("/apis/events.k8s.io/v1/events", fieldSelector="regarding.name=p")
    assert core["items"][0]["involvedObject"] == new["items"][0]["regarding"]
    assert new["items"][0]["note"] == "hello"


async def test_a_long_list_is_whole_though_it_is_sent_in_parts(client: Client, cluster: DemoCluster) -> None:
    _fill(cluster, *(f"n{number:04d}" for number in range(1201)))
    _, answer = await client.get(CONFIGMAPS)
    assert len(answer["items"]) == 1201
