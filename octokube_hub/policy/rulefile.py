"""Reads p and g rows."""

import difflib
from collections.abc import Mapping

from octokube_hub.policy import globs, subjects, windowtext
from octokube_hub.policy.actions import BadColumn, read_columns
from octokube_hub.policy.csvrows import Fields, split_lines
from octokube_hub.policy.problems import Problem
from octokube_hub.policy.rows import Effect, Membership, Row, Rule
from octokube_hub.policy.windowfile import NamedWindow
from octokube_hub.policy.windows import ALWAYS, Window

_P_FORM = "p, subject, cluster, namespace, resource, name, verbs, window, effect"
_G_FORM = "g, member, team or role[, window]"


class RuleReader:
    """Reads rule files against one set of named windows and keeps everything that is wrong with them."""

    def __init__(self, windows: Mapping[str, NamedWindow]) -> None:
        self.rows: list[Row] = []
        self.memberships: list[Membership] = []
        self.problems: list[Problem] = []
        self.used_windows: set[str] = set()
        self._windows = windows
        self._inline: dict[str, Window] = {}

    def read(self, file: str, text: str) -> None:
        """Adds the rows of one file."""
        lines, problems = split_lines(file, text)
        self.problems.extend(problems)
        for fields in lines:
            kind = fields.fields[0]
            if kind == "p":
                self._read_row(file, fields)
            elif kind == "g":
                self._read_membership(file, fields)
            else:
                self._report(file, fields, f"a row begins with p or g, not {kind!r}; write {_P_FORM}, or {_G_FORM}")

    def _read_row(self, file: str, fields: Fields) -> None:
        columns = fields.fields[1:]
        if len(columns) != 8:
            self._report(file, fields, f"a p row has 9 fields and this has {len(columns) + 1}; write {_P_FORM}")
            return
        subject, cluster, namespace, resource, name, verbs, window_text, effect_text = columns
        faults: list[str] = []
        fault = subjects.find_fault(subject)
        if fault is not None:
            faults.append(fault)
        for column, pattern in (("cluster", cluster), ("namespace", namespace), ("name", name)):
            fault = globs.find_fault(pattern)
            if fault is not None:
                faults.append(f"the {column} cannot be read: {fault}")
        if namespace != namespace.lower():
            faults.append(f"namespaces are in lower case; write {namespace.lower()}")
        effect: Effect = "allow" if effect_text == "allow" else "deny"
        if effect_text not in ("allow", "deny"):
            faults.append(f"the effect is allow or deny, not {effect_text!r}")
        window = self._find_window(window_text, faults)
        try:
            type_pattern, actions = read_columns(resource, verbs, effect)
        except BadColumn as error:
            faults.append(str(error))
        if faults:
            for fault in faults:
                self._report(file, fields, fault)
            return
        rule = Rule(effect, cluster, namespace, type_pattern, name, actions)
        self.rows.append(Row(subject, rule, window, columns, file, fields.line))

    def _read_membership(self, file: str, fields: Fields) -> None:
        columns = fields.fields[1:]
        if len(columns) not in (2, 3):
            self._report(file, fields, f"a g row has 3 or 4 fields and this has {len(columns) + 1}; write {_G_FORM}")
            return
        member, group = columns[:2]
        faults = [fault for name in (member, group) if (fault := subjects.find_fault(name)) is not None]
        if not faults and not group.startswith(("team:", "role:")):
            faults.append(f"{group!r} cannot have members; write a team:NAME or a role:NAME")
        if group == subjects.EVERYONE:
            faults.append(f"everyone is in {subjects.EVERYONE} already; delete this row")
        if member == group:
            faults.append(f"{member!r} is made a member of itself; delete this row")
        window = self._find_window(columns[2], faults) if len(columns) == 3 else ALWAYS
        if faults:
            for fault in faults:
                self._report(file, fields, fault)
            return
        self.memberships.append(Membership(member, group, window, file, fields.line))

    def _find_window(self, text: str, faults: list[str]) -> Window:
        if text.startswith("@"):
            self.used_windows.add(text)
            named = self._windows.get(text)
            if named is not None:
                return named.window
            near = difflib.get_close_matches(text, list(self._windows), n=1, cutoff=0.6)
            hint = f"did you mean {near[0]}?" if near else "define it in windows.yaml"
            faults.append(f"there is no window {text!r}; {hint}")
            return ALWAYS
        window = self._inline.get(text)
        if window is None:
            try:
                window = self._inline[text] = windowtext.read_inline(text)
            except ValueError as error:
                faults.append(f"the window cannot be read: {error}")
                return ALWAYS
        return window

    def _report(self, file: str, fields: Fields, message: str) -> None:
        self.problems.append(Problem(file, fields.line, message))
