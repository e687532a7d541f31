"""One validated revision of the policy: everything that can be asked of it."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal

from octokube_hub.policy.candidates import Candidates, is_about
from octokube_hub.policy.ceiling import Ceiling
from octokube_hub.policy.enforcer import Enforcer
from octokube_hub.policy.memberships import Memberships
from octokube_hub.policy.problems import Problem
from octokube_hub.policy.rows import Membership, Row
from octokube_hub.policy.scope import Scope, intern_scope
from octokube_hub.policy.subjects import AccessRequest, Subject
from octokube_hub.policy.verbs import find_action
from octokube_hub.policy.windows import Window

Reason = Literal["allowed", "denied", "no-rule", "unknown-action", "beyond-token"]
# Subjects with a compiled scope at hand; whoever has not asked for longest is compiled anew when back.
_PLANS = 10_000
_SCOPES = 10_000


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one request. ``row`` decided it: the deny that matched, or an allow; None when none matched, or the
    ceiling of the subject's token did.
    """

    is_allowed: bool
    reason: Reason
    row: Row | None
    revision: str


@dataclass(slots=True)
class _Plan:
    """What a subject may ever be subject to, with the scope of the interval that was asked about last."""

    windows: tuple[Window, ...]
    scope: Scope
    valid_from: datetime
    valid_until: datetime | None

    def is_valid(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


class PolicySet:
    """An immutable set of rows, memberships and windows under one revision.

    All instants are aware; naive ones raise ValueError. Answers depend on the arguments alone: a clock that steps back
    finds what was in force then.
    """

    def __init__(
        self,
        *,
        revision: str,
        commit: str | None = None,
        rows: tuple[Row, ...] = (),
        memberships: tuple[Membership, ...] = (),
        windows: Mapping[str, Window] = MappingProxyType({}),
        warnings: tuple[Problem, ...] = (),
        files: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        self.revision = revision
        """Hash of the files' content, 12 hexadecimal digits."""
        self.commit = commit
        """The git commit when the directory was in git and clean as it was loaded, else None."""
        self.rows = rows
        self.memberships = memberships
        self.windows = windows
        """Named windows by "@name"."""
        self.warnings = warnings
        self.files = files
        """What it was made of, by name."""
        self._graph = Memberships(memberships)
        self._enforcer = Enforcer(rows)
        self._plans: OrderedDict[Subject, _Plan] = OrderedDict()
        by_subject: dict[str, list[Row]] = {}
        for row in rows:
            by_subject.setdefault(row.subject, []).append(row)
        self._rows_of: Mapping[str, tuple[Row, ...]] = {name: tuple(found) for name, found in by_subject.items()}
        self._windows_of: Mapping[str, frozenset[Window]] = {
            name: frozenset(row.window for row in found if not row.window.is_always)
            for name, found in self._rows_of.items()
        }
        self._scopes: dict[tuple[frozenset[str], frozenset[str], Ceiling | None], Scope] = {}
        """By the groups that have rows, the names of those of their rows' windows that are open, and the ceiling."""

    def groups_of(self, subject: Subject, at: datetime) -> frozenset[str]:
        """The subject's name, role:everyone, and every team and role it is in at that instant."""
        return self._graph.of(subject, at)

    def path_to(self, subject: Subject, group: str, at: datetime) -> tuple[Membership, ...]:
        """The shortest chain of memberships by which the subject is in a group; empty when it needs none or is not."""
        return self._graph.path(subject, group, at)

    def scope(self, subject: Subject, at: datetime) -> Scope:
        """What the subject may do at that instant. A dictionary look-up until the subject's next window edge."""
        return self._plan(subject, at).scope

    def next_edge(self, subject: Subject, at: datetime) -> datetime | None:
        """The next instant after ``at`` at which the subject's scope may change by the clock alone; None: never again.

        Guarantee: the scope is constant from ``at`` up to that instant. Only windows that concern the subject count.
        Not guaranteed: that the scope does change there.
        """
        return self._plan(subject, at).valid_until

    def decide(self, request: AccessRequest, at: datetime) -> Decision:
        """The authority's answer, by way of Casbin. Costs with the number of rows; streams use ``scope``."""
        groups = self._graph.of(request.subject, at)
        is_allowed, row = self._enforcer.enforce(request, groups, at)
        reason: Reason = "no-rule"
        if row is not None:
            reason = "allowed" if is_allowed else "denied"
        elif find_action(request.resource, request.verb) is None:
            reason = "unknown-action"
        if is_allowed and not _is_below_ceiling(request):
            return Decision(False, "beyond-token", None, self.revision)
        return Decision(is_allowed, reason, row, self.revision)

    def next_change(self, request: AccessRequest, at: datetime) -> datetime | None:
        """The next instant at which the clock alone turns this decision; None when it does not within 400 days."""

        return self.candidates(request).next_change(at)

    def candidates(self, request: AccessRequest) -> Candidates:
        """The rows that decide the request, now or at other times: none beyond the ceiling of the subject's token."""
        if not _is_below_ceiling(request):
            return self.candidates_of(request.subject, ())
        ever = self._graph.of(request.subject, None)
        rows = [row for name in ever for row in self._rows_of.get(name, ()) if is_about(row.rule, request)]
        return self.candidates_of(request.subject, tuple(sorted(rows, key=lambda row: (row.file, row.line))))

    def candidates_of(self, subject: Subject, rows: tuple[Row, ...]) -> Candidates:
        """The same for rows that the caller has chosen."""
        return Candidates(subject, rows, self._graph)

    def rows_for(self, subject: Subject) -> tuple[Row, ...]:
        """Every row that concerns the subject, now or at other times, in the order of the files.

        Rows of which a ceiling leaves nothing are left out; the others are whole.
        """
        ever = self._graph.of(subject, None)
        rows = [row for name in ever for row in self._rows_of.get(name, ())]
        if subject.ceiling is not None:
            rows = [row for row in rows if subject.ceiling.leaves_any(row.rule)]
        return tuple(sorted(rows, key=lambda row: (row.file, row.line)))

    def _plan(self, subject: Subject, at: datetime) -> _Plan:
        plan = self._plans.get(subject)
        if plan is not None and plan.is_valid(at):
            self._plans.move_to_end(subject)
            return plan
        scope, windows, edge = self._compile(subject, at, plan.windows if plan is not None else None)
        plan = _Plan(windows, scope, at.astimezone(UTC), edge)
        self._plans[subject] = plan
        self._plans.move_to_end(subject)
        if len(self._plans) > _PLANS:
            self._plans.popitem(last=False)
        return plan

    def _scope_of(self, groups: frozenset[str], ceiling: Ceiling | None, at: datetime) -> Scope:
        """The scope of whoever is in these groups: compiled once for all who are in the same ones."""
        names = frozenset(name for name in groups if name in self._rows_of)
        windows = {window for name in names for window in self._windows_of[name] if window.is_open(at)}
        place = (names, frozenset(window.name for window in windows), ceiling)
        scope = self._scopes.get(place)
        if scope is None:
            rules = (
                row.rule
                for name in names
                for row in self._rows_of[name]
                if row.window.is_always or row.window in windows
            )
            scope = intern_scope(rules if ceiling is None else ceiling.narrow(rules))
            if len(self._scopes) >= _SCOPES:
                self._scopes.clear()
            self._scopes[place] = scope
        return scope

    def _compile(
        self, subject: Subject, at: datetime, windows: tuple[Window, ...] | None = None
    ) -> tuple[Scope, tuple[Window, ...], datetime | None]:
        if at.tzinfo is None:
            raise ValueError("policy is asked about an instant without a zone; pass an aware datetime")
        if windows is None:
            ever = self._graph.of(subject, None)
            found = set(self._graph.windows_of(ever))
            for name in ever:
                found.update(self._windows_of.get(name, ()))
            windows = tuple(found)
        scope = self._scope_of(self._graph.of(subject, at), subject.ceiling, at)
        edges = [edge for window in windows if (edge := window.next_edge(at)) is not None]
        return scope, windows, min(edges, default=None)


def _is_below_ceiling(request: AccessRequest) -> bool:
    ceiling = request.subject.ceiling
    return ceiling is None or ceiling.allows(request.cluster, request.resource, request.verb)
