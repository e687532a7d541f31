"""The identity that an agent or a gateway has enrolled for, and a folder that keeps it across restarts."""

import asyncio
import datetime
import os
import pathlib
from dataclasses import asdict, dataclass
from typing import Protocol

import orjson

from octokube.runtime.errors import UserError

FILE_NAME = "identity.json"
FORMER_NAMES = {"agent_id": "id", "cluster": "name"}


@dataclass(frozen=True, slots=True)
class Identity:
    """A key, its certificate, and the hub to keep to. PEM as text; instants as seconds since 1970.

    ``name`` is the cluster that an agent speaks for, or what people call a gateway.
    """

    id: str
    name: str
    key_pem: str
    certificate_pem: str
    authority_pem: str
    mtls_port: int
    mtls_address: str
    issued_at: float
    expires_at: float

    @property
    def renew_at(self) -> float:
        """Two thirds of the certificate's life, as its holder's clock counts it."""
        return self.issued_at + (self.expires_at - self.issued_at) * 2 / 3

    @property
    def end(self) -> str:
        """When the certificate ends, for people."""
        return datetime.datetime.fromtimestamp(self.expires_at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%SZ")

    def encode(self) -> bytes:
        """As it is kept. Holds the private key."""
        return orjson.dumps(asdict(self))

    @classmethod
    def decode(cls, content: bytes) -> "Identity":
        """Raises ValueError."""
        try:
            told = orjson.loads(content)
            # As agents wrote it before gateways had identities.
            former = {FORMER_NAMES.get(name, name): value for name, value in told.items()}
            return cls(**former)
        except (TypeError, ValueError, AttributeError) as error:
            raise ValueError("this is no identity") from error


class Storage(Protocol):
    """Keeps an identity. Both methods raise UserError when the place can't be used."""

    async def read(self) -> bytes | None:
        """What was written last; None before."""
        ...

    async def write(self, content: bytes) -> None:
        """Keeps it instead, whole or not at all."""
        ...


class FolderStorage:
    """A file with mode 0600 in a folder of the agent's own."""

    def __init__(self, folder: pathlib.Path, *, flag: str = "--state-dir") -> None:
        self._path = folder / FILE_NAME
        self._flag = flag

    async def read(self) -> bytes | None:
        return await asyncio.to_thread(self._read)

    async def write(self, content: bytes) -> None:
        await asyncio.to_thread(self._write, content)

    def _read(self) -> bytes | None:
        try:
            return self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._unusable(error) from error

    def _write(self, content: bytes) -> None:
        partial = self._path.with_name(f".{FILE_NAME}.{os.getpid()}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self._path)
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: OSError) -> UserError:
        return UserError(
            f"the identity can't be kept in {self._path} ({error.strerror}); "
            f"give with {self._flag} a directory that may be written to"
        )
