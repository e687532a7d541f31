"""Tells from what came on a stream whether the object that comes and goes is visible on it."""

from octokube.v1 import cluster_service_pb2 as pb
from octokube.v1 import frame_pb2
from tests.failure_modes.policies import HIDDEN
from tests.failure_modes.streams import KINDS, Doors, Tap, decoded
from tests.hub.fake_agent import FakeAgent
from tests.hub.objects import key


async def opened(doors: Doors, token: str) -> list[Tap]:
    """A stream of every kind, with what is kept on it."""
    taps = [await doors.open(kind, token) for kind in KINDS]
    for tap in taps:
        await tap.until(lambda tap: b"kept" in tap.since(0))
    return taps


async def two_objects(agent: FakeAgent) -> None:
    """One that everybody may see, and one that comes and goes."""
    agent.put(key("pods", "kept", "web"))
    agent.put(key("pods", "vault", "web"))
    await agent.connect()


def shows(tap: Tap, since: float, *, is_visible: bool) -> bool:
    """Whether what came since then says that the object is visible now, or is not."""
    fresh = [message for at, message in tap.received if at > since]
    if tap.kind.startswith("watch_catalog"):
        return bool(fresh) and (HIDDEN in fresh[-1]) == is_visible
    return any(HIDDEN in message for message in fresh)


async def seen_by_all(taps: list[Tap], since: float, *, is_visible: bool) -> float:
    """The seconds until the last of the streams has shown it."""
    seen = [await tap.until(lambda tap: shows(tap, since, is_visible=is_visible)) for tap in taps]
    return max(seen) - since


def frames(tap: Tap, since: float) -> list[frame_pb2.Frame]:
    """The frames of a Watch stream since then."""
    found = []
    for at, message in tap.received:
        response = decoded(tap.kind, message)
        if at > since and isinstance(response, pb.WatchResponse) and response.HasField("frame"):
            found.append(response.frame)
    return found
