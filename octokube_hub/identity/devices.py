"""Remembers programs that ask to sign in as somebody who confirms it in a browser (after RFC 8628)."""

import datetime
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from octokube.runtime.clock import Clock

LIFE = datetime.timedelta(minutes=10)
INTERVAL_SECONDS = 2.0
"""Between two questions of one program whether it has been confirmed."""
MAX_PENDING = 1_000
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Twenty that are not confused with each other and make no words (RFC 8628, section 6.1)."""
CODE_LENGTH = 8


class State(Enum):
    """How far a sign-in is."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(slots=True)
class Device:
    """One program that asks."""

    user_code: str
    client_name: str
    begun_at: datetime.datetime
    expires_at: datetime.datetime
    device_hash: str = field(repr=False)
    state: State = State.PENDING
    subject: str = ""
    asked_at: float = float("-inf")
    """When the program asked last, on the monotonic clock."""


class Full(Exception):
    """Too many programs ask at once."""


class TooOften(Exception):
    """A program asks more often than it was told to."""


class Devices:
    """Guarantees: a code is confirmed once, fetched once, and worth nothing after its end; of a program's secret the
    hash is kept. Kept in memory: a hub that restarts forgets them, and programs begin anew.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_user_code: dict[str, Device] = {}
        self._by_hash: dict[str, Device] = {}

    def __len__(self) -> int:
        return len(self._by_hash)

    def begin(self, client_name: str) -> tuple[Device, str]:
        """A new sign-in and the program's secret. Raises Full."""
        self._forget_expired()
        if len(self._by_hash) >= MAX_PENDING:
            raise Full
        while (code := _draw_code()) in self._by_user_code:
            continue
        secret = secrets.token_urlsafe(32)
        now = self._clock.now()
        device = Device(code, client_name, now, now + LIFE, _hash(secret))
        self._by_user_code[code] = self._by_hash[device.device_hash] = device
        return device, secret

    def find(self, user_code: str) -> Device | None:
        """The one that waits for a confirmation of this code."""
        device = self._by_user_code.get(normal(user_code))
        if device is None or device.state is not State.PENDING or self._clock.now() >= device.expires_at:
            return None
        return device

    def decide(self, device: Device, subject: str, *, is_confirmed: bool) -> None:
        """Says what the person has said. The code can't be used again."""
        device.state = State.CONFIRMED if is_confirmed else State.REFUSED
        device.subject = subject
        self._by_user_code.pop(device.user_code, None)

    def ask(self, secret: str) -> Device | None:
        """The program's sign-in; None when there is none (any more). One that was decided is forgotten with this.

        Raises TooOften.
        """
        device = self._by_hash.get(_hash(secret))
        if device is None or self._clock.now() >= device.expires_at:
            return None
        if device.state is State.PENDING:
            now = self._clock.monotonic()
            is_too_often, device.asked_at = now - device.asked_at < INTERVAL_SECONDS * 0.75, now
            if is_too_often:
                raise TooOften
            return device
        self._drop(device)
        return device

    def _forget_expired(self) -> None:
        now = self._clock.now()
        for device in [*self._expired(now)]:
            self._drop(device)

    def _expired(self, now: datetime.datetime) -> Iterator[Device]:
        return (device for device in self._by_hash.values() if now >= device.expires_at)

    def _drop(self, device: Device) -> None:
        self._by_hash.pop(device.device_hash, None)
        self._by_user_code.pop(device.user_code, None)


def normal(user_code: str) -> str:
    """The code as it is kept, however somebody typed it."""
    letters = "".join(letter for letter in user_code.upper() if letter.isalpha())
    return f"{letters[:4]}-{letters[4:]}"


def _draw_code() -> str:
    letters = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
    return normal(letters)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
