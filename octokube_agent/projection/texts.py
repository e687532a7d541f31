"""Takes secrets out of a text: passwords in URLs, assignments, private keys, bearer tokens, manifests of Secrets."""

import re
from collections.abc import Sequence

from octokube_agent.projection.lines import LineRedactor
from octokube_agent.projection.marker import REDACTED

# Without one of these a text matches none of the patterns below; nearly all texts in objects are done with here.
_HINT = re.compile(r"[=\s<]|:[\s\"'\\/]|eyJ")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN[A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END[A-Z0-9 ]*-----|\Z)", re.DOTALL
)
# To the last @ before a slash, because passwords have @, too. One with a slash is known by the colon before it, unless
# what follows the colon is a port.
_USER_INFORMATION = re.compile(
    r"(?<![a-zA-Z0-9+.-])([a-zA-Z][a-zA-Z0-9+.-]{0,30}://)"
    r"(?:[^\s/\"'<>]{1,2048}|[^\s/:@\"'<>]{0,256}:(?!\d{1,5}(?:[/?#]|\Z))[^\s\"'<>]{1,256})@"
)
_WEB_TOKEN = re.compile(r"(?<![\w-])eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]*+(?:\.[A-Za-z0-9_-]*+)?")
_HEADER = re.compile(r"\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{6,}", re.IGNORECASE)
# Names are bounded and looked for by the word in them, and repetitions give nothing back: the cost of a text is linear
# in its length. A search for whole names is quadratic in long runs of letters, and one ConfigMap would stop the agent.
_REST = r"[\w.-]{0,80}+"
# A colon assigns only before a space or a quote: image references and resource names have colons, too.
_BEFORE_VALUE = _REST + r"(?:\\*+[\"'])?\s*+(?:=|:(?=\s|\\*+[\"']))\s*+"
# What a quote opens goes on to its end, or, where a text was cut, to the end of that.
_VALUE = (
    r"(?:(?s:\"{3}.*?(?:\"{3}|\Z))|(?s:'{3}.*?(?:'{3}|\Z))"
    r"|(?P<escape>\\++)\"(?:[^\\]|(?!(?P=escape)\")\\++\"?)*+(?:(?P=escape)\"|\Z)"
    r"|\"(?:[^\"\\]|\\(?s:.))*+(?:\"|\\?\Z)|'(?:[^']|'')*+(?:'|\Z)"
    r"|\[(?!\s*+[\[{])[^\]]*+\]?|[^\s,;&\"'<>\\]++)"
)
ASSIGNED_WORDS = ("pwd", "client-key-data", "dockerconfigjson", "jws-kubeconfig")
"""Names of secrets in configuration texts, besides the words that mark any name."""


class TextRedactor:
    """Redacts inside texts; a text without anything suspicious comes back as the same object.

    Guarantee: what one of the patterns recognises is gone, at a cost that is linear in the length of the text.
    Non-guarantee: a secret in free prose that nothing marks as one is not recognised by anybody. Errs towards
    redacting: ``token: expired`` in a message loses its end, and a text that holds the manifest of a Secret is
    redacted as a whole.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = (*words, *ASSIGNED_WORDS)
        names = "|".join(map(re.escape, self._words))
        self._lines = LineRedactor(self._words)
        self._assignment = re.compile(rf"((?:{names}){_BEFORE_VALUE}){_VALUE}", re.IGNORECASE)
        self._option = re.compile(rf"((?<![\w.-])--?[\w.-]{{0,80}}?(?:{names}){_REST}\s++){_VALUE}", re.IGNORECASE)
        self._element = re.compile(rf"(<([\w.:-]{{0,80}}?(?:{names})[\w.:-]{{0,80}}+)>)[^<]*+(?=</\2>)", re.IGNORECASE)
        # {name: DB_PASSWORD, value: x} and <add key="password" value="x"/>, in one line or in two.
        self._pair = re.compile(
            rf"(\b(?:name|key)\\*+[\"']?\s*+[:=]\s*+\\*+[\"']?[\w.-]{{0,80}}?(?:{names}){_REST}\\*+[\"']?\s*+,?\s*+"
            rf"\\*+[\"']?value\\*+[\"']?\s*+[:=]\s*+){_VALUE}",
            re.IGNORECASE,
        )

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
            if self._lines.is_secret_manifest(text):
                return REDACTED
            text = self._lines.redact(text)
            text = self._pair.sub(rf"\1{REDACTED}", text)
            text = self._assignment.sub(rf"\1{REDACTED}", text)
            text = self._option.sub(rf"\1{REDACTED}", text)
            text = self._element.sub(rf"\1{REDACTED}", text)
        return text

    def is_secret_option(self, text: str) -> bool:
        """Whether a command-line argument announces that the next one is a secret: ``--password``."""
        lower = text.lower()
        return lower.startswith("-") and "=" not in lower and any(word in lower for word in self._words)
