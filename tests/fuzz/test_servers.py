"""Whatever is sent to the hub's server and to the gateway's, by any door, ends its own stream and touches no other."""

import asyncio
import random
from collections.abc import Iterator

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.servers import CALLERS, DOORS, Attack, Servers, read_attack, seeds

pytestmark = pytest.mark.timeout(120)
SEEDS = list(seeds(random.Random(7)))


@pytest.fixture(scope="module")
def running() -> Iterator[tuple[asyncio.Runner, Servers]]:
    with asyncio.Runner() as runner:
        servers = Servers()
        runner.run(servers.start())
        yield runner, servers
        runner.run(servers.close())


def changed(attack: Attack) -> st.SearchStrategy[bytes]:
    """The messages of an attack in another order, again, cut, or with noise between them."""
    whole = st.sampled_from(attack.messages)
    cut = st.builds(lambda message, length: message[:length], whole, st.integers(0, 80))
    mixed = st.builds(lambda message, place, noise: message[:place] + noise + message[place + len(noise) :],
                      whole, st.integers(0, 80), st.binary(min_size=1, max_size=4))  # fmt: skip
    parts = st.lists(st.one_of(whole, cut, mixed, st.binary(max_size=120)), max_size=6)
    return parts.map(lambda messages: Attack(attack.door, attack.caller, tuple(messages)).encode())


def test_every_door_as_every_caller(running: tuple[asyncio.Runner, Servers]) -> None:
    runner, servers = running
    for attack in SEEDS:
        assert read_attack(attack.encode()) == attack
        runner.run(servers.suffer(attack.encode()))
    runner.run(servers.check_bystander())
    assert {(attack.door, attack.caller) for attack in SEEDS} == {(door, who) for door in DOORS for who in CALLERS}
    assert {grpc.StatusCode.OK, grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.INVALID_ARGUMENT} <= servers.endings


def test_whatever_hypothesis_draws(running: tuple[asyncio.Runner, Servers]) -> None:
    runner, servers = running

    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.binary(max_size=300), st.sampled_from(SEEDS).flatmap(changed)))
    def run(content: bytes) -> None:
        runner.run(servers.suffer(content))

    run()
    runner.run(servers.check_bystander())
