"""Decides by a name whether the value beside it is likely to be a secret."""

import re
from collections.abc import Iterable
from functools import lru_cache

WORDS = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apikey",
    "api_key",
    "api-key",
    "accesskey",
    "access_key",
    "access-key",
    "privatekey",
    "private_key",
    "private-key",
)
"""A name that contains one of these, in any case, looks like a secret's."""

ENDINGS = ("_key", "-key", ".key", "_pwd", "_pass", "_dsn", ".pem", ".p12", ".pfx", ".jks")
"""A name that ends so looks like a secret's, too."""

EXACT_NAMES = frozenset(("authorization", "cookie", "set-cookie"))
"""Names, as of HTTP headers in probes, that are a secret's only when nothing else is in them."""

FIELDS = frozenset(
    (
        "password",
        "passwd",
        "passphrase",
        "token",
        "apitoken",
        "accesstoken",
        "authtoken",
        "bearertoken",
        "refreshtoken",
        "idtoken",
        "webhooktoken",
        "apikey",
        "accesskey",
        "secretkey",
        "secretaccesskey",
        "clientsecret",
        "sharedsecret",
        "webhooksecret",
        "privatekey",
        "encryptionkey",
        "signingkey",
        "adminpassword",
        "rootpassword",
        "userpassword",
        "dbpassword",
        "credential",
        "credentials",
        "stringdata",
    )
)
"""Field names, without separators and in lower case, whose scalar values are taken for secrets in objects of any type.
Stricter than WORDS: Kubernetes has many fields such as secretName that only point to secrets."""

FIELD_ENDINGS = ("password", "token")
"""A field whose name, without separators, ends so holds a secret, too."""

CACHED_NAMES = 8192

_SEPARATORS = re.compile(r"[-_.]")


class SecretNames:
    """The rules above with an operator's additional words (any case, matched inside names)."""

    def __init__(self, additional_words: Iterable[str] = ()) -> None:
        self._additional = tuple(word.lower() for word in additional_words if word)
        self.words = WORDS + self._additional
        # The same few thousand names come with every object. Names, unlike values, may be remembered.
        self.is_secret = lru_cache(CACHED_NAMES)(self._is_secret)
        """Whether a free name (of an environment variable, a ConfigMap key, an annotation) looks like a secret's."""
        self.is_secret_field = lru_cache(CACHED_NAMES)(self._is_secret_field)
        """Whether a field of an object holds a secret by its very name."""

    def _is_secret(self, name: str) -> bool:
        lower = name.lower()
        return lower in EXACT_NAMES or lower.endswith(ENDINGS) or any(word in lower for word in self.words)

    def _is_secret_field(self, name: str) -> bool:
        normal = _SEPARATORS.sub("", name).lower()
        if normal in FIELDS or normal.endswith(FIELD_ENDINGS) or normal in self._additional:
            return True
        # Kubernetes writes no field in capitals: that is an environment variable in a map.
        return name.isupper() and self._is_secret(name)
