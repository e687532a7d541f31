"""What is wrong with policy files, in the operator's words."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


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

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        mark = "" if self.severity == "error" else "warning: "
        return f"{where}: {mark}{self.message}"


class PolicyError(Exception):
    """The set as a whole is refused. ``problems`` holds every error that was found, in file and line order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = tuple(sorted(problems))
        super().__init__("; ".join(str(problem) for problem in self.problems))


@dataclass(frozen=True, slots=True)
class PolicyAlarm:
    """Says that the files on disk are not what is in force, or that nothing is in force.

    ``is_enforcing_files`` is true when the alarm is about a set that *is* in force (no rule file: nobody sees
    anything).
    """

    problems: tuple[Problem, ...]
    is_enforcing_files: bool = False

    def __str__(self) -> str:
        return "; ".join(str(problem) for problem in self.problems)
