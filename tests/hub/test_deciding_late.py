"""Decisions whose record takes a while: what has changed meanwhile counts."""

from collections.abc import Callable

import pytest

from octokube.client.feed import FeedError
from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_hub.app import Hub
from octokube_hub.broker.deciding import Decider
from octokube_hub.policy import AccessRequest, Ceiling, PolicySet, Subject
from octokube_hub.store import AuditEntry, AuditLog
from tests.hub.clocks import FakeClock
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key
from tests.policy.conftest import build_from_texts

ALLOW = "p, user:alice, demo, a, pods, *, get, {window}, allow\n"
POD = AccessRequest(Subject("user:alice"), "demo", "pods", "a", "x", "get")


class SlowLog:
    """Something happens while the first record is on its way to the disk."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        self.entries: list[AuditEntry] = []
        self._meanwhile = meanwhile

    async def record(self, entry: AuditEntry) -> int:
        self.entries.append(entry)
        if len(self.entries) == 1:
            self._meanwhile()
        return len(self.entries)


def decider(policies: list[PolicySet], clock: FakeClock, log: SlowLog) -> Decider:
    return Decider(lambda: policies[-1], log, clock)  # type: ignore[arg-type]


async def test_an_edit_during_the_recording_turns_the_decision_and_is_recorded() -> None:
    policies = [build_from_texts(policy=ALLOW.format(window="always"))]
    edited = build_from_texts(policy=ALLOW.format(window="always").replace("allow", "deny"))
    log = SlowLog(lambda: policies.append(edited))
    decision = await decider(policies, FakeClock(), log).decide(POD, "get")
    assert (decision.is_allowed, decision.revision) == (False, edited.revision)
    assert [(e.outcome, e.policy_revision) for e in log.entries] == [
        ("allowed", policies[0].revision),
        ("denied", edited.revision),
    ]


async def test_a_window_that_closes_during_the_recording_counts_and_each_record_has_its_own_instant() -> None:
    clock = FakeClock("2026-11-23T09:59:59+00:00")
    log = SlowLog(lambda: clock.advance(2))
    policies = [build_from_texts(policy=ALLOW.format(window="daily 09:00-10:00 UTC"))]
    assert not (await decider(policies, clock, log).decide(POD, "get")).is_allowed
    assert [(e.outcome, e.at.strftime("%H:%M:%S")) for e in log.entries] == [
        ("allowed", "09:59:59"),
        ("denied", "10:00:01"),
    ]


async def test_what_begins_is_recorded_once_and_checked_by_whoever_runs_it() -> None:
    policies = [build_from_texts(policy=ALLOW.format(window="always"))]
    log = SlowLog(lambda: policies.append(build_from_texts()))
    assert (await decider(policies, FakeClock(), log).decide(POD, "get", begins="o1")).is_allowed
    assert [e.begins for e in log.entries] == ["o1"]


async def test_what_a_token_does_not_reach_is_no_question_to_another_policy() -> None:
    for policy, text in (("", "no-rule"), (ALLOW.format(window="always"), "beyond-token")):
        log = SlowLog(lambda: None)
        limited = AccessRequest(
            Subject("user:alice", ceiling=Ceiling(clusters=frozenset({"prod"}))), "demo", "pods", "a", "x", "get"
        )
        decision = await decider([build_from_texts(policy=policy)], FakeClock(), log).decide(limited, "get")
        assert decision.reason == text
        assert log.entries[0].question is None


async def test_a_token_that_ends_while_a_read_waits_for_its_record_gets_no_answer(
    hub: Hub, agent: FakeAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    agent.put(key("pods", "red", "web"))
    await agent.connect()
    secret = await hub.create_token("user:alice")
    asked = pb.GetObjectRequest(cluster="c1", key=resource_pb2.Key(type="pods", namespace="red", name="web"))
    assert b"web" in await hub.feed.get_object(secret, asked.SerializeToString())
    record = AuditLog.record

    async def revoked_meanwhile(log: AuditLog, entry: AuditEntry) -> int:
        for token in await hub._tokens.list():
            hub._token_leases.revoke(token.id)
        return await record(log, entry)

    monkeypatch.setattr(AuditLog, "record", revoked_meanwhile)
    with pytest.raises(FeedError, match="not valid any more"):
        await hub.feed.get_object(secret, asked.SerializeToString())
