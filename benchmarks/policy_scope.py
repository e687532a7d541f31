"""Measures a compiled scope beside stock ``Enforcer.enforce`` over the same rows.

    python benchmarks/policy_scope.py [--rules 10,100,1000,10000]

Every policy belongs half to one subject (by way of a team) and half to others, as in life. A decision is about one of
1,000 objects; the scope's figure is amortised over 200,000 of them, the memos filled. Casbin is asked as the hub asks
it, about the subject's half; about all rows it takes twice as long.
"""

import argparse
import random
import time
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from octokube_hub.policy import AccessRequest, PolicySet, Subject
from octokube_hub.policy.loading import build_policy
from octokube_hub.policy.sources import Sources

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALICE = Subject("user:alice")


def make_policy(rules: int, seed: int = 1) -> bytes:
    """Rows as operators write them: a team, some namespaces, a name pattern here and there, one deny in twenty."""
    draw = random.Random(seed)
    lines = ["g, user:alice, team:0", "p, team:0, prod-*, ns-1, *, *, read, always, allow"]
    while len(lines) <= rules:
        team = 0 if draw.random() < 0.5 else draw.randint(1, 50)
        namespace = draw.choice([f"ns-{draw.randint(0, 200)}", f"ns-{draw.randint(0, 9)}*"])
        resource = draw.choice(["pods", "deployments.apps", "configmaps", "*", "services"])
        name = draw.choice(["*", "*", f"api-{draw.randint(0, 99)}", f"app-{draw.randint(0, 99)}-*"])
        effect = "deny" if draw.random() < 0.05 else "allow"
        lines.append(
            f"p, team:{team}, prod-{draw.choice('*ab')}, {namespace}, {resource}, {name}, read, always, {effect}"
        )
    return "\n".join(lines).encode()


def measure(rules: int) -> tuple[str, ...]:
    """One line of the table."""
    content = make_policy(rules)
    begin = time.perf_counter()
    policy = build_policy(Sources({"policy.csv": content}, ()))
    load_seconds = time.perf_counter() - begin
    begin = time.perf_counter()
    scope = policy.scope(ALICE, AT)
    compile_seconds = time.perf_counter() - begin
    draw = random.Random(2)
    objects = [
        (
            draw.choice(["prod-a", "prod-b"]),
            "pods",
            f"ns-{draw.randint(0, 200)}",
            f"app-{draw.randint(0, 99)}-x",
            "watch",
        )
        for _ in range(1000)
    ]
    answers = [scope.allows(*item) for item in objects]
    begin = time.perf_counter()
    for _ in range(200):
        for item in objects:
            scope.allows(*item)
    scope_seconds = (time.perf_counter() - begin) / (200 * len(objects))
    return (
        f"{rules:,}",
        f"{load_seconds * 1e3:,.1f}",
        f"{compile_seconds * 1e3:,.2f}",
        f"{scope_seconds * 1e6:.2f}",
        *measure_enforcer(policy, objects, answers, scope_seconds),
    )


def measure_enforcer(
    policy: PolicySet, objects: list[tuple[str, str, str, str, str]], answers: list[bool], scope_seconds: float
) -> tuple[str, str]:
    """The enforcer's cost per decision, and how many times the scope's that is."""
    count = max(5, min(len(objects), 20_000 // max(1, len(policy.rows))))
    begin = time.perf_counter()
    for item, expected in zip(objects[:count], answers, strict=False):
        assert policy.decide(AccessRequest(ALICE, *item), AT).is_allowed == expected
    seconds = (time.perf_counter() - begin) / count
    return f"{seconds * 1e6:,.0f}", f"{seconds / scope_seconds:,.0f}×"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rules", default="10,100,1000", help="sizes of the policy, separated by commas")
    table = Table("rules", "load ms", "compile scope ms", "Scope.allows µs", "Enforcer.enforce µs", "factor")
    for column in table.columns:
        column.justify = "right"
    for rules in parser.parse_args().rules.split(","):
        table.add_row(*measure(int(rules)))
    Console().print(table)


if __name__ == "__main__":
    main()
