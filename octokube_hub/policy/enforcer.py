"""Casbin's Enforcer over one set of rows: the authority for single decisions."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

import casbin

from octokube_hub.policy import globs
from octokube_hub.policy.actions import read_columns
from octokube_hub.policy.model import MODEL
from octokube_hub.policy.rows import Row, is_namespace_match
from octokube_hub.policy.subjects import AccessRequest
from octokube_hub.policy.verbs import find_action
from octokube_hub.policy.windows import Window


class Enforcer:
    """Decides one request, deny overriding. Cost grows with the rows of the subject's own groups: not for the hot path.

    Stock ``casbin.Enforcer`` with the model of ``model.py`` and five matcher functions. The rows go in as they were
    written; nothing that scopes are compiled from is used here but the table of actions and the windows. Rows of other
    subjects, which the matcher's ``member`` refuses, are left out before: ten or ten thousand of them cost the same.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        windows: Mapping[str, Window] = {row.columns[6]: row.window for row in rows}
        model = casbin.Model()
        model.load_model_from_text(MODEL)
        self._rows: dict[tuple[str, ...], Row] = {}
        for row in rows:
            self._rows.setdefault(row.columns, row)  # a repeated row decides nothing new
        self._by_subject: dict[str, list[tuple[int, list[str]]]] = {}
        for index, columns in enumerate(self._rows):
            self._by_subject.setdefault(columns[0], []).append((index, list(columns)))
        self._casbin = casbin.Enforcer(model)
        self._lock = threading.Lock()
        """Casbin reads the rows from the model, where each request puts its own."""
        self._casbin.add_function("member", _is_member)
        self._casbin.add_function("glob", globs.is_match)
        self._casbin.add_function("namespace", is_namespace_match)
        self._casbin.add_function("action", _is_action)
        self._casbin.add_function("open", lambda text, at: text in windows and windows[text].is_open(at))

    def enforce(self, request: AccessRequest, groups: frozenset[str], at: datetime) -> tuple[bool, Row | None]:
        """The decision and the row that made it: the deny that matched first, else the allow that matched last."""
        names = groups | {request.subject.name}
        rows = sorted(found for name in names for found in self._by_subject.get(name, ()))
        with self._lock:
            # model.add_policy searches all rows for each, where the distinct ones are known already.
            self._casbin.get_model()["p"]["p"].policy = [columns for _, columns in rows]
            is_allowed, columns = self._casbin.enforce_ex(
                request.subject.name,
                groups,
                request.cluster,
                request.namespace,
                request.resource,
                request.name,
                request.verb,
                at,
            )
        return bool(is_allowed), self._rows[tuple(columns)] if columns else None


def _is_member(subject: str, groups: frozenset[str], wanted: str) -> bool:
    # Casbin evaluates an empty policy once, with empty columns: nobody is the subject "".
    return wanted == subject or wanted in groups


def _is_action(resource: str, verb: str, resource_column: str, verb_column: str, effect: str) -> bool:
    found = find_action(resource, verb)
    if found is None:
        return False
    type_name, action = found
    type_pattern, actions = read_columns(resource_column, verb_column, effect)
    return action in actions and globs.is_match(type_name, type_pattern)
