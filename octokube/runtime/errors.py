"""The error that a person can act on."""


class UserError(Exception):
    """Something the person at the keyboard can mend. Its text is one sentence: what, where, and what to do next.

    The command line prints it without a traceback and exits with ``exit_code``.
    """

    def __init__(self, message: str, *, exit_code: int = 2) -> None:
        super().__init__(message)
        self.exit_code = exit_code
