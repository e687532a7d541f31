"""Follows memberships from a subject to every team and role it is in."""

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping
from datetime import datetime

from octokube_hub.policy.problems import Problem
from octokube_hub.policy.rows import Membership
from octokube_hub.policy.subjects import EVERYONE, Subject
from octokube_hub.policy.windows import Window


class Memberships:
    """The graph of all g rows. Immutable."""

    def __init__(self, rows: Iterable[Membership]) -> None:
        groups: dict[str, list[Membership]] = defaultdict(list)
        for row in rows:
            groups[row.member].append(row)
        self._of: Mapping[str, tuple[Membership, ...]] = {name: tuple(found) for name, found in groups.items()}

    def of(self, subject: Subject, at: datetime | None) -> frozenset[str]:
        """The subject's own name, role:everyone, its identity provider's groups and all that these are members of.

        Only memberships whose window is open at ``at`` count; with None all count, open or not: whoever the subject may
        ever be.
        """
        found = {subject.name, EVERYONE, *subject.groups}
        waiting = list(found)
        while waiting:
            for row in self._of.get(waiting.pop(), ()):
                if row.group not in found and (at is None or row.window.is_open(at)):
                    found.add(row.group)
                    waiting.append(row.group)
        return frozenset(found)

    def path(self, subject: Subject, group: str, at: datetime) -> tuple[Membership, ...]:
        """The shortest chain of open memberships that leads from the subject to a group.

        Empty when it needs none (its own name, role:everyone, a group of its identity provider) and when there is none.
        """
        starts = [subject.name, *sorted(subject.groups), EVERYONE]
        came_by: dict[str, Membership | None] = dict.fromkeys(starts)
        waiting = deque(starts)
        while waiting and group not in came_by:
            for row in self._of.get(waiting.popleft(), ()):
                if row.group not in came_by and row.window.is_open(at):
                    came_by[row.group] = row
                    waiting.append(row.group)
        chain: list[Membership] = []
        step = came_by.get(group)
        while step is not None:
            chain.append(step)
            step = came_by[step.member]
        return tuple(reversed(chain))

    def windows_of(self, names: Iterable[str]) -> frozenset[Window]:
        """The windows on the memberships that these names hold directly, ``always`` left out."""
        return frozenset(row.window for name in names for row in self._of.get(name, ()) if not row.window.is_always)

    def find_cycles(self) -> tuple[Problem, ...]:
        """One problem for each membership that closes a cycle."""
        problems: list[Problem] = []
        done: set[str] = set()
        for start in self._of:
            if start in done:
                continue
            # Depth first without recursion: operators may nest as deep as they like.
            path: list[str] = [start]
            on_path = {start}
            branches = [iter(self._of.get(start, ()))]
            while branches:
                row = next(branches[-1], None)
                if row is None:
                    branches.pop()
                    finished = path.pop()
                    on_path.discard(finished)
                    done.add(finished)
                elif row.group in on_path:
                    circle = " → ".join([*path[path.index(row.group) :], row.group])
                    problems.append(Problem(row.file, row.line, f"memberships run in a circle: {circle}; delete one"))
                elif row.group not in done:
                    path.append(row.group)
                    on_path.add(row.group)
                    branches.append(iter(self._of.get(row.group, ())))
        return tuple(problems)
