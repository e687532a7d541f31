"""Reads the resource and verbs columns of a row into a type pattern plus the exact actions they stand for."""

import difflib
from functools import lru_cache

from octokube_hub.policy import globs, kinds, verbs

_WORDS = (*verbs.KUBERNETES_VERBS, *verbs.VERB_SETS, *verbs.OPERATIONS)


class BadColumn(ValueError):
    """A column that cannot be understood. The text says why and what to write."""


@lru_cache(maxsize=16_384)
def read_columns(resource: str, verb_column: str, effect: str) -> tuple[str, frozenset[str]]:
    """The type pattern and the actions of a row. Raises BadColumn.

    Four forms of resource, and what a verb means on each:

    - ``pods``, ``*.apps``, ``*``: the objects themselves. Kubernetes verbs and operations by name; ``*`` is every
      Kubernetes verb and no operation.
    - ``pods/status``, ``*/exec``: one subresource. Kubernetes verbs that it has; ``*`` is all of those.
    - ``pods/*``: every subresource. Kubernetes verbs on those that are no operation; ``*`` is all, operations included.
    - ``**``: every type with every subresource, as the sum of the above; ``*`` is everything.

    In a deny row, ``*`` on a type is everything that can be done to it, operations and subresources included: a deny is
    read broadly, an allow narrowly.
    """
    if resource == "**":
        return "*", _read_everything(verb_column)
    type_pattern, slash, subresource = resource.partition("/")
    _check_type(type_pattern)
    if slash:
        return type_pattern, _read_subresource(type_pattern, subresource, verb_column)
    if verb_column == "*":
        return type_pattern, verbs.EVERY_ACTION if effect == "deny" else frozenset(verbs.KUBERNETES_VERBS)
    found: set[str] = set()
    for word in _split(verb_column):
        operation = verbs.OPERATIONS.get(word)
        if operation is None:
            found.update(verbs.VERB_SETS.get(word, (word,)))
            continue
        if operation.types is not None and not any(globs.is_match(name, type_pattern) for name in operation.types):
            raise BadColumn(f"{word!r} exists on {_join(operation.types)} only, not on {type_pattern!r}")
        found.add(word)
    return type_pattern, frozenset(found)


def _read_everything(verb_column: str) -> frozenset[str]:
    if verb_column == "*":
        return verbs.EVERY_ACTION
    found: set[str] = set()
    for word in _split(verb_column):
        for verb in verbs.VERB_SETS.get(word, (word,)):
            found.add(verb)
            found.update(verbs.PLAIN_SUBRESOURCE_ACTIONS.get(verb, ()))
    return frozenset(found)


def _read_subresource(type_pattern: str, name: str, verb_column: str) -> frozenset[str]:
    if name == "*":
        if verb_column == "*":
            return verbs.SUBRESOURCE_ACTIONS
        found: set[str] = set()
        for word in _split(verb_column):
            _refuse_operation(word, type_pattern)
            for verb in verbs.VERB_SETS.get(word, (word,)):
                found.update(verbs.PLAIN_SUBRESOURCE_ACTIONS[verb])
        if not found:
            raise BadColumn(f"no subresource answers to {verb_column!r}")
        return frozenset(found)
    known = verbs.SUBRESOURCES.get(name)
    if known is None:
        raise BadColumn(f"there is no subresource {name!r}{_suggest(name, verbs.SUBRESOURCES)}")
    if known.types is not None and not any(globs.is_match(type_name, type_pattern) for type_name in known.types):
        raise BadColumn(f"{name!r} is a subresource of {_join(known.types)}, not of {type_pattern!r}")
    if verb_column == "*":
        return frozenset(verbs.action_of_pair(name, verb) for verb in known.verbs)
    found = set()
    for word in _split(verb_column):
        _refuse_operation(word, type_pattern)
        present = [verb for verb in verbs.VERB_SETS.get(word, (word,)) if verb in known.verbs]
        if not present:
            raise BadColumn(f"{type_pattern}/{name} does not answer to {word!r}; it knows {' and '.join(known.verbs)}")
        found.update(verbs.action_of_pair(name, verb) for verb in present)
    return frozenset(found)


def _split(verb_column: str) -> list[str]:
    words = [word.strip() for word in verb_column.split("|")]
    for word in words:
        if word == "*":
            raise BadColumn("'*' means every verb by itself; write it alone")
        if word not in _WORDS:
            shown = f"unknown verb {word!r}" if word else "an empty verb"
            raise BadColumn(f"{shown} in {verb_column!r}{_suggest(word, _WORDS)}")
    return words


def _refuse_operation(word: str, type_pattern: str) -> None:
    if word in verbs.OPERATIONS:
        raise BadColumn(f"{word!r} is said of the type; write {type_pattern} with {word}")


def _check_type(pattern: str) -> None:
    fault = globs.find_fault(pattern)
    if fault is not None:
        raise BadColumn(f"the resource cannot be read: {fault}")
    if pattern != pattern.lower():
        raise BadColumn(f"types are written as Kubernetes plurals in lower case; write {pattern.lower()}")
    if globs.is_literal(pattern):
        fault = kinds.find_fault(pattern)
        if fault is not None:
            raise BadColumn(fault)


def _suggest(word: str, known: object) -> str:
    near = difflib.get_close_matches(word, [str(name) for name in known], n=1, cutoff=0.6)  # type: ignore[attr-defined]
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(str(name) for name in known)}"  # type: ignore[attr-defined]


def _join(names: frozenset[str]) -> str:
    return " and ".join(sorted(names))
