"""Asks a hub what operators ask: the policy in force, and what was decided."""

import datetime
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio

from octokube.client.grpc_feed import UNARY_TIMEOUT_SECONDS, feed_error, metadata_of
from octokube.runtime import channels
from octokube.v1 import admin_service_pb2 as pb

_SERVICE = pb.DESCRIPTOR.services_by_name["AdminService"].full_name
PAGE_RECORDS = 1_000


class AdminClient:
    """AdminService for one token. Made by ``connect_admin``. Every call raises FeedError when it is refused."""

    def __init__(self, channel: grpc.aio.Channel, token: str) -> None:
        self._channel = channel
        self._token = token

    async def status(self) -> pb.GetHubStatusResponse:
        """How the hub is now."""
        answer: pb.GetHubStatusResponse = await self._call(
            "GetHubStatus", pb.GetHubStatusRequest(), pb.GetHubStatusResponse
        )
        return answer

    async def policy(self) -> pb.GetPolicyResponse:
        """The files in force, with their revision."""
        answer: pb.GetPolicyResponse = await self._call("GetPolicy", pb.GetPolicyRequest(), pb.GetPolicyResponse)
        return answer

    async def audit_records(
        self, *, subject: str = "", verb: str = "", since: datetime.datetime | None = None, limit: int | None = None
    ) -> AsyncIterator[pb.AuditRecord]:
        """Records from the newest on, page by page; all there are, or at most ``limit``."""
        left = limit
        before_id = 0
        while left is None or left > 0:
            count = PAGE_RECORDS if left is None else min(left, PAGE_RECORDS)
            request = pb.ListAuditRecordsRequest(subject=subject, verb=verb, limit=count, before_id=before_id)
            if since is not None:
                request.since.FromDatetime(since)
            page = await self._call("ListAuditRecords", request, pb.ListAuditRecordsResponse)
            for record in page.records:
                yield record
            if len(page.records) < count:
                return
            before_id = page.records[-1].id
            left = None if left is None else left - count

    async def sessions(
        self, *, subject: str = "", since: datetime.datetime | None = None, limit: int | None = None
    ) -> AsyncIterator[pb.RecordedSession]:
        """Recorded sessions from the newest on, page by page; all there are, or at most ``limit``."""
        left = limit
        before_id = ""
        while left is None or left > 0:
            count = PAGE_RECORDS if left is None else min(left, PAGE_RECORDS)
            request = pb.ListSessionsRequest(subject=subject, limit=count, before_id=before_id)
            if since is not None:
                request.since.FromDatetime(since)
            page = await self._call("ListSessions", request, pb.ListSessionsResponse)
            for session in page.sessions:
                yield session
            if len(page.sessions) < count:
                return
            before_id = page.sessions[-1].session_id
            left = None if left is None else left - count

    async def recording(self, session_id: str) -> AsyncIterator[bytes]:
        """What a session showed: an asciicast v2 file, in parts."""
        call = self._channel.unary_stream(
            f"/{_SERVICE}/ReadRecording",
            request_serializer=pb.ReadRecordingRequest.SerializeToString,
            response_deserializer=pb.ReadRecordingResponse.FromString,
        )
        try:
            async for part in call(pb.ReadRecordingRequest(session_id=session_id), metadata=metadata_of(self._token)):
                yield part.content
        except grpc.aio.AioRpcError as error:
            raise feed_error(error) from error

    async def _call(self, method: str, request: Any, response: Any) -> Any:
        call = self._channel.unary_unary(
            f"/{_SERVICE}/{method}",
            request_serializer=type(request).SerializeToString,
            response_deserializer=response.FromString,
        )
        try:
            return await call(request, metadata=metadata_of(self._token), timeout=UNARY_TIMEOUT_SECONDS)
        except grpc.aio.AioRpcError as error:
            raise feed_error(error) from error


@asynccontextmanager
async def connect_admin(hub: str, token: str, *, ca_file: str | None = None) -> AsyncIterator[AdminClient]:
    """Opens the way to a hub's AdminService at ``host:port``, as ``connect`` does to its clusters."""
    async with channels.open_channel(hub, ca_file=ca_file) as channel:
        yield AdminClient(channel, token)
