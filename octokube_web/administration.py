"""Carries what the page asks of the hub itself: who one is, tokens, people, agents, the audit log, recordings.

The gateway decides nothing: each call goes to the hub with the caller's own token, and the hub's policy answers.
"""

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from aiohttp import web
from google.protobuf import json_format
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from octokube.client.calls import Calls
from octokube.client.feed import FeedError
from octokube.v1 import admin_service_pb2 as admin_pb
from octokube.v1 import cluster_service_pb2 as cluster_pb
from octokube.v1 import enrolment_service_pb2 as enrolment_pb
from octokube.v1 import gateway_service_pb2 as gateway_pb
from octokube.v1 import identity_service_pb2 as identity_pb
from octokube_web.answers import feed_refusal, refusal

PATH = "/api/v1/hub/{service}/{method}"
QUESTION_LIMIT_BYTES = 3 * 1024 * 1024
"""What a hub takes as one message, and the third that base64 adds to it."""
RECORDING = "/api/v1/recordings/{session_id}"
_READ_RECORDING = f"{admin_pb.DESCRIPTOR.services_by_name['AdminService'].full_name}/ReadRecording"
_FOR_THE_PAGE = {
    (cluster_pb, "ClusterService"): ("WhoAmI", "ExplainAccess", "Search"),
    (admin_pb, "AdminService"): ("GetHubStatus", "GetPolicy", "SimulateAccess", "ListAuditRecords", "ListSessions"),
    (identity_pb, "IdentityService"): (
        "CreatePersonalToken",
        "ListPersonalTokens",
        "RevokePersonalToken",
        "ListPeople",
        "PutServiceAccount",
        "SetDisabled",
    ),
    (enrolment_pb, "EnrolmentService"): ("CreateEnrolment", "ListAgents", "RevokeAgent"),
    (gateway_pb, "GatewayService"): ("CreateGateway", "ListGateways", "RevokeGateway"),
}
METHODS: dict[tuple[str, str], MethodDescriptor] = {
    (service, method): module.DESCRIPTOR.services_by_name[service].methods_by_name[method]
    for (module, service), methods in _FOR_THE_PAGE.items()
    for method in methods
}
"""What can be asked, by service and method. Signing in has routes of its own, and agents do not come through here."""


class Administration:
    """Two routes of the page. ``token_of`` finds the caller's token; None when nobody is signed in."""

    def __init__(self, calls: Calls, token_of: Callable[[web.Request], Awaitable[str | None]]) -> None:
        self._calls = calls
        self._token_of = token_of

    async def ask(self, request: web.Request) -> web.Response:
        """One request as JSON, one answer as JSON, in the contract's JSON mapping."""
        method = METHODS.get((request.match_info["service"], request.match_info["method"]))
        if method is None:
            return refusal(404, "NOT_FOUND", "the gateway carries no such method")
        token = await self._token_of(request)
        if token is None:
            return refusal(401, "UNAUTHENTICATED", "nobody is signed in")
        asked = await _read(request, GetMessageClass(method.input_type)())
        if asked is None:
            return refusal(400, "INVALID_ARGUMENT", f"send JSON: a {method.input_type.name} of the contract")
        name = f"{method.containing_service.full_name}/{method.name}"
        try:
            answer = await self._calls.ask(token, name, asked.SerializeToString())
        except FeedError as error:
            return feed_refusal(error)
        told: Any = GetMessageClass(method.output_type).FromString(answer)
        return web.Response(text=json_format.MessageToJson(told, indent=None), content_type="application/json")

    async def recording(self, request: web.Request) -> web.StreamResponse:
        """A recorded session as an asciicast file, as it comes from the hub."""
        token = await self._token_of(request)
        if token is None:
            return refusal(401, "UNAUTHENTICATED", "nobody is signed in")
        asked = admin_pb.ReadRecordingRequest(session_id=request.match_info["session_id"])
        parts = self._calls.read(token, _READ_RECORDING, asked.SerializeToString())
        response = web.StreamResponse(headers={"Content-Type": "application/x-asciicast", "Cache-Control": "no-store"})
        try:
            async for part in parts:
                if not response.prepared:
                    await response.prepare(request)
                await response.write(admin_pb.ReadRecordingResponse.FromString(part).content)
        except FeedError as error:
            if not response.prepared:
                return feed_refusal(error)
            # Half a file that ended like a whole one would be taken for it.
            if request.transport is not None:
                request.transport.abort()
            return response
        if not response.prepared:
            await response.prepare(request)
        await response.write_eof()
        return response


async def _read(request: web.Request, message: Message) -> Message | None:
    """None for what is no such message; an empty body is an empty message."""
    if request.content_type != "application/json":
        return None
    # Only of somebody who is signed in is so much read: the edit of a policy's files, to be tried.
    request = request.clone(client_max_size=QUESTION_LIMIT_BYTES)
    try:
        told = orjson.loads(await request.read() or b"{}")
        return json_format.ParseDict(told, message) if isinstance(told, dict) else None
    except (orjson.JSONDecodeError, json_format.ParseError):
        return None
