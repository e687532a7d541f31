"""Checks a policy directory as thoroughly as can be done without a cluster."""

from dataclasses import dataclass
from pathlib import Path

from octokube_hub.policy.lint import find_shadowed
from octokube_hub.policy.loading import load_policy
from octokube_hub.policy.policyset import PolicySet
from octokube_hub.policy.problems import PolicyError, Problem
from octokube_hub.policy.tabletests import read_tables


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. ``policy`` is None when the set would be refused."""

    policy: PolicySet | None
    problems: tuple[Problem, ...]

    @property
    def has_errors(self) -> bool:
        """True when the set, or one of its tables, is invalid."""
        return any(problem.severity == "error" for problem in self.problems)


def check_directory(directory: Path) -> Report:
    """Everything that a hub would refuse or warn about, rows that a deny leaves nothing of, and malformed tables.

    The tables are read here and not run.
    """
    problems: list[Problem] = []
    policy: PolicySet | None = None
    try:
        policy = load_policy(directory)
    except PolicyError as error:
        problems.extend(error.problems)
    else:
        problems.extend(policy.warnings)
        problems.extend(find_shadowed(policy.rows, policy.memberships))
        if not any(row.rule.effect == "allow" for row in policy.rows):
            message = "no row allows anything, so that nobody sees anything; write p rows to policy.csv"
            problems.append(Problem("policy.csv", 0, message, "warning"))
    try:
        read_tables(directory)
    except PolicyError as error:
        problems.extend(error.problems)
    return Report(policy, tuple(sorted(problems)))
