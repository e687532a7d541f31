"""What an event means, given what is held."""

from typing import Any

import pytest

from octokube.state import EncodedObject, Key, Stored
from octokube_agent.kube import errors
from octokube_agent.reflector import tracking
from octokube_agent.reflector.tracking import Failed, Ignored, Progress, Put, Remove


def obj(version: str, uid: str = "u1") -> dict[str, Any]:
    return {"metadata": {"name": "a", "namespace": "n", "uid": uid, "resourceVersion": version}}


def held(version: str, uid: str = "u1") -> Stored[EncodedObject]:
    return Stored(Key("pods", "n", "a", uid), 1, EncodedObject(version, b"", b"", b""))


def test_a_newer_state_is_put() -> None:
    assert tracking.decide("pods", {"type": "MODIFIED", "object": obj("5")}, held("4")) == Put(obj("5"), "5")


def test_an_object_never_goes_back_to_an_older_state() -> None:
    assert tracking.decide("pods", {"type": "MODIFIED", "object": obj("9")}, held("10")) == Ignored("9")


def test_a_successor_with_another_uid_is_put_whatever_its_version() -> None:
    assert isinstance(tracking.decide("pods", {"type": "ADDED", "object": obj("3", "u2")}, held("10")), Put)


def test_the_deletion_of_a_predecessor_does_not_remove_its_successor() -> None:
    event = {"type": "DELETED", "object": obj("5", "u1")}
    assert tracking.decide("pods", event, held("6", "u2")) == Ignored("5")
    assert tracking.decide("pods", event, held("4", "u1")) == Remove(held("4").key, "5")
    assert tracking.decide("pods", event, None) == Ignored("5")


def test_a_bookmark_is_progress_and_may_end_the_initial_events() -> None:
    plain = {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": "7"}}}
    assert tracking.decide("pods", plain, None) == Progress("7")
    end = {
        "type": "BOOKMARK",
        "object": {"metadata": {"resourceVersion": "7", "annotations": {tracking.INITIAL_EVENTS_END: "true"}}},
    }
    assert tracking.decide("pods", end, None) == Progress("7", is_initial_end=True)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"code": 410, "reason": "Expired"}, errors.Gone),
        ({"reason": "Gone"}, errors.Gone),
        ({"code": 504, "reason": "Timeout"}, errors.Unavailable),
        ({"code": 429, "details": {"retryAfterSeconds": 3}}, errors.Throttled),
        ({}, errors.Unavailable),
    ],
)
def test_an_error_event_becomes_a_typed_error(status: dict[str, Any], expected: type[errors.KubeError]) -> None:
    decision = tracking.decide("pods", {"type": "ERROR", "object": status}, None)
    assert isinstance(decision, Failed)
    assert isinstance(decision.error, expected)
    assert decision.error.retry_after_seconds == (3 if expected is errors.Throttled else None)


@pytest.mark.parametrize(
    "event", [None, [], {}, {"type": "ADDED"}, {"type": 1, "object": {}}, {"type": "NEW", "object": {}}]
)
def test_what_is_no_event_is_refused_without_quoting_it(event: Any) -> None:
    with pytest.raises(errors.Malformed):
        tracking.decide("pods", event, None)


def test_only_numbers_are_compared() -> None:
    assert tracking.is_older("9", "10")
    assert not tracking.is_older("10", "9")
    assert not tracking.is_older("a", "b")
    assert tracking.newest("9", "10") == tracking.newest("10", "9") == "10"


def test_what_a_list_lacks_has_vanished() -> None:
    assert tracking.vanished([held("1")], {("n", "b")}) == [held("1").key]
    assert tracking.vanished([held("1")], {("n", "a")}) == []
