"""Holds how much of a gateway its people, and strangers, may take."""

from dataclasses import dataclass

from octokube.runtime.limits import check_limits, limit


@dataclass(frozen=True, slots=True, kw_only=True)
class WebLimits:
    """Every limit that can be set. A page has one socket; all people behind one proxy have one address.

    Who waits has shown a token or a session that the hub has not answered for yet. A stranger's request is one
    without a session.
    """

    person_socket_limit: int = limit(256, "Sockets that one person may have open.")
    socket_limit: int = limit(10_000, "Sockets that all people together may have open.")
    waiting_socket_limit: int = limit(2_000, "Sockets that may wait for the hub to say whose they are.")
    address_waiting_limit: int = limit(1_000, "The same, of one address.")
    stranger_requests_per_second: float = limit(500.0, "Requests without a session, of one address, after the burst.")
    stranger_requests_burst: int = limit(2_000, "Requests without a session, of one address, at once.")

    def check(self) -> None:
        """Raises UserError, one sentence, for the first limit that can't work."""
        check_limits(self)
