"""Remembers what the server has turned out to be able to do."""

from dataclasses import dataclass

from octokube_agent.kube.discovery import ServerVersion

WATCH_LIST_SINCE = (1, 32)
"""Since 1.32 WatchList is on by default in most releases. Older servers ignore the parameter silently and would send
initial events without ever ending them, so the version gates the question; whether the feature is switched on, the
answer says: 422 where it is off, a bookmark that ends the initial events where it is on."""


@dataclass(slots=True)
class Features:
    """Shared by all reflectors of one server: what one learns, the others need not try."""

    has_watch_list: bool = False

    @classmethod
    def of(cls, version: ServerVersion) -> "Features":
        """What a server of this version may be asked for."""
        return cls(has_watch_list=version.is_at_least(*WATCH_LIST_SINCE))
