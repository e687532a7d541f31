"""Holds the Casbin model to the meaning that scopes are compiled from."""

import re

from octokube_hub.policy.problems import Problem

MODEL_FILE = "model.conf"
_SECTIONS = {
    "request_definition": ("r", "sub, groups, cluster, namespace, resource, name, verb, at"),
    "policy_definition": ("p", "sub, cluster, namespace, resource, name, verbs, window, eft"),
    "policy_effect": ("e", "some(where (p.eft == allow)) && !some(where (p.eft == deny))"),
    "matchers": (
        "m",
        "member(r.sub, r.groups, p.sub) && glob(r.cluster, p.cluster) && namespace(r.namespace, p.namespace)"
        " && action(r.resource, r.verb, p.resource, p.verbs, p.eft) && glob(r.name, p.name) && open(p.window, r.at)",
    ),
}
MODEL = "\n\n".join(f"[{section}]\n{key} = {value}" for section, (key, value) in _SECTIONS.items()) + "\n"


def check_model(text: str) -> tuple[Problem, ...]:
    """Everything in which a model.conf differs from the model. Comments, blank lines and spacing are free.

    A model with another effect or matcher would be evaluated for single decisions and not for streams, and could lose a
    deny; so there is exactly one, and the file exists to show it and to run it in stock Casbin tools.
    """
    problems: list[Problem] = []
    missing = dict(_SECTIONS)
    section = ""
    for number, line in _logical_lines(text):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1].strip()
            if section not in _SECTIONS:
                problems.append(Problem(MODEL_FILE, number, f"section [{section}] does not belong here; delete it"))
            continue
        key, _, value = (part.strip() for part in line.partition("="))
        if section not in _SECTIONS:
            continue  # reported with its section
        expected_key, expected = _SECTIONS[section]
        if key == expected_key and section in missing and _squeeze(value) == _squeeze(expected):
            del missing[section]
        else:
            problems.append(Problem(MODEL_FILE, number, _explain(section, expected_key, expected)))
            missing.pop(section, None)
    problems.extend(
        Problem(MODEL_FILE, 0, f"section [{section}] is missing; it must say: {key} = {value}")
        for section, (key, value) in missing.items()
    )
    return tuple(problems)


def _explain(section: str, key: str, value: str) -> str:
    if section == "policy_effect":
        return f"the effect cannot be changed, since any matching deny wins; it must say: {key} = {value}"
    return f"[{section}] cannot be changed; it must say exactly once: {key} = {value}"


def _logical_lines(text: str) -> list[tuple[int, str]]:
    lines: list[tuple[int, str]] = []
    continued = ""
    start = 0
    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        start = start if continued else number
        if line.endswith("\\"):
            continued += line[:-1].strip() + " "
            continue
        lines.append((start, continued + line))
        continued = ""
    if continued:
        lines.append((start, continued.strip()))
    return lines


def _squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)
