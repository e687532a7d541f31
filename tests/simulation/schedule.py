"""What happens: a sequence of faults and changes, drawn from a seed."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from tests.simulation.network import Network, Stream
from tests.simulation.objects import SUBSCRIPTIONS, policies
from tests.simulation.world import World

DELAYS = (0.0, 0.0, 0.0, 0.001, 0.01, 0.05, 0.2, 0.2, 1.0, 3.0)
MAX_LENGTH = 40
Step = Callable[[World, random.Random], Awaitable[str]]


async def change(world: World, chance: random.Random) -> str:
    """Objects of a cluster come, change and go."""
    name = chance.choice(list(world.servers))
    return f"{name}: " + ", ".join(world.servers[name].change() for _ in range(chance.choice((1, 1, 2, 5, 12))))


async def disturb(world: World, chance: random.Random) -> str:
    """The next messages of one direction of one stream are lost, repeated or overtaken."""
    stream = _any_stream(world.network, chance)
    if stream is None:
        return "nothing is open"
    fault = chance.choice(("lose", "duplicate", "reorder"))
    # What a subscriber sends has no numbers, and rests on the transport: its loss is that of the connection.
    is_up = stream.kind == "agent" and chance.random() < 0.6
    pipe = stream.up if is_up else stream.down
    count, spared = chance.choice((1, 1, 2, 3)), chance.choice((0, 0, 1, 2, 4, 7))
    pipe.faults.extend([""] * spared + [fault] * count)
    return f"{fault} {count} after {spared} {'>' if is_up else '<'} {stream}"


async def doom(world: World, chance: random.Random) -> str:
    """A connection breaks, and on the one that follows a message near the beginning is lost, repeated or overtaken."""
    streams = list(world.network)
    if not streams:
        return "nothing is open"
    agents = [stream for stream in streams if stream.kind == "agent"]
    stream = chance.choice(agents if agents and chance.random() < 0.6 else streams)
    fault, spared = chance.choice(("lose", "duplicate", "reorder")), chance.randrange(7)
    world.network.doom(stream.kind, [""] * spared + [fault])
    stream.cut()
    return f"{stream}, then {fault} after {spared}"


async def mislead(world: World, chance: random.Random) -> str:
    """A subscriber misses a frame, finds out, and before they are back what they may see has changed."""
    streams = [stream for stream in world.network if stream.kind == "watch"]
    if not streams:
        return "nobody watches"
    stream = chance.choice(streams)
    stream.down.faults.append("lose")
    text = f"{stream}"
    for _ in range(2):
        text += f"; {await change(world, chance)}"
        await asyncio.sleep(chance.choice((0.1, 0.3)))
    event = chance.choice((swap_policy, swap_policy, resubscribe))
    return f"{text}; {await event(world, chance)}"


async def stall(world: World, chance: random.Random) -> str:
    """One direction of a stream moves nothing for a time."""
    stream = _any_stream(world.network, chance)
    if stream is None:
        return "nothing is open"
    seconds = chance.choice((0.3, 1.0, 3.0, 11.0, 40.0))
    is_up = chance.random() < 0.4
    (stream.up if is_up else stream.down).stalled_until = world.loop.time() + seconds
    return f"{'>' if is_up else '<'} {stream} for {seconds:g} s"


async def cut(world: World, chance: random.Random) -> str:
    """A connection breaks."""
    stream = _any_stream(world.network, chance)
    if stream is None:
        return "nothing is open"
    stream.cut()
    return str(stream)


async def isolate(world: World, chance: random.Random) -> str:
    """Somebody's connections break, and new ones don't come about for a while, in which much changes."""
    owner = chance.choice([*world.servers, *(subscriber.person for subscriber in world.subscribers)])
    seconds = chance.choice((0.2, 1.0, 4.0))
    world.network.isolate(owner, world.loop.time() + seconds)
    text = f"{owner} for {seconds:g} s"
    for _ in range(chance.choice((0, 1, 1, 2))):
        text += f"; {await change(world, chance)}"
        await asyncio.sleep(chance.choice(DELAYS[:-1]))
    return text


async def churn(world: World, chance: random.Random) -> str:
    """A cluster changes every moment for a while, whatever else happens."""
    name = chance.choice(list(world.servers))
    count, spacing_seconds = chance.choice((20, 60)), chance.choice((0.0007, 0.004, 0.03))
    world.churn(name, count, spacing_seconds)
    return f"{name} {count} times"


async def half_open(world: World, chance: random.Random) -> str:
    """A connection breaks, and nobody is told."""
    stream = _any_stream(world.network, chance)
    if stream is None:
        return "nothing is open"
    is_up_lost, is_down_lost = chance.choice(((True, True), (True, False), (False, True)))
    stream.open_half(is_up_lost=is_up_lost, is_down_lost=is_down_lost)
    return f"{stream}{' >' if is_up_lost else ''}{' <' if is_down_lost else ''}"


async def restart_agent(world: World, chance: random.Random) -> str:
    """An agent process dies, and another takes its place after a while."""
    name = chance.choice(list(world.servers))
    await world.agents[name].stop()
    if chance.random() < 0.5:
        world.servers[name].change()
        await asyncio.sleep(chance.choice(DELAYS))
    world.start_agent(name)
    return name


async def duplicate_agent(world: World, chance: random.Random) -> str:
    """A second agent of the same cluster begins, or ends."""
    if world.duplicates:
        agent = world.duplicates.pop()
        await agent.stop()
        return f"no longer {agent.cluster}"
    name = chance.choice(list(world.servers))
    world.start_agent(name, is_duplicate=True)
    return name


async def restart_hub(world: World, chance: random.Random) -> str:
    """The hub dies, or stops in order; all it knew of clusters is lost."""
    is_drained = chance.random() < 0.4
    await world.stop_hub(is_drained=is_drained)
    await asyncio.sleep(chance.choice((0.0, 0.1, 2.0)))
    world.start_hub()
    return "drained" if is_drained else "killed"


async def restart_subscriber(world: World, chance: random.Random) -> str:
    """A subscriber's program begins anew; while it is away, life goes on."""
    subscriber = chance.choice(world.subscribers)
    await subscriber.stop()
    text = ""
    for _ in range(chance.choice((0, 0, 1, 2))):
        event = chance.choice((change, change, change, cut, swap_policy))
        text += f", {await event(world, chance)}"
        await asyncio.sleep(chance.choice(DELAYS))
    has_tokens = chance.random() < 0.7
    subscriber.restart(has_tokens=has_tokens)
    return f"{subscriber}{'' if has_tokens else ' with nothing'}{text}"


async def resubscribe(world: World, chance: random.Random) -> str:
    """A subscriber selects something else."""
    subscriber = chance.choice(world.subscribers)
    index = chance.randrange(len(SUBSCRIPTIONS))
    await subscriber.resubscribe(SUBSCRIPTIONS[index])
    return f"{subscriber} {index}"


async def dawdle(world: World, chance: random.Random) -> str:
    """A subscriber becomes slow, or stops to acknowledge."""
    subscriber = chance.choice(world.subscribers)
    subscriber.think_seconds = chance.choice((0.0, 0.05, 0.5, 5.0))
    subscriber.is_acknowledging = subscriber.is_sdk or chance.random() < 0.7
    return f"{subscriber} {subscriber.think_seconds:g} s{'' if subscriber.is_acknowledging else ' without acks'}"


async def wait(world: World, chance: random.Random) -> str:
    """Nothing, for long enough that leases are looked at."""
    await asyncio.sleep(2.0)
    return ""


async def swap_policy(world: World, chance: random.Random) -> str:
    """Another policy comes into force."""
    world.swap_policy(chance.randrange(len(policies())))
    return str(world.policy_index)


async def revoke(world: World, chance: random.Random) -> str:
    """Somebody's token is revoked."""
    subscriber = chance.choice(world.subscribers)
    world.store.revoke(subscriber.token, world.hub_clock.now())
    return str(subscriber)


async def step_clock(world: World, chance: random.Random) -> str:
    """The hub's wall clock is set."""
    seconds = chance.choice((-90.0, -61.0, -1.0, 1.0, 30.0, 61.0, 120.0))
    world.hub_clock.offset_seconds += seconds
    return f"{seconds:+g} s"


async def leave(world: World, chance: random.Random) -> str:
    """An agent's watch of its API server breaks, while the truth goes on."""
    agent = chance.choice(list(world.agents.values()))
    agent.reflector.away_until = world.loop.time() + chance.choice((0.1, 1.0, 4.0))
    agent.reflector.wake()
    for _ in range(chance.choice((0, 1, 3, 20))):
        world.servers[agent.cluster].change()
    return agent.cluster


STEPS: dict[Step, float] = {
    change: 10,
    disturb: 4,
    doom: 2,
    mislead: 1,
    stall: 2,
    cut: 2.5,
    half_open: 1,
    isolate: 2,
    churn: 2,
    restart_agent: 1,
    duplicate_agent: 0.8,
    restart_hub: 1,
    restart_subscriber: 2,
    resubscribe: 1.5,
    dawdle: 1.5,
    swap_policy: 3,
    revoke: 0.7,
    step_clock: 1,
    leave: 1.2,
    wait: 0.5,
}


def _any_stream(network: Network, chance: random.Random) -> Stream | None:
    streams = list(network)
    agents = [stream for stream in streams if stream.kind == "agent"]
    if agents and chance.random() < 0.4:
        return agents[-1]
    return chance.choice(streams) if streams else None
