"""Up to when the copy is current."""

import datetime

from octokube_agent.health import Health


class FakeClock:
    def __init__(self) -> None:
        self.time = datetime.datetime(2026, 11, 23, tzinfo=datetime.UTC)

    def now(self) -> datetime.datetime:
        self.time += datetime.timedelta(seconds=1)
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()


async def test_the_cluster_is_live_once_every_type_has_been_listed_and_the_path_works() -> None:
    health = Health(clock=FakeClock())
    health.loading("pods")
    health.announced()
    assert not health.freshness.is_live
    health.path_ok(FakeClock().now())
    assert health.freshness.reason == "the agent is still loading the cluster"
    health.following("pods")
    assert health.freshness.is_live
    await health.settled()


def test_the_time_stands_still_while_a_type_is_interrupted() -> None:
    clock = FakeClock()
    health = Health(clock=clock)
    health.loading("pods")
    health.announced()
    health.following("pods")
    health.path_ok(clock.now())
    before = health.freshness.as_of
    health.interrupted("pods")
    health.path_ok(clock.now())
    assert health.freshness.as_of == before
    health.following("pods")
    health.path_ok(clock.now())
    assert health.freshness.as_of > before


def test_a_type_that_reports_its_own_trouble_holds_nobody_back() -> None:
    clock = FakeClock()
    health = Health(clock=clock)
    health.loading("pods")
    health.announced()
    health.following("pods")
    health.interrupted("pods")
    health.excused("pods")
    now = clock.now()
    health.path_ok(now)
    assert health.freshness.as_of == now


def test_listeners_hear_of_trouble_and_of_its_end() -> None:
    health = Health(clock=FakeClock())
    health.announced()
    health.path_ok(FakeClock().now())
    reasons: list[str] = []
    health.listen(lambda: reasons.append(health.freshness.reason))
    health.path_failed("no answer")
    health.path_failed("no answer")
    health.path_ok(FakeClock().now())
    assert reasons == ["no answer", ""]


def test_a_type_that_comes_later_does_not_make_the_cluster_stale() -> None:
    health = Health(clock=FakeClock())
    health.announced()
    health.path_ok(FakeClock().now())
    health.loading("widgets.example.com")
    assert health.freshness.is_live
