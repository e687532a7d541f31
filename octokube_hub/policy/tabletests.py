"""Reads and runs the table tests that lie beside a policy."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import yaml

from octokube_hub.policy import questions, rows, windowtext
from octokube_hub.policy.policyset import Decision, PolicySet
from octokube_hub.policy.problems import PolicyError, Problem
from octokube_hub.policy.subjects import AccessRequest, Subject

_REQUIRED = ("who", "cluster", "namespace", "resource", "name", "verb", "at", "expect", "why")
_OPTIONAL = ("groups",)


@dataclass(frozen=True, slots=True)
class TableCase:
    """One line of a table: a request, an instant, and the answer it must get."""

    request: AccessRequest
    at: datetime
    is_allow_expected: bool
    why: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the policy answered to a case."""

    case: TableCase
    decision: Decision

    @property
    def is_passed(self) -> bool:
        """True when the answer is the expected one."""
        return self.decision.is_allowed == self.case.is_allow_expected


def read_table(file: str, text: str) -> tuple[TableCase, ...]:
    """The cases of one file, a YAML list of mappings. Raises PolicyError with every malformed case."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        raise PolicyError((Problem(file, line, "this is not YAML; a table is a list of mappings"),)) from error
    if root is None:
        return ()
    if not isinstance(root, yaml.SequenceNode):
        raise PolicyError((Problem(file, 1, "a table is a list; begin each case with a dash"),))
    cases: list[TableCase] = []
    problems: list[Problem] = []
    for node in root.value:
        line = node.start_mark.line + 1
        try:
            cases.append(_read_case(node, file, line))
        except ValueError as error:
            problems.append(Problem(file, line, str(error)))
    if problems:
        raise PolicyError(tuple(problems))
    return tuple(cases)


def read_tables(directory: Path) -> tuple[TableCase, ...]:
    """The cases of all ``tests/*.yaml`` of a policy directory. Raises PolicyError with every malformed one."""
    cases: list[TableCase] = []
    problems: list[Problem] = []
    for path in sorted((directory / "tests").rglob("*")):
        inside = path.relative_to(directory)
        if path.suffix.lower() not in (".yaml", ".yml") or any(part.startswith(".") for part in inside.parts):
            continue
        file = os.fsencode(inside).decode(errors="backslashreplace")
        if path.suffix != ".yaml" or len(inside.parts) != 2:
            problems.append(Problem(file, 0, "this table is never run; name it tests/NAME.yaml"))
            continue
        try:
            cases.extend(read_table(file, path.read_text(encoding="utf-8-sig")))
        except PolicyError as error:
            problems.extend(error.problems)
        except (OSError, UnicodeDecodeError) as error:
            problems.append(Problem(file, 0, f"it cannot be read ({error}); mend or delete it"))
    if problems:
        raise PolicyError(tuple(problems))
    return tuple(cases)


def run_tables(policy: PolicySet, cases: tuple[TableCase, ...]) -> Iterator[Outcome]:
    """What the authority answers to each case."""
    for case in cases:
        yield Outcome(case, policy.decide(case.request, case.at))


def _read_case(node: yaml.Node, file: str, line: int) -> TableCase:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError("a case is a mapping such as { who: user:alice, verb: get, … }")
    values: dict[str, str] = {}
    groups: frozenset[str] = frozenset()
    seen: set[str] = set()
    for key, value in node.value:
        if key.value not in (*_REQUIRED, *_OPTIONAL):
            raise ValueError(f"unknown field {key.value!r}; a case has {', '.join(_REQUIRED)} and, if need be, groups")
        if key.value in seen:
            raise ValueError(f"{key.value!r} is given twice; keep one")
        seen.add(key.value)
        if key.value == "groups":
            if not isinstance(value, yaml.SequenceNode):
                raise ValueError("groups is a list; write groups: [team:NAME]")
            groups = frozenset(str(item.value) for item in value.value)
        elif not isinstance(value, yaml.ScalarNode):
            raise ValueError(f"{key.value!r} takes a single value")
        else:
            values[key.value] = value.value
    missing = [name for name in _REQUIRED if name not in values]
    if missing:
        raise ValueError(f"{' and '.join(missing)} missing")
    if values["expect"] not in ("allow", "deny"):
        raise ValueError(f"expect is allow or deny, not {values['expect']!r}")
    namespace = "" if values["namespace"] == rows.CLUSTER_SCOPED else values["namespace"]
    request = AccessRequest(
        Subject(values["who"], groups), values["cluster"], values["resource"], namespace, values["name"], values["verb"]
    )
    fault = questions.find_fault(request)
    if fault is not None:
        raise ValueError(fault)
    at = windowtext.read_instant(values["at"], None, "since")
    return TableCase(request, at, values["expect"] == "allow", values["why"], file, line)
