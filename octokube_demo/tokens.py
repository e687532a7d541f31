"""Says who a bearer token is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from octokube_demo import errors

DEFAULT_TOKEN = "demo-cluster-admin"


@dataclass(frozen=True, slots=True)
class User:
    """An authenticated user of the simulated kube-apiserver."""

    name: str
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a request wants to do, in the words of the Kubernetes authorizer. `resource` is empty for a plain path."""

    user: User
    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""


Authorizer: TypeAlias = Callable[[Attempt], bool]


class Tokens:
    """The token table. Tokens may be issued, rotated and revoked while the server runs; the next request notices."""

    def __init__(self) -> None:
        self._users: dict[str, User] = {}
        self.issue(DEFAULT_TOKEN, User("octokube-agent", ("system:masters", "system:authenticated")))

    def issue(self, token: str, user: User) -> None:
        """Accepts a token as a user from now on."""
        self._users[token] = user

    def revoke(self, token: str) -> None:
        """Answers 401 to a token from now on. Open watches stay, as with the real server."""
        self._users.pop(token, None)

    def rotate(self, old: str, new: str) -> None:
        """Replaces a token by another one of the same user. Raises KeyError when nobody has the old one."""
        self._users[new] = self._users.pop(old)

    def user_of(self, authorization: str | None) -> User:
        """The user of an Authorization header. Raises ApiError 401."""
        scheme, _, token = (authorization or "").partition(" ")
        user = self._users.get(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            raise errors.unauthorized()
        return user


def allow_all(_: Attempt) -> bool:
    """The default authorizer: every authenticated user may do everything."""
    return True
