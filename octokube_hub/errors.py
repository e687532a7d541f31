"""The refusal that every way into the hub can express."""


class Refused(Exception):
    """A request that is answered with a reason instead of a result.

    ``code`` is the name of a gRPC status; ``message`` one sentence that tells the caller nothing they may not know.
    """

    def __init__(self, code: str, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after_seconds = retry_after_seconds


def unauthenticated(message: str = "this token is not valid; sign in again") -> Refused:
    """The token is missing, unknown, expired or revoked. Which of these, the caller is not told."""
    return Refused("UNAUTHENTICATED", message)
