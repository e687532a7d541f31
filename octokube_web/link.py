"""The gateway's way to the hub: by a certificate of its own, which is renewed while what is open goes on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import grpc.aio
import structlog

from octokube.client.enrolled import FolderStorage, Identity
from octokube.client.enrolling import Applicant, EnrolmentDelayed, IdentityKeeper
from octokube.runtime.backoff import Backoff
from octokube.runtime.channels import open_channel, open_mtls_channel
from octokube.runtime.enrolling import Kind
from octokube.runtime.tasks import Tasks

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAddress:
    """Where the hub is and how it is known. With ``state_dir`` the gateway has a certificate, which it enrols for.

    ``mtls`` (host:port) is where the hub takes certificates; empty: the host of ``hub``, at the port that the hub says.
    """

    hub: str
    ca_file: str | None = None
    is_insecure_allowed: bool = False
    mtls: str = ""
    enrolment_token_file: str | None = None
    state_dir: str | None = None


@asynccontextmanager
async def hub_channel(address: HubAddress, stopping: asyncio.Event) -> AsyncIterator[grpc.aio.Channel | None]:
    """A channel to the hub; None when ``stopping`` came before the gateway was enrolled. Raises UserError."""
    if address.state_dir is None:
        async with open_channel(
            address.hub, ca_file=address.ca_file, is_insecure_allowed=address.is_insecure_allowed
        ) as channel:
            yield channel
        return
    applicant = Applicant(
        kind=Kind.GATEWAY,
        hub=address.hub,
        token_file=address.enrolment_token_file,
        hub_ca_file=address.ca_file,
        is_insecure_hub_allowed=address.is_insecure_allowed,
        mtls_address=address.mtls,
    )
    keeper = IdentityKeeper(applicant, FolderStorage(Path(address.state_dir)))
    identity = await _first(keeper, stopping)
    if identity is None:
        yield None
        return
    newest = identity
    renewing = RenewingChannel(lambda: _open(keeper, newest))
    async with Tasks("gateway") as tasks:

        async def renew() -> None:
            nonlocal newest
            newest = await keeper.current()
            renewing.renew()

        def renewed() -> None:
            tasks.start(renew(), name="renewed")

        keeper.on_renewed = renewed
        tasks.start(keeper.keep_renewing(), name="identity")
        try:
            yield cast(grpc.aio.Channel, renewing)
        finally:
            await renewing.close()


def _open(keeper: IdentityKeeper, identity: Identity) -> grpc.aio.Channel:
    return open_mtls_channel(
        keeper.target,
        key=identity.key_pem.encode(),
        certificate=identity.certificate_pem.encode(),
        authority=identity.authority_pem.encode(),
    )


async def _first(keeper: IdentityKeeper, stopping: asyncio.Event) -> Identity | None:
    """The identity to begin with, waited for while the hub does not answer; None when the gateway is to stop."""
    backoff = Backoff()
    while not stopping.is_set():
        try:
            return await keeper.current()
        except EnrolmentDelayed as error:
            wait_seconds = backoff.next_seconds()
            log.warning("gateway.enrolment_delayed", reason=str(error), retry_seconds=round(wait_seconds, 2))
        try:
            async with asyncio.timeout(wait_seconds):
                await stopping.wait()
        except TimeoutError:
            continue
    return None


class _Connection:
    """A channel, and how many calls are open on it."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self.channel = channel
        self.calls = 0
        self.is_former = False


class RenewingChannel:
    """Stands for a gRPC channel where calls are made: a new call goes over the newest certificate's connection.

    A former connection is closed when the last call on it has ended: a renewal interrupts nobody.
    """

    def __init__(self, opening: Callable[[], grpc.aio.Channel]) -> None:
        self._opening = opening
        self._newest = _Connection(opening())
        self._former: set[_Connection] = set()
        self._closing: set[asyncio.Task[None]] = set()

    def unary_unary(self, *arguments: Any, **options: Any) -> Callable[..., Any]:
        """As a channel's."""
        return self._callable("unary_unary", arguments, options)

    def unary_stream(self, *arguments: Any, **options: Any) -> Callable[..., Any]:
        """As a channel's."""
        return self._callable("unary_stream", arguments, options)

    def stream_stream(self, *arguments: Any, **options: Any) -> Callable[..., Any]:
        """As a channel's."""
        return self._callable("stream_stream", arguments, options)

    def renew(self) -> None:
        """Opens another connection, and leaves the one before to what is open on it."""
        former, self._newest = self._newest, _Connection(self._opening())
        former.is_former = True
        self._former.add(former)
        self._leave(former)

    async def close(self) -> None:
        """Ends every connection, and what is open."""
        connections, self._former = [*self._former, self._newest], set()
        await asyncio.gather(*(one.channel.close() for one in connections), *self._closing, return_exceptions=True)

    def _callable(self, kind: str, arguments: tuple[Any, ...], options: dict[str, Any]) -> Callable[..., Any]:
        def call(*given: Any, **how: Any) -> Any:
            connection = self._newest
            made = getattr(connection.channel, kind)(*arguments, **options)(*given, **how)
            connection.calls += 1

            def ended(_: object) -> None:
                connection.calls -= 1
                self._leave(connection)

            made.add_done_callback(ended)
            return made

        return call

    def _leave(self, connection: _Connection) -> None:
        if connection.is_former and not connection.calls and connection in self._former:
            self._former.discard(connection)
            closing = asyncio.create_task(connection.channel.close(), name="gateway/former-connection")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
