"""Reads label selectors, and asks encoded objects whether theirs are selected.

The language is that of Kubernetes (``k8s.io/apimachinery/pkg/labels``, what kubectl's ``-l`` takes).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from octokube_hub.fanout import document

MAX_LENGTH = 1024
MAX_NAME = 63
MAX_PREFIX = 253

_NAME = re.compile(r"[A-Za-z0-9](?:[-_.A-Za-z0-9]*[A-Za-z0-9])?")
_PREFIX = re.compile(r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*")
_TOKEN = re.compile(r"\s*(?:(==|!=|=|!|<|>|\(|\)|,)|([^\s=!<>(),]+))")
_COMPARING = {"=": "=", "==": "=", "!=": "!=", "<": "<", ">": ">"}


class BadLabelSelector(ValueError):
    """The text is no label selector. Its own text says where, and what was expected."""


@dataclass(frozen=True, slots=True, order=True)
class Requirement:
    """What one label has to be. ``operator``: "=", "!=", "in", "notin", "exists", "!", "<" or ">"."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def is_met(self, labels: Mapping[str, object]) -> bool:
        """Whether these labels meet it. A label that is not there is unlike every value, as in Kubernetes."""
        value = labels.get(self.key)
        if self.operator in ("!=", "notin"):
            return value not in self.values
        if self.operator == "!":
            return value is None
        if not isinstance(value, str):
            return False
        if self.operator == "exists":
            return True
        if self.operator in ("=", "in"):
            return value in self.values
        return _is_number(value) and (
            int(value) < int(self.values[0]) if self.operator == "<" else int(value) > int(self.values[0])
        )

    @property
    def is_met_without(self) -> bool:
        """Whether an object that lacks the label meets it."""
        return self.operator in ("!=", "notin", "!")


class LabelSelector:
    """Requirements, all of which an object has to meet. Equal selectors are equal however they were written."""

    __slots__ = ("_keys", "requirements")

    def __init__(self, requirements: tuple[Requirement, ...]) -> None:
        self.requirements = requirements
        self._keys = tuple((one, b'"' + one.key.encode() + b'":') for one in requirements)

    def is_met_by(self, body: bytes) -> bool:
        """Whether an encoded body (see ``EncodedObject``) has labels that are selected.

        Most are told apart without being parsed: a label whose key is nowhere in the text is not there.
        """
        is_open = False
        for requirement, word in self._keys:
            if word in body:
                is_open = True
            elif not requirement.is_met_without:
                return False
        if not is_open:
            return True
        labels = document.labels(document.read(body))
        return all(requirement.is_met(labels) for requirement in self.requirements)


@lru_cache(maxsize=256)
def read_label_selector(text: str) -> LabelSelector | None:
    """Reads a selector; None for an empty one, which selects everything. Raises BadLabelSelector."""
    if len(text) > MAX_LENGTH:
        raise BadLabelSelector(f"a label selector has at most {MAX_LENGTH} characters, and this one {len(text)}")
    tokens = _tokens(text)
    if len(tokens) == 1:
        return None
    return LabelSelector(tuple(sorted(set(_requirements(tokens)))))


_END = ""
_Tokens = list[tuple[str, int]]
"""Each with the place, from 1, at which it stands; the end is an empty one."""


def _tokens(text: str) -> _Tokens:
    found: _Tokens = []
    at = 0
    while (match := _TOKEN.match(text, at)) is not None:
        found.append((match[1] or match[2], match.start(match.lastindex or 0) + 1))
        at = match.end()
    found.append((_END, len(text) + 1))
    return found


def _requirements(tokens: _Tokens) -> list[Requirement]:
    found: list[Requirement] = []
    rest = tokens
    while True:
        requirement, rest = _requirement(rest)
        found.append(requirement)
        word, at = rest[0]
        if word == _END:
            return found
        if word != ",":
            raise BadLabelSelector(f"a comma or the end is expected at {at}, and there is {word!r}")
        rest = rest[1:]


def _requirement(tokens: _Tokens) -> tuple[Requirement, _Tokens]:
    (word, at), rest = tokens[0], tokens[1:]
    if word == "!":
        (key, at), rest = rest[0], rest[1:]
        return Requirement(_key(key, at), "!"), rest
    key = _key(word, at)
    word, at = rest[0]
    if word in (_END, ","):
        return Requirement(key, "exists"), rest
    rest = rest[1:]
    if word in ("in", "notin"):
        values, rest = _values(rest)
        return Requirement(key, word, tuple(sorted(set(values)))), rest
    if word not in _COMPARING:
        raise BadLabelSelector(f"=, !=, in, notin, a comma or the end is expected at {at}, and there is {word!r}")
    operator = _COMPARING[word]
    (value, at) = rest[0]
    if value in (_END, ",") and operator in ("=", "!="):
        return Requirement(key, operator, ("",)), rest
    value = _value(value, at)
    if operator in "<>" and not _is_number(value):
        raise BadLabelSelector(f"{operator} compares with a whole number, and at {at} there is {value!r}")
    return Requirement(key, operator, (value,)), rest[1:]


def _values(tokens: _Tokens) -> tuple[list[str], _Tokens]:
    """What stands in brackets. An empty place is the empty value."""
    word, at = tokens[0]
    if word != "(":
        raise BadLabelSelector(f"( is expected at {at}, as in: env in (a, b)")
    rest = tokens[1:]
    found: list[str] = []
    while True:
        word, at = rest[0]
        if word in (",", ")"):
            found.append("")
        else:
            found.append(_value(word, at))
            rest = rest[1:]
            word, at = rest[0]
        rest = rest[1:]
        if word == ")":
            return found, rest
        if word != ",":
            raise BadLabelSelector(f"a comma or ) is expected at {at}, as in: env in (a, b)")


def _key(text: str, at: int) -> str:
    prefix, slash, name = text.rpartition("/")
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise BadLabelSelector(f"a label's name is expected at {at}, such as app or example.com/tier, not {text!r}")
    if slash and (len(prefix) > MAX_PREFIX or not _PREFIX.fullmatch(prefix)):
        raise BadLabelSelector(f"what stands before / at {at} has to be a domain, such as example.com, not {prefix!r}")
    return text


def _value(text: str, at: int) -> str:
    if text in ("(", ")", "=", "==", "!=", "!", "<", ">", _END) or len(text) > MAX_NAME or not _NAME.fullmatch(text):
        raise BadLabelSelector(
            f"a label's value is expected at {at} (up to {MAX_NAME} letters, digits, - _ .), and there is {text!r}"
        )
    return text


def _is_number(text: str) -> bool:
    return len(text) <= MAX_NAME and text.isascii() and text.removeprefix("-").isdigit()
