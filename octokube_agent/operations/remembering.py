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
from octokube_agent.operations.failures import Failed, Refused
from octokube_agent.operations.work import Commit, Written

MAX_REMEMBERED = 1024
MAX_KEY_BYTES = 64

Write = Callable[[Commit], Coroutine[Any, Any, Written]]

_Unwritten = Refused | Failed | errors.KubeError
"""Why nothing was written. A value and no failure of the write's task, which would be logged with what it quotes."""


@dataclass(slots=True)
class _Entry:
    digest: bytes
    commit: Commit
    task: "asyncio.Task[Written | _Unwritten]"
    waiting: int = 0

    def drop_documents(self, _: object = None) -> None:
        """They are large: of a write that nobody waits for only the result is kept."""
        if not self.waiting and self.task.done() and not self.task.cancelled() and self.task.exception() is None:
            written = self.task.result()
            if isinstance(written, Written):
                written.documents.clear()


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
        entry.waiting += 1
        try:
            written = await asyncio.shield(entry.task)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if is_known and entry.task.cancelled() and task is not None and not task.cancelling():
                # Whoever began it has gone before anything was written. This one is still here.
                return await self.once(start, write)
            if not entry.commit.has_begun and not is_known:
                entry.task.cancel()
                await asyncio.gather(entry.task, return_exceptions=True)
            raise
        finally:
            entry.waiting -= 1
            entry.task.add_done_callback(entry.drop_documents)
        if isinstance(written, _Unwritten):
            raise written
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

    async def _perform(self, name: tuple[str, str], write: Write, commit: Commit) -> Written | _Unwritten:
        try:
            return await write(commit)
        except (errors.Unavailable, errors.Malformed, errors.TooLarge) as error:
            # One with a code is the server's refusal; without one the answer is missing, or can't be read.
            if not commit.has_begun or (isinstance(error, errors.TooLarge) and error.code):
                self._forget(name)
                return error
            said = "did not answer the write" if isinstance(error, errors.Unavailable) else "gave no readable answer"
            return Written(
                pb.OperationResult(
                    outcome=pb.OPERATION_OUTCOME_UNKNOWN,
                    message=f"the API server {said}; look whether it happened before you repeat it",
                )
            )
        except (Refused, Failed, errors.KubeError) as error:
            self._forget(name)
            return error
        except BaseException:
            self._forget(name)
            raise

    def _forget(self, name: tuple[str, str]) -> None:
        self._entries.pop(name, None)
