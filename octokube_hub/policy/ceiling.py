"""What a token leaves of its bearer's permissions: reading only, some clusters only, or both."""

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from octokube_hub.policy import globs
from octokube_hub.policy.rows import Rule
from octokube_hub.policy.verbs import find_action

READ_ACTIONS = frozenset(
    {"get", "list", "watch", "logs", "status:get", "scale:get", "ephemeralcontainers:get", "resize:get"}
)
"""What changes nothing and runs nothing. To reveal a Secret's value is not among it."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """Narrows, and never grants. ``clusters`` are names, no patterns; empty: all.

    Guarantee: whoever has a subject with a ceiling is allowed exactly what the subject without it is allowed and what
    ``allows`` lets pass, in scopes and in single decisions alike.
    """

    is_read_only: bool = False
    clusters: frozenset[str] = frozenset()

    def allows(self, cluster: str, resource: str, verb: str) -> bool:
        """Whether the ceiling lets a request pass; what does not exist is nobody's to pass."""
        found = find_action(resource, verb)
        if found is None or (self.clusters and cluster not in self.clusters):
            return False
        return not self.is_read_only or found[1] in READ_ACTIONS

    def narrow(self, rules: Iterable[Rule]) -> Iterator[Rule]:
        """What is left of rules. Denies stay whole: they can take away only what is left."""
        for rule in rules:
            if rule.effect == "deny":
                yield rule
                continue
            actions = rule.actions & READ_ACTIONS if self.is_read_only else rule.actions
            if not actions:
                continue
            reduced = dataclasses.replace(rule, actions=actions)
            if not self.clusters:
                yield reduced
            for cluster in sorted(self.clusters):
                if globs.is_match(cluster, rule.cluster):
                    yield dataclasses.replace(reduced, cluster=cluster)

    def leaves_any(self, rule: Rule) -> bool:
        """Whether anything is left of a rule."""
        return any(True for _ in self.narrow((rule,)))

    def __str__(self) -> str:
        parts = ["for reading only"] if self.is_read_only else []
        if self.clusters:
            parts.append(
                f"for {'cluster' if len(self.clusters) == 1 else 'clusters'} {', '.join(sorted(self.clusters))}"
            )
        return f"this token is {' and '.join(parts)}" if parts else "this token is for everything"
