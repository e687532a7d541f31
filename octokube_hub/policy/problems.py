"""What is wrong with policy files, in the operator's words."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]
MAX_TOLD = 20
"""Problems of one set that a hub logs and records: a file of another kind has one in each line."""
_MAX_MESSAGE_LENGTH = 500


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to mend: where it is and what to do.

    ``file`` is relative to the policy directory, ``line`` counts from 1 (0: the file as a whole). An *error* keeps the
    set from coming into force; a *warning* says that something is probably not meant as it is written.
    """

    file: str
    line: int
    message: str
    severity: Severity = "error"

    def __post_init__(self) -> None:
        if (
            len(self.message) > _MAX_MESSAGE_LENGTH
        ):  # which quotes the file: some other file, perhaps, by a policy's name
            object.__setattr__(self, "message", f"{self.message[:_MAX_MESSAGE_LENGTH]}…")

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        mark = "" if self.severity == "error" else "warning: "
        return f"{where}: {mark}{self.message}"


class PolicyError(Exception):
    """The set as a whole is refused. ``problems`` holds every error that was found, in file and line order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__(_join(self.problems))


@dataclass(frozen=True, slots=True)
class PolicyAlarm:
    """Says that the files on disk are not what is in force, or that nothing is in force.

    ``is_enforcing_files`` is true when the alarm is about a set that *is* in force (no rule file: nobody sees
    anything).
    """

    problems: tuple[Problem, ...]
    is_enforcing_files: bool = False

    def __str__(self) -> str:
        return _join(self.problems)


def tell(problems: tuple[Problem, ...]) -> list[str]:
    """The first problems as text, and how many more there are."""
    more = len(problems) - MAX_TOLD
    return [*map(str, problems[:MAX_TOLD]), *([f"and {more} more"] if more > 0 else [])]


def _join(problems: tuple[Problem, ...]) -> str:
    return "; ".join(tell(problems))
