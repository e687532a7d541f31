"""Lets a write that is asked for again under the same key happen once."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from octokube.runtime.tasks import Tasks
from octokube.v1 import operation_pb2 as pb
from octokube_agent.kube import errors
from octokube_agent.operations.failures import Refused
from octokube_agent.operations.work import Commit, Written

MAX_REMEMBERED = 1024
MAX_KEY_BYTES = 64

Write = Callable[[Commit], Coroutine[Any, Any, Written]]


@dataclass(slots=True)
class _Entry:
    digest: bytes
    commit: Commit
    task: "asyncio.Task[Written]"


class Remembering:
    """The last 1,024 writes of an agent process by person and key.

    Guarantees: a write that has begun to change something goes on when whoever asked has gone, so that its outcome is
    known to the next one who asks with the same key; one that has not begun is called off. What the server refused is
    forgotten, since it did not happen. Not guaranteed: anything beyond the process's end, which is why writes are bound
    to the version that the person saw.
    """

    def __init__(self, tasks: Tasks, *, limit: int = MAX_REMEMBERED) -> None:
        self._tasks = tasks
        self._limit = limit
        self._entries: OrderedDict[tuple[str, str], _Entry] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    async def once(self, start: pb.ExecuteStart, write: Write) -> Written:
        """The write's result, or the remembered one. Raises Refused for a key that is missing or another write's."""
        key = start.operation.idempotency_key
        if not key or len(key.encode()) > MAX_KEY_BYTES:
            raise Refused(f"a write needs an idempotency key of at most {MAX_KEY_BYTES} bytes")
        digest = hashlib.sha256(start.operation.SerializeToString(deterministic=True)).digest()
        name = (start.subject, key)
        entry = self._entries.get(name)
        is_known = entry is not None
        if entry is None:
            entry = self._begin(name, digest, write)
        elif entry.digest != digest:
            raise Refused("the idempotency key was used for another write; take a new one")
        try:
            written = await asyncio.shield(entry.task)
        except asyncio.CancelledError:
            if not entry.commit.has_begun and not is_known:
                entry.task.cancel()
                await asyncio.gather(entry.task, return_exceptions=True)
            raise
        result = pb.OperationResult()
        result.CopyFrom(written.result)
        result.remembered = is_known
        documents = list(written.documents)
        written.documents.clear()  # they are large, and told once
        return Written(result, documents)

    def _begin(self, name: tuple[str, str], digest: bytes, write: Write) -> _Entry:
        commit = Commit()
        task = self._tasks.start_guarded(self._perform(name, write, commit), name="write")
        entry = self._entries[name] = _Entry(digest, commit, task)
        for old in [old for old, held in self._entries.items() if held.task.done()]:
            if len(self._entries) <= self._limit:
                break
            del self._entries[old]
        return entry

    async def _perform(self, name: tuple[str, str], write: Write, commit: Commit) -> Written:
        try:
            return await write(commit)
        except errors.Unavailable:
            if not commit.has_begun:
                self._forget(name)
                raise
            return Written(
                pb.OperationResult(
                    outcome=pb.OPERATION_OUTCOME_UNKNOWN,
                    message="the API server did not answer the write; look whether it happened before you repeat it",
                )
            )
        except BaseException:
            self._forget(name)
            raise

    def _forget(self, name: tuple[str, str]) -> None:
        self._entries.pop(name, None)
