"""Keeps what ``octokube login`` was given, in a file that nobody else can read."""

import datetime
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

import orjson

from octokube.runtime.errors import UserError


@dataclass(frozen=True, slots=True)
class SignIn:
    """A token for one hub."""

    token: str = field(repr=False)
    token_id: str
    subject: str
    expires_at: str
    """ISO 8601, in UTC."""

    @property
    def has_expired(self) -> bool:
        """Whether the token's time is over."""
        return datetime.datetime.fromisoformat(self.expires_at) <= datetime.datetime.now(datetime.UTC)


def stored_file() -> Path:
    """Where they are: ``octokube/sign-ins.json`` below XDG_CONFIG_HOME."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "octokube" / "sign-ins.json"


def find(target: str) -> SignIn | None:
    """The sign-in at a hub; None when there is none. Raises UserError for a file that can't be read."""
    return _read().get(target)


def keep(target: str, sign_in: SignIn) -> None:
    """Remembers a sign-in, in place of a former one at this hub. Raises UserError."""
    _write({**_read(), target: sign_in})


def forget(target: str) -> SignIn | None:
    """Forgets the sign-in at a hub, and returns it. Raises UserError."""
    known = _read()
    former = known.pop(target, None)
    if former is not None:
        _write(known)
    return former


def _read() -> dict[str, SignIn]:
    file = stored_file()
    try:
        document = orjson.loads(file.read_bytes())
        return {target: SignIn(**kept) for target, kept in document.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise UserError(f"{file} can't be read ({error}); delete it and run octokube login again") from error


def _write(known: dict[str, SignIn]) -> None:
    file = stored_file()
    content = orjson.dumps({target: asdict(kept) for target, kept in known.items()}, option=orjson.OPT_INDENT_2)
    part = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as made:
            made.write(content)
        part.replace(file)
    except OSError as error:
        raise UserError(f"{file} can't be written ({error.strerror}); set XDG_CONFIG_HOME to another folder") from error
