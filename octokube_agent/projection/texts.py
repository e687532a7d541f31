"""Takes secrets out of a text: passwords in URLs, assignments, private keys, bearer tokens."""

import re
from collections.abc import Sequence

REDACTED = "(redacted)"
"""The marker in place of every secret. Always the same, so that it tells neither length nor whether two are equal."""

# Without one of these a text matches none of the patterns below; nearly all texts in objects are done with here.
_HINT = re.compile(r"[=\s<]|:[\s\"'\\/]|eyJ")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END[A-Z0-9 ]*-----|\Z)", re.DOTALL
)
_USER_INFORMATION = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]{0,30}://)[^\s/@\"'<>]+@")
_WEB_TOKEN = re.compile(r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*)?")
_HEADER = re.compile(r"\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
# A colon assigns only before a space or a quote: image references and resource names have colons, too.
_BEFORE_VALUE = r"[\w.-]*(?:\\*[\"'])?\s*(?:=|:(?=\s|\\*[\"']))\s*"
_VALUE = r"(?:\\+\"(?:(?!\\+\").)*\\+\"|\"(?:[^\"\\]|\\.)*\"|'[^']*'|[^\s,;&\"'<>\\]+)"
ASSIGNED_WORDS = ("pwd", "client-key-data", "dockerconfigjson", "jws-kubeconfig")
"""Names of secrets in configuration texts, besides the words that mark any name."""


class TextRedactor:
    """Redacts inside texts; a text without anything suspicious comes back as the same object.

    Guarantee: what one of the patterns recognises is gone. Non-guarantee: a secret in free prose that nothing marks as
    one is not recognised by anybody. Errs towards redacting: ``token: expired`` in a message loses its last word.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = (*words, *ASSIGNED_WORDS)
        names = "|".join(map(re.escape, self._words))
        self._assignment = re.compile(rf"([\w.-]*(?:{names}){_BEFORE_VALUE}){_VALUE}", re.IGNORECASE)
        self._option = re.compile(rf"(--?[\w.-]*(?:{names})[\w.-]*\s+){_VALUE}", re.IGNORECASE)
        self._element = re.compile(rf"(<([\w.:-]*(?:{names})[\w.:-]*)>)[^<]*(?=</\2>)", re.IGNORECASE)

    def redact(self, text: str) -> str:
        """The text with every recognised secret replaced by the marker."""
        if not _HINT.search(text):
            return text
        if "://" in text and "@" in text:
            text = _USER_INFORMATION.sub(rf"\1{REDACTED}@", text)
        if "PRIVATE KEY" in text:
            text = _PRIVATE_KEY.sub(REDACTED, text)
        if "eyJ" in text:
            text = _WEB_TOKEN.sub(REDACTED, text)
        lower = text.lower()
        if "bearer" in lower or "basic" in lower:
            text = _HEADER.sub(rf"\1\2{REDACTED}", text)
        if any(word in lower for word in self._words):
            text = self._assignment.sub(rf"\1{REDACTED}", text)
            text = self._option.sub(rf"\1{REDACTED}", text)
            text = self._element.sub(rf"\1{REDACTED}", text)
        return text

    def is_secret_option(self, text: str) -> bool:
        """Whether a command-line argument announces that the next one is a secret: ``--password``."""
        lower = text.lower()
        return lower.startswith("-") and "=" not in lower and any(word in lower for word in self._words)
