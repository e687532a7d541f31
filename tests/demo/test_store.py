"""The store and its history: one counter, shared objects, bounded memory."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octokube_demo import ApiError, DemoCluster, DemoSettings
from octokube_demo.history import Change
from octokube_demo.listing import ListOptions, list_page
from tests.demo.conftest import configmap


def test_every_change_gets_the_next_revision_whatever_its_type(cluster: DemoCluster) -> None:
    seen: list[int] = []
    cluster.store.on_change(lambda change: seen.append(change.revision))
    start = cluster.store.revision
    cluster.store.create("configmaps", configmap("a"))
    cluster.store.create("secrets", {**configmap("a"), "kind": "Secret"})
    cluster.store.update("configmaps", "default", "a", configmap("a", x="1"))
    cluster.store.delete("secrets", "default", "a")
    assert seen == [start + 1, start + 2, start + 3, start + 4]


def test_what_is_read_is_a_copy_and_what_was_seen_stays(cluster: DemoCluster) -> None:
    changes: list[Change] = []
    cluster.store.on_change(changes.append)
    given_object = configmap("a", x="1")
    cluster.store.create("configmaps", given_object)
    given_object["data"]["x"] = "tampered"
    read = cluster.store.get("configmaps", "default", "a")
    assert read is not None
    read["data"]["x"] = "tampered"
    cluster.store.update("configmaps", "default", "a", lambda value: value["data"].update(x="2"))
    assert [change.value["data"]["x"] for change in changes] == ["1", "2"]
    assert changes[1].previous is changes[0].value


def test_missing_and_taken_keys_are_refused(cluster: DemoCluster) -> None:
    cluster.store.create("configmaps", configmap("a"))
    for refused in (
        lambda: cluster.store.create("configmaps", configmap("a")),
        lambda: cluster.store.update("configmaps", "default", "b", configmap("b")),
        lambda: cluster.store.delete("deployments.apps", "default", "b"),
    ):
        with pytest.raises(ApiError):
            refused()


_STEP = st.tuples(st.sampled_from(["create", "update", "delete"]), st.sampled_from("abcd"))


@given(st.lists(_STEP, max_size=25))
def test_any_past_within_the_history_can_be_read_again(steps: list[tuple[str, str]]) -> None:
    cluster = DemoCluster(DemoSettings(workload=False))
    store = cluster.store
    truth: dict[int, list[tuple[str, str]]] = {}
    for number, (step, name) in enumerate(steps):
        exists = store.peek("configmaps", "default", name) is not None
        if step == "create" and not exists:
            store.create("configmaps", configmap(name, x=str(number)))
        elif step == "update" and exists:
            store.update("configmaps", "default", name, configmap(name, x=str(number)))
        elif step == "delete" and exists:
            store.delete("configmaps", "default", name)
        truth[store.revision] = [(one["metadata"]["name"], one["data"]["x"]) for one in store.list("configmaps")]
    for revision, expected in truth.items():
        page = list_page(store, "configmaps", ListOptions(resource_version=str(revision), match="Exact"))
        assert [(one["metadata"]["name"], one["data"]["x"]) for one in page.items] == expected


async def test_a_cancelled_reader_leaves_nothing_behind(cluster: DemoCluster) -> None:
    history = cluster.store.table("configmaps").history
    waiting = asyncio.ensure_future(history.wait(history.end))
    await asyncio.sleep(0)
    assert len(history._waiters) == 1
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert history._waiters == []
