"""Tells an agent's times by the hub's clock."""


class AgentClock:
    """Estimates how far an agent's clock is off from the hub's, from frames alone.

    A frame of a live agent says how current the agent was, at a moment shortly before the hub received it; the smallest
    difference ever seen in a session is therefore the clocks' difference plus the shortest way. Only live frames teach
    it anything: an agent that has lost its apiserver repeats an old time, which is no error of its clock.

    Guarantee: a translated time is never later than its reception, and grows with the agent's time. It may be too late
    by the shortest delay of the session, which is the network's.
    """

    def __init__(self) -> None:
        self._offset_seconds: float | None = None

    def translate(self, as_of_seconds: float, received_seconds: float, *, is_live: bool) -> float:
        """An agent's time in Unix seconds, by the hub's clock."""
        difference_seconds = received_seconds - as_of_seconds
        if is_live and (self._offset_seconds is None or difference_seconds < self._offset_seconds):
            self._offset_seconds = difference_seconds
        offset_seconds = self._offset_seconds if self._offset_seconds is not None else 0.0
        return min(received_seconds, as_of_seconds + offset_seconds)
