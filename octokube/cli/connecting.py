"""Reaches the hub that OCTOKUBE_HUB and OCTOKUBE_TOKEN name, and turns its refusals into sentences."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from octokube.cli import stored
from octokube.client import Client, FeedError, connect
from octokube.client.operations import OperationsClient, connect_operations
from octokube.runtime.errors import UserError

DEFAULT_HUB = "127.0.0.1:7443"

TLS_TROUBLE = {
    "CERTIFICATE_VERIFY_FAILED": "shows a certificate that no trusted CA has signed; "
    "put the file of its CA into OCTOKUBE_HUB_CA_FILE",
    "Hostname Verification": "shows a certificate for another name; "
    "use the name in OCTOKUBE_HUB that the certificate has",
    "WRONG_VERSION_NUMBER": "does not speak TLS; check the port in OCTOKUBE_HUB, or leave OCTOKUBE_HUB_CA_FILE out",
}
"""What gRPC's own words, which reach us as "unavailable", mean to a person."""


@dataclass(frozen=True, slots=True)
class HubConnection:
    """An open way to a hub, and its address for error texts."""

    client: Client
    operations: OperationsClient
    target: str


@asynccontextmanager
async def connected(
    target: str | None = None, token: str | None = None, ca_file: str | None = None
) -> AsyncIterator[HubConnection]:
    """Opens the way to the hub; what is None is taken from the environment.

    Raises UserError when the token is missing, and for every refusal of the hub inside.
    """
    target = target or os.environ.get("OCTOKUBE_HUB") or DEFAULT_HUB
    token = checked_token(token) if token else token_for(target)
    ca_file = ca_file or os.environ.get("OCTOKUBE_HUB_CA_FILE") or None
    async with (
        connect(target, token, ca_file=ca_file) as client,
        connect_operations(target, token, ca_file=ca_file) as operations,
    ):
        try:
            yield HubConnection(client, operations, target)
        except FeedError as error:
            raise explained(error, target) from error


def token_for(target: str) -> str:
    """OCTOKUBE_TOKEN, else what octokube login has kept for this hub. Raises UserError when there is neither."""
    if told := os.environ.get("OCTOKUBE_TOKEN", ""):
        return checked_token(told)
    kept = stored.find(target)
    if kept is None:
        return checked_token("")
    if kept.has_expired:
        raise UserError(f"your sign-in at {target} has ended; run octokube login again")
    return kept.token


def checked_token(token: str) -> str:
    """The same token. Raises UserError when there is none, or it can be none."""
    if not token:
        raise UserError(
            "you are not signed in and OCTOKUBE_TOKEN is not set; run octokube login, or put a token there "
            "(in the demo, for instance: OCTOKUBE_TOKEN=demo:alice)"
        )
    if not token.isascii() or any(character.isspace() for character in token):
        raise UserError("OCTOKUBE_TOKEN holds spaces or characters beyond ASCII, which no token has; copy it again")
    return token


def explained(error: FeedError, target: str) -> UserError:
    """The sentence for a refusal: what, where, what to do."""
    match error.code:
        case "UNAUTHENTICATED":
            return UserError(f"the hub at {target} does not accept this token ({error.message}); check OCTOKUBE_TOKEN")
        case "UNAVAILABLE" | "DEADLINE_EXCEEDED":
            for words, meaning in TLS_TROUBLE.items():
                if words in error.message:
                    return UserError(f"the hub at {target} {meaning}")
            return UserError(
                f"the hub at {target} can't be reached; check OCTOKUBE_HUB, and that a hub (or the demo) runs there"
            )
        case _:
            return UserError(f"the hub at {target} refused: {error.message} ({error.code})", exit_code=1)
