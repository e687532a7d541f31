"""Tells which sessions were recorded, and gives what they showed."""

import asyncio
import datetime
from collections.abc import AsyncIterator

from octokube.v1 import admin_service_pb2 as pb
from octokube.v1 import resource_pb2
from octokube_hub.errors import Refused
from octokube_hub.recording import Recorder
from octokube_hub.store import RecordedSession, RecordedSessions

TYPE = "recordings.octokube.io"
"""What policy calls them."""
PART_BYTES = 64 * 1024
_STATES = {
    "running": pb.SESSION_STATE_RUNNING,
    "complete": pb.SESSION_STATE_COMPLETE,
    "cut off": pb.SESSION_STATE_CUT_OFF,
}


class Recordings:
    """Reads what the recorder has written; whether somebody may is decided before."""

    def __init__(self, recorder: Recorder, sessions: RecordedSessions) -> None:
        self._recorder = recorder
        self._sessions = sessions

    async def list(self, request: pb.ListSessionsRequest) -> pb.ListSessionsResponse:
        """One page. Raises Refused."""
        since = None
        if request.HasField("since"):
            try:
                since = request.since.ToDatetime(datetime.UTC)
            except ValueError as error:
                raise Refused("INVALID_ARGUMENT", "since is no valid time") from error
        found = await self._sessions.list(
            subject=request.subject, since=since, limit=request.limit, before_id=request.before_id
        )
        return pb.ListSessionsResponse(sessions=[_message(session) for session in found])

    async def read(self, id: str) -> AsyncIterator[pb.ReadRecordingResponse]:
        """The file in parts; of a session that is running, what there is. Raises Refused."""
        session = await self._sessions.find(id)
        if session is None:
            raise Refused("NOT_FOUND", "there is no recording of this session; it may have been removed")
        try:
            file = await asyncio.to_thread(self._recorder.path_of(session.id).open, "rb")
        except OSError as error:
            raise Refused("NOT_FOUND", f"the recording can't be read ({error.strerror})") from error
        try:
            while content := await asyncio.to_thread(file.read, PART_BYTES):
                yield pb.ReadRecordingResponse(content=content)
        finally:
            file.close()


def _message(session: RecordedSession) -> pb.RecordedSession:
    message = pb.RecordedSession(
        session_id=session.id,
        subject=session.subject,
        operation=session.operation,
        cluster=session.cluster,
        key=resource_pb2.Key(type="pods", namespace=session.namespace, name=session.pod),
        command=session.command,
        state=_STATES[session.state],
        bytes=session.size_bytes,
    )
    message.started_at.FromDatetime(session.started_at)
    if session.ended_at is not None:
        message.ended_at.FromDatetime(session.ended_at)
    return message
