"""Removes secret content from objects before anything is stored or sent."""

import base64
from collections.abc import Iterable
from typing import Any

import orjson

from octokube_agent.projection.marker import REDACTED
from octokube_agent.projection.names import SecretNames
from octokube_agent.projection.noise import is_noisy
from octokube_agent.projection.texts import TextRedactor

Object = dict[str, Any]

_BINARY = "(binary)"
_ARGUMENTS = frozenset(("args", "command"))
_INNER_VALUES = frozenset(("value", "plain", "plaintext", "data", "inline", "default", "example"))
"""Where the value stands when a field named like a secret holds an object. The last two: in what describes a field."""


class Redactor:
    """Redacts objects of any type, in place.

    - Secrets: every value of ``data`` and ``stringData`` becomes the marker (keys stay); annotations that repeat a
      value, too. Anything of kind Secret nested in another object likewise.
    - ConfigMaps: values under names that look secret, every value of a Helm release, private keys and assignments
      inside values; ``binaryData`` is never sent.
    - Everything: environment variables and annotations with names that look secret, scalar fields named like one
      (``password``, ``clientSecret`` …), command-line options, user information in URLs, private keys, tokens.

    Key names, object names and labels are not secrets to Kubernetes and stay, except labels named like a secret field.
    """

    def __init__(self, additional_words: Iterable[str] = ()) -> None:
        self._names = SecretNames(additional_words)
        self._texts = TextRedactor(self._names.words)

    def redact(self, type: str, obj: Object) -> None:
        """Redacts an object of a type, in place."""
        if type == "secrets":
            self._redact_secret(obj)
        elif type == "configmaps":
            self._redact_config_map(obj)
        self._walk(obj)

    def redact_text(self, text: str) -> str:
        """A text, such as an error of the server, without the secrets that its form or the words around them betray."""
        return self._redact_text(text) if text else text

    def is_secret_name(self, name: str) -> bool:
        """Whether what stands under this name is taken for a secret, in an object or in what describes one."""
        return self._names.is_secret(name) or self._names.is_secret_field(name)

    def _redact_secret(self, obj: Object) -> None:
        values = _secret_values(obj)
        _blank(obj)
        metadata = obj.get("metadata")
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        if isinstance(annotations, dict):
            for name, text in annotations.items():
                if any(value in str(text) for value in values):
                    annotations[name] = REDACTED

    def _redact_config_map(self, obj: Object) -> None:
        data = obj.get("data")
        labels = obj.get("metadata", {}).get("labels") or {}
        is_release = any(
            str(name).lower() == "owner" and str(owner).lower() in ("helm", "tiller") for name, owner in labels.items()
        )
        if isinstance(data, dict):
            for name, value in data.items():
                data[name] = (
                    REDACTED if is_release or self._is_secret_entry(name, value) else self._texts.redact(str(value))
                )
        if isinstance(obj.get("binaryData"), dict):
            obj["binaryData"] = dict.fromkeys(obj["binaryData"], _BINARY)

    def _is_secret_entry(self, name: str, value: object) -> bool:
        """A file named like a secret is one, unless it is structured text, in which lines are judged one by one, or
        a certificate, which is public.
        """
        if not self._names.is_secret(name):
            return False
        text = str(value)
        return not (text.startswith("-----BEGIN CERTIFICATE-----") and "PRIVATE KEY" not in text)

    def _walk(self, node: Object) -> None:
        """Every string of every object comes through here: hence exact types instead of isinstance, and local names."""
        if node.get("kind") == "Secret":
            _blank(node)
        if "value" in node and ("name" in node or "key" in node) and self._is_secret_pair(node):
            node["value"] = REDACTED
        is_secret_field, redact = self._names.is_secret_field, self._redact_text
        for key, value in node.items():
            kind = type(value)
            if kind is str:
                redacted = REDACTED if value and is_secret_field(key) else redact(value)
                if redacted is not value:
                    node[key] = redacted
            elif kind is dict:
                if value:
                    self._walk_inside(key, value)
            elif kind is list:
                if value:
                    self._walk_list(key, value)
            elif (kind is int or kind is float) and is_secret_field(key):
                node[key] = REDACTED

    def _is_secret_pair(self, node: Object) -> bool:
        name, value = node.get("name", node.get("key")), node["value"]
        return isinstance(name, str) and value is not None and self._names.is_secret(name)

    def _redact_text(self, text: str) -> str:
        """A text that is JSON, as copies of objects in annotations are, is redacted by its structure first."""
        if text[:1] in ("{", "[") and text.rstrip()[-1] in ("}", "]"):
            try:
                document = orjson.loads(text)
                before = orjson.dumps(document)
            except (orjson.JSONDecodeError, TypeError):
                return self._texts.redact(text)
            self._walk_list("", [document])
            after = orjson.dumps(document)
            if after != before:
                text = after.decode()
        return self._texts.redact(text)

    def _walk_inside(self, key: str, inside: Object) -> None:
        if key == "stringData":
            inside.update(dict.fromkeys(inside, REDACTED))
        elif key == "annotations":
            for name, text in inside.items():
                # The object's own copy of itself is dropped; that of an object nested in it is blanked here.
                if text and (self._names.is_secret(name) or is_noisy(name)):
                    inside[name] = REDACTED
        elif self._names.is_secret_field(key):
            for name, value in inside.items():
                if name in _INNER_VALUES and isinstance(value, str | int | float):
                    inside[name] = REDACTED
        self._walk(inside)

    def _walk_list(self, key: str, items: list[Any]) -> None:
        are_secrets, are_arguments = self._names.is_secret_field(key), key in _ARGUMENTS
        is_secret_next = False
        for index, item in enumerate(items):
            if isinstance(item, dict):
                self._walk(item)
            elif isinstance(item, list):
                self._walk_list(key, item)
            elif are_secrets or is_secret_next:
                items[index] = REDACTED
                is_secret_next = False
            elif isinstance(item, str):
                items[index] = self._redact_text(item)
                is_secret_next = are_arguments and self._texts.is_secret_option(item)


def _blank(secret: Object) -> None:
    for field in ("data", "stringData"):
        values = secret.get(field)
        if isinstance(values, dict):
            secret[field] = dict.fromkeys(values, REDACTED)
        elif values is not None:
            secret[field] = REDACTED


def _secret_values(secret: Object) -> set[str]:
    """The values as they might be repeated elsewhere. Very short ones would match by chance."""
    found: set[str] = set()
    for field in ("data", "stringData"):
        values = secret.get(field)
        for value in values.values() if isinstance(values, dict) else ():
            text = str(value)
            found.add(text)
            if field == "data":
                try:
                    clear = base64.b64decode(text, validate=True).decode()
                except ValueError:
                    continue  # not base64, or binary, which no annotation repeats as text
                found.add(clear)
                # A tool that keeps a copy of the object keeps it as JSON, in which line ends and quotes are escaped.
                found.add(orjson.dumps(clear).decode()[1:-1])
    return {text for text in found if len(text) >= 6}
