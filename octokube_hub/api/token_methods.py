"""Serves the part of IdentityService that is about tokens, service accounts and shutting people out."""

import datetime
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import grpc.aio

from octokube.runtime.errors import UserError
from octokube.v1 import identity_service_pb2 as pb
from octokube_hub.api.callers import Callers
from octokube_hub.errors import Refused
from octokube_hub.identity import Identity, Leases, issue_token
from octokube_hub.policy import Ceiling, Subject
from octokube_hub.store import People, Person, Token, Tokens

TOKENS = "tokens.octokube.io"
PEOPLE = "people.octokube.io"
DEFAULT_LIFE = datetime.timedelta(days=90)
MAX_LIFE = datetime.timedelta(days=366)
MAX_CLUSTERS = 100
_UNKNOWN = "there is no token with this id, or it is not yours"

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]


class TokenMethods:
    """People make, see and end tokens of their own; of others, where policy lets them."""

    def __init__(self, callers: Callers, tokens: Tokens, people: People, leases: Leases) -> None:
        self._callers = callers
        self._tokens = tokens
        self._people = people
        self._leases = leases

    def methods(self) -> dict[str, tuple[Callable[[Any, Any], Awaitable[Any]], Any]]:
        """By name: what answers, and the type of the request."""
        return {
            "CreatePersonalToken": (self._create, pb.CreatePersonalTokenRequest),
            "ListPersonalTokens": (self._list, pb.ListPersonalTokensRequest),
            "RevokePersonalToken": (self._revoke, pb.RevokePersonalTokenRequest),
            "PutServiceAccount": (self._put_service_account, pb.PutServiceAccountRequest),
            "ListPeople": (self._list_people, pb.ListPeopleRequest),
            "SetDisabled": (self._set_disabled, pb.SetDisabledRequest),
        }

    async def _create(
        self, request: pb.CreatePersonalTokenRequest, context: "Context"
    ) -> pb.CreatePersonalTokenResponse:
        identity = await self._callers.identify(context)
        subject = request.subject or identity.subject.name
        if subject != identity.subject.name:
            await self._callers.decide(identity, TOKENS, subject, "create", "token.create")
        if identity.subject.ceiling is not None:
            raise Refused("PERMISSION_DENIED", "a token that is limited itself makes no tokens")
        if len(request.ceiling.clusters) > MAX_CLUSTERS:
            raise Refused("INVALID_ARGUMENT", f"a token is for at most {MAX_CLUSTERS} clusters; leave them out for all")
        try:
            token, secret = await issue_token(
                self._tokens,
                subject,
                now=self._callers.clock.now(),
                description=request.description,
                expires_at=self._end_of(request, identity, is_own=subject == identity.subject.name),
                ceiling=Ceiling(request.ceiling.is_read_only, frozenset(request.ceiling.clusters)),
            )
        except (UserError, ValueError) as error:
            raise Refused("INVALID_ARGUMENT", str(error)) from error
        await self._callers.record(identity.subject.name, "token.create", token.id, f"for {token.subject}")
        return pb.CreatePersonalTokenResponse(token=secret, description=describe(token))

    def _end_of(self, request: pb.CreatePersonalTokenRequest, identity: Identity, *, is_own: bool) -> datetime.datetime:
        now = self._callers.clock.now()
        asked = request.expires_at.ToDatetime(datetime.UTC) if request.HasField("expires_at") else None
        if asked is not None and asked > now + MAX_LIFE:
            raise UserError(f"a token lasts at most {MAX_LIFE.days} days; give an earlier end")
        latest = identity.expires_at
        if latest is None or identity.is_session or not is_own:
            return asked or now + DEFAULT_LIFE
        # Whoever has got hold of a token is not to prolong by it what they have.
        if asked is not None and asked > latest:
            raise UserError("a token that is made with a token does not outlive it; sign in to make a longer one")
        return asked or min(latest, now + DEFAULT_LIFE)

    async def _list(self, request: pb.ListPersonalTokensRequest, context: "Context") -> pb.ListPersonalTokensResponse:
        identity = await self._callers.identify(context)
        if request.is_of_all:
            await self._callers.decide(identity, TOKENS, "", "list", "token.list")
        found = await self._tokens.list(None if request.is_of_all else identity.subject.name)
        return pb.ListPersonalTokensResponse(tokens=[describe(token) for token in found])

    async def _revoke(
        self, request: pb.RevokePersonalTokenRequest, context: "Context"
    ) -> pb.RevokePersonalTokenResponse:
        identity = await self._callers.identify(context)
        id = request.token_id
        found = await self._tokens.get(id)
        if found is None or found.subject != identity.subject.name:
            if not await self._callers.is_allowed(identity, TOKENS, id, "delete", "token.revoke") or found is None:
                raise Refused("NOT_FOUND", _UNKNOWN)
        elif (ceiling := identity.subject.ceiling) is not None and ceiling.is_read_only and id != identity.token_id:
            raise Refused("PERMISSION_DENIED", "a token for reading only revokes no token but itself")
        await self._tokens.revoke(id, self._callers.clock.now())
        self._leases.revoke(id)
        await self._callers.record(identity.subject.name, "token.revoke", id)
        return pb.RevokePersonalTokenResponse()

    async def _put_service_account(
        self, request: pb.PutServiceAccountRequest, context: "Context"
    ) -> pb.PutServiceAccountResponse:
        identity = await self._callers.identify(context)
        await self._callers.decide(identity, PEOPLE, request.subject, "update", "people.put")
        teams = frozenset(request.teams)
        try:
            Subject(request.subject, teams)
        except ValueError as error:
            raise Refused("INVALID_ARGUMENT", str(error)) from error
        if not request.subject.startswith("service:"):
            raise Refused(
                "INVALID_ARGUMENT", "a service account is service:NAME; people's teams come from the provider"
            )
        await self._people.set_teams(request.subject, teams, self._callers.clock.now())
        self._leases.retell(request.subject, teams)
        await self._callers.record(
            identity.subject.name, "people.put", request.subject, f"in {', '.join(sorted(teams)) or 'no team'}"
        )
        return pb.PutServiceAccountResponse()

    async def _list_people(self, request: pb.ListPeopleRequest, context: "Context") -> pb.ListPeopleResponse:
        identity = await self._callers.identify(context)
        await self._callers.decide(identity, PEOPLE, "", "list", "people.list")
        return pb.ListPeopleResponse(people=[_describe_person(person) for person in await self._people.list()])

    async def _set_disabled(self, request: pb.SetDisabledRequest, context: "Context") -> pb.SetDisabledResponse:
        identity = await self._callers.identify(context)
        await self._callers.decide(identity, PEOPLE, request.subject, "update", "people.disable")
        try:
            Subject(request.subject)
        except ValueError as error:
            raise Refused("INVALID_ARGUMENT", str(error)) from error
        await self._people.set_disabled(request.subject, self._callers.clock.now() if request.is_disabled else None)
        if request.is_disabled:
            self._leases.revoke_all_of(request.subject)
        action = "people.disable" if request.is_disabled else "people.enable"
        await self._callers.record(identity.subject.name, action, request.subject)
        return pb.SetDisabledResponse()


def describe(token: Token) -> pb.PersonalToken:
    """A token as it is told, without its secret."""
    told = pb.PersonalToken(
        token_id=token.id,
        subject=token.subject,
        description=token.description,
        ceiling=pb.TokenCeiling(is_read_only=token.is_read_only, clusters=token.clusters),
    )
    told.created_at.FromDatetime(token.created_at)
    told.expires_at.FromDatetime(token.expires_at)
    if token.revoked_at is not None:
        told.revoked_at.FromDatetime(token.revoked_at)
    return told


def _describe_person(person: Person) -> pb.Person:
    told = pb.Person(subject=person.subject, teams=sorted(person.teams), has_password=bool(person.password_hash))
    if person.teams_at is not None:
        told.teams_at.FromDatetime(person.teams_at)
    if person.disabled_at is not None:
        told.disabled_at.FromDatetime(person.disabled_at)
    return told
