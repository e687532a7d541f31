"""Keeps a type in the hot state that can be listed and not watched: what metrics-server says of pods and nodes."""

from typing import Any

from octokube_agent.reflector.reflector import Reflector

POLLED = frozenset(("pods.metrics.k8s.io", "nodes.metrics.k8s.io"))
"""The only types worth asking for again and again. Others without a watch are no objects, or not read by anybody."""
POLL_SECONDS = 30.0
"""metrics-server itself looks every fifteen."""
OBJECTS_PER_SECOND = 100.0
"""What a large cluster may cost at most: ten thousand pods are asked about every hundred seconds."""


class Poller(Reflector):
    """LIST of one type, for ever. What has gone leaves a tombstone after the next list, as with a reflector."""

    async def _advance(self) -> float:
        await self._list()
        self._version = None
        held = sum(1 for _ in self._hot_state.of_type(self._type))
        return max(POLL_SECONDS, held / OBJECTS_PER_SECOND)

    def _put(self, obj: dict[str, Any]) -> None:
        # A measurement is made anew for each answer: its instant is the one thing of that which is worth telling.
        metadata = obj.get("metadata")
        if isinstance(metadata, dict):
            metadata.pop("creationTimestamp", None)
        super()._put(obj)
