"""Group commit: one transaction at a time for all rooms that have something to save.

Rooms submit a batch and wait. Whatever is submitted while a transaction runs goes
into the next one, so that the group grows with the load and nothing lingers when
there is none. What does not live here: SQL (the store) and what a room does about
a failure (the room).

Laws kept here: L1 (a submission returns only after its rows are durable) and L2
(an error of one document is isolated by committing document by document; a
store-wide fault trips the breaker; nothing in flight is cancelled).
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.protocol.errors import DocumentFault, ServerError, ShuttingDown, StoreUnavailable
from server.protocol.ids import ProjectId
from server.room.breaker import Breaker
from server.room.ports import Appended, Batch, Clock, UpdateLog
from server.room.statistics import Statistics
from server.room.unprojected import Unprojected

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Submission:
    """A batch, and the room that waits for it."""

    batch: Batch
    done: "asyncio.Future[Appended]"
    since: float


class Committer:
    """The one writer of this process's edits. ``run`` is its task."""

    def __init__(
        self,
        log: UpdateLog,
        breaker: Breaker,
        clock: Clock,
        statistics: Statistics,
        unprojected: Unprojected,
    ) -> None:
        self._log = log
        self._breaker = breaker
        self._clock = clock
        self._statistics = statistics
        self._unprojected = unprojected
        self._waiting: list[Submission] = []
        self._in_flight: list[Submission] = []
        self._wake = asyncio.Event()
        self._closed = False

    async def commit(self, batch: Batch) -> Appended:
        """Return once the batch is durable. Raises a ``ServerError`` if it is not, or
        if that cannot be known."""
        if self._closed:
            raise ShuttingDown("this server is shutting down")
        self._breaker.check()
        done: asyncio.Future[Appended] = asyncio.get_running_loop().create_future()
        self._waiting.append(Submission(batch, done, self._clock.monotonic()))
        self._wake.set()
        return await done

    def oldest_uncommitted(self) -> float:
        """Age in seconds of the edit that has waited longest for its commit."""
        return max(self.uncommitted().values(), default=0.0)

    def uncommitted(self) -> Mapping[ProjectId, float]:
        """The same for each document that has such an edit."""
        now = self._clock.monotonic()
        # The last one of a document counts, and what waits longest comes first.
        pending = reversed([*self._in_flight, *self._waiting])
        return {one.batch.project: now - one.since for one in pending}

    async def run(self) -> None:
        """Commit until :meth:`close`; then finish what was submitted."""
        while not (self._closed and not self._waiting):
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                await self._commit_group()

    def close(self) -> None:
        """Accept nothing more; ``run`` returns when all that was accepted is decided."""
        self._closed = True
        self._wake.set()

    async def _commit_group(self) -> None:
        self._in_flight, self._waiting = self._waiting, []
        try:
            await self._attempt(self._in_flight)
        finally:
            self._in_flight = []

    async def _attempt(self, group: Sequence[Submission]) -> None:
        started = self._clock.monotonic()
        try:
            appended = await self._log.append([submission.batch for submission in group])
        except StoreUnavailable as error:
            self._breaker.trip(error)
            self._refuse(group, error)
        except ServerError as error:
            await self._isolate(group, error)
        except Exception:
            # A driver that fails in a way nobody has mapped: the outcome is unknown, so it
            # counts as failure, and one room's rows must not end everybody's commits.
            logger.exception("a commit failed in an unexpected way")
            await self._isolate(group, _unexpected(group[0].batch))
        else:
            self._statistics.committed(self._clock.monotonic() - started)
            for submission, rows in zip(group, appended, strict=True):
                self._unprojected.note(rows.project)
                _resolve(submission.done, rows)

    async def _isolate(self, group: Sequence[Submission], error: ServerError) -> None:
        """Somebody's rows do not commit: find out whose, so that only they fail."""
        if len(group) == 1:
            self._refuse(group, error)
            return
        for submission in group:
            await self._attempt([submission])

    def _refuse(self, group: Sequence[Submission], error: ServerError) -> None:
        self._statistics.commit_failures += 1
        for submission in group:
            if not submission.done.done():
                submission.done.set_exception(error)


def _resolve(done: "asyncio.Future[Appended]", rows: Appended) -> None:
    if not done.done():
        done.set_result(rows)


def _unexpected(batch: Batch) -> DocumentFault:
    return DocumentFault(batch.project, "the edit could not be saved")
