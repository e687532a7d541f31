"""Holds how much of the hub its people may take, each and all together."""

from dataclasses import dataclass

from octokube.runtime.errors import UserError
from octokube.runtime.limits import check_limits, limit


@dataclass(frozen=True, slots=True, kw_only=True)
class HubLimits:
    """Every limit that can be set. A stream is one of Watch or WatchCatalog: a page has about four open.

    The defaults let a thousand people have twenty streams each. Gateways, agents and programs have one connection each
    as a rule. Calls are of every kind, streams among them, and of those who have not said who they are, too.
    """

    person_stream_limit: int = limit(1_000, "Streams that one person may have open.")
    stream_limit: int = limit(50_000, "Streams that all people together may have open.")
    person_opens_per_second: float = limit(50.0, "Streams a second that one person may open after the burst.")
    person_opens_burst: int = limit(500, "Streams that one person may open at once.")
    opens_per_second: float = limit(500.0, "Streams a second that all together may open after the burst.")
    opens_burst: int = limit(2_000, "Streams that all together may open at once.")
    connection_limit: int = limit(10_000, "Connections to each port.")
    call_limit: int = limit(60_000, "Calls of all kinds in progress, streams among them.")
    message_limit_bytes: int = limit(
        16 * 1024 * 1024, "The largest message taken in; an agent's holds one object at least."
    )

    def check(self) -> None:
        """Raises UserError, one sentence, for the first limit that can't work."""
        check_limits(self)
        if self.call_limit <= self.stream_limit:
            raise UserError("--call-limit has to be above --stream-limit, since streams are calls, too")
