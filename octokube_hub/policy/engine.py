"""Keeps the policy in force equal to a directory of files."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import structlog
import watchfiles

from octokube.runtime.tasks import Tasks
from octokube_hub.policy import sources
from octokube_hub.policy.loading import build_policy, find_torn
from octokube_hub.policy.policyset import PolicySet
from octokube_hub.policy.problems import MAX_TOLD, PolicyAlarm, PolicyError, Problem

log = structlog.get_logger(__name__)

# Within one second of a change on disk: at most one poll, the settling, and the compilation.
_POLL_SECONDS = 0.25
# A file must have rested this long before it counts, so that the first half of a write is not taken for the whole:
# half a file may well be valid, and lack the denies at its end.
_SETTLE_SECONDS = 0.15
# Someone who keeps writing does not keep the policy from ever being read.
_LONGEST_SETTLE_SECONDS = 0.45
# Two edits of equal size within one tick of the file system's clock look alike to stat; so young files are read.
_YOUNG_SECONDS = 2.0
_WATCH_RETRY_SECONDS = 5.0

# Longer than this nobody's access waits for a record of the new revision.
_LONGEST_ANNOUNCEMENT_SECONDS = 0.3

Announce = Callable[[PolicySet], Awaitable[None]]
Callback = Callable[[PolicySet], None]
AlarmCallback = Callable[[PolicyAlarm | None], None]


class PolicyEngine:
    """Owns a policy directory: loads it, follows it, and swaps in one whole revision after another.

    Guarantee: ``current`` is always one validated set; a change on disk is in force and every subscriber has been
    called within a second of it; files that are invalid change nothing but ``alarm``. A deleted file removes its rules.
    Not guaranteed: that each of several changes within half a second is ever in force by itself.

    Followed are edits in place, files replaced by renaming, and links swapped above them (a ConfigMap's ``..data``, a
    checkout's ``current``): what counts is the content that the directory's path leads to. A watch on the directory
    makes it quick, and polling makes it certain where watching does not work (network volumes, swapped parents).
    """

    def __init__(self, directory: Path | str, *, announce: Announce | None = None) -> None:
        """``announce`` is awaited before each new revision comes into force, for 0.3 seconds at most."""
        self.directory = Path(directory)
        self._announce = announce
        self.alarm: PolicyAlarm | None = None
        """Set while the files on disk are not in force, or there are none."""
        self.activations = 0
        """Revisions that came into force since the start."""
        self.refusals = 0
        """Edits that were refused since the start."""
        self.compile_seconds = 0.0
        """How long the newest revision took to be validated and compiled."""
        self._current: PolicySet | None = None
        self._subscribers: dict[object, Callback] = {}
        self._alarm_subscribers: dict[object, AlarmCallback] = {}
        self._tasks = Tasks("policy")
        self._stirred = asyncio.Event()
        self._seen: sources.Signature | None = None
        self._refused: str | None = None

    @property
    def has_started(self) -> bool:
        """Whether there is a set in force."""
        return self._current is not None

    @property
    def current(self) -> PolicySet:
        """The set in force. RuntimeError before ``start``."""
        if self._current is None:
            raise RuntimeError("the policy engine has not been started")
        return self._current

    def subscribe(self, callback: Callback) -> Callable[[], None]:
        """Calls back synchronously, in the event loop, with each new set, once it is ``current``. Returns unsubscribe.

        A callback that raises is logged and keeps neither the set nor the other callbacks from their effect.
        """
        key = object()
        self._subscribers[key] = callback

        def unsubscribe() -> None:
            self._subscribers.pop(key, None)

        return unsubscribe

    def subscribe_alarm(self, callback: AlarmCallback) -> Callable[[], None]:
        """Calls back like ``subscribe`` when ``alarm`` has changed, for audit log and metrics. Returns unsubscribe."""
        key = object()
        self._alarm_subscribers[key] = callback

        def unsubscribe() -> None:
            self._alarm_subscribers.pop(key, None)

        return unsubscribe

    async def start(self) -> None:
        """Loads the directory and begins to follow it. Raises PolicyError when there is nothing valid to begin with."""
        if not await asyncio.to_thread(self.directory.is_dir):
            message = "this is not a directory; create it, or name the one that holds policy.csv"
            raise PolicyError((Problem(str(self.directory), 0, message),))
        self._seen = await asyncio.to_thread(sources.sign, self.directory)
        found = await asyncio.to_thread(sources.read_sources, self.directory)
        await self._activate(await asyncio.to_thread(self._build, found))
        self._tasks.start(self._follow(), name="follow")
        self._tasks.start_guarded(self._watch(), name="watch")  # polling does without

    async def run(self) -> None:
        """Starts, and returns only by being cancelled or by failing."""
        await self.start()
        try:
            await self._tasks.wait()
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Stops following. ``current`` stays."""
        await self._tasks.close()

    async def _watch(self) -> None:
        while True:
            try:
                async for _ in watchfiles.awatch(
                    self.directory, watch_filter=None, debounce=50, step=20, recursive=False
                ):
                    self._stirred.set()
            except (OSError, RuntimeError) as error:  # no inotify left, or the directory is gone: polling goes on
                log.warning("policy.watch_failed", directory=str(self.directory), reason=str(error))
            await asyncio.sleep(_WATCH_RETRY_SECONDS)

    async def _follow(self) -> None:
        has_stumbled = False
        while True:
            try:
                # Not wait_for: in Python 3.11 it loses a cancellation that meets the event, and stop would never end.
                async with asyncio.timeout(_POLL_SECONDS):
                    await self._stirred.wait()
            except TimeoutError:  # nothing stirred: look all the same
                pass
            self._stirred.clear()
            try:
                await self._look()
            except PolicyError as error:
                self._seen = None  # look again at the next poll, whatever stat says
                if has_stumbled:  # links that are being swapped lead nowhere for a moment, which is no alarm
                    self._refuse(error, None)
                has_stumbled = True
            else:
                has_stumbled = False

    async def _look(self) -> None:
        signature = await asyncio.to_thread(sources.sign, self.directory)
        if signature == self._seen and not _is_young(signature):
            return
        found = await asyncio.to_thread(sources.read_sources, self.directory)
        if found.revision != self.current.revision and found.revision != self._refused:
            found = await self._settle(found)
        self._seen = signature
        if found.revision == self.current.revision:
            self._refused = None
            self._set_alarm(_alarm_of(self.current))
            return
        if found.revision == self._refused:
            return
        try:
            torn = find_torn(self.current.files, found.files)
            if torn:
                raise PolicyError(torn)
            fresh = await asyncio.to_thread(self._build, found)
        except PolicyError as error:
            self._refuse(error, found.revision)
        except Exception as error:
            # A defect of the compiler must not end the following of files: what is in force stays, and the alarm rings.
            log.error("policy.defect", revision=found.revision, exc_info=error)
            problem = Problem(".", 0, f"the hub fails to compile this policy ({type(error).__name__}); see its log")
            self._refuse(PolicyError((problem,)), found.revision)
        else:
            await self._activate(fresh)

    async def _settle(self, found: sources.Sources) -> sources.Sources:
        deadline = time.monotonic() + _LONGEST_SETTLE_SECONDS
        while True:
            await asyncio.sleep(_SETTLE_SECONDS)
            again = await asyncio.to_thread(sources.read_sources, self.directory)
            if again.revision == found.revision or time.monotonic() >= deadline:
                return again
            found = again

    def _build(self, found: sources.Sources) -> PolicySet:
        began = time.perf_counter()
        built = build_policy(found, commit=sources.find_commit(self.directory, found))
        self.compile_seconds = time.perf_counter() - began
        return built

    async def _activate(self, fresh: PolicySet) -> None:
        if self._announce is not None:
            try:
                async with asyncio.timeout(_LONGEST_ANNOUNCEMENT_SECONDS):
                    await self._announce(fresh)
            except Exception as error:  # a full disk, say, must not keep a deny from coming into force
                log.error("policy.announcement_failed", revision=fresh.revision, exc_info=error)
        self._current = fresh
        self._refused = None
        self.activations += 1
        log.info("policy.activated", revision=fresh.revision, commit=fresh.commit, rows=len(fresh.rows))
        for warning in fresh.warnings[:MAX_TOLD]:
            log.warning("policy.warning", where=f"{warning.file}:{warning.line}", message=warning.message)
        if len(fresh.warnings) > MAX_TOLD:
            log.warning("policy.more_warnings", count=len(fresh.warnings) - MAX_TOLD)
        self._set_alarm(_alarm_of(fresh))
        for callback in list(self._subscribers.values()):
            try:
                callback(fresh)
            except Exception as error:  # of one subscriber; the others are to hear of it all the same
                log.error("policy.subscriber_failed", revision=fresh.revision, exc_info=error)

    def _refuse(self, error: PolicyError, revision: str | None) -> None:
        self._refused = revision
        if self._set_alarm(PolicyAlarm(error.problems)):
            self.refusals += 1
            for problem in error.problems[:MAX_TOLD]:
                where = f"{problem.file}:{problem.line}"
                log.error("policy.refused", where=where, message=problem.message, in_force=self.current.revision)
            if len(error.problems) > MAX_TOLD:
                log.error("policy.more_problems", count=len(error.problems) - MAX_TOLD)

    def _set_alarm(self, alarm: PolicyAlarm | None) -> bool:
        if alarm == self.alarm:
            return False
        was_refusing = self.alarm is not None and not self.alarm.is_enforcing_files
        self.alarm = alarm
        if alarm is None:
            if was_refusing:
                log.info("policy.alarm_ended", in_force=self.current.revision)
        elif alarm.is_enforcing_files:
            log.warning("policy.empty", directory=str(self.directory), message=str(alarm))
        for callback in list(self._alarm_subscribers.values()):
            try:
                callback(alarm)
            except Exception as error:  # as above
                log.error("policy.alarm_subscriber_failed", exc_info=error)
        return True


def _alarm_of(policy: PolicySet) -> PolicyAlarm | None:
    if any(row.rule.effect == "allow" for row in policy.rows):
        return None
    message = "no row allows anything, so that nobody sees anything; write p rows to policy.csv"
    return PolicyAlarm((Problem("policy.csv", 0, message),), is_enforcing_files=True)


def _is_young(signature: sources.Signature) -> bool:
    newest = max((changed for *_, changed in signature), default=0)
    return time.time_ns() - newest < _YOUNG_SECONDS * 1e9
