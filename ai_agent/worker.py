"""Whoever works on runs: claims them, keeps their leases, and writes down how they end.

A server has one; ``8gentc agent work`` is another on the same database. What does not live
here: the work itself (``attempt``).

Laws kept here: L9. Cancelling is noticed within a fraction of a second, a lost lease ends the
work, and a worker that stops in an orderly way hands its runs on at once.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from ai_agent.attempt import Attempt
from ai_agent.beside import beside
from ai_agent.failures import failed
from ai_agent.ports import Office
from server.protocol.errors import (
    AgentcError,
    NotFound,
    RunFailed,
    ServerError,
    ShuttingDown,
    Stale,
)
from server.protocol.ids import RunId
from server.room.keeping import keep_up
from server.room.ports import Clock
from server.room.run_ports import LEASE_MILLIS, Outcome, Run, RunReason, RunStatus

logger = logging.getLogger(__name__)

POLL_SECONDS: Final = 0.25
"""Between two looks into the queue."""

WATCH_SECONDS: Final = 0.1
"""Between two looks at whether a run shall stop."""

RENEW_SECONDS: Final = 2.0
LEASE_SECONDS: Final = LEASE_MILLIS / 1000
RESTART_SECONDS: Final = 1.0

STOPPED: Final = (
    "Stopped. What had been written is in the project; revert the run if it is not wanted."
)
GONE: Final = "The project is not there any more."


class Worker:
    """Works on runs of one process. ``holder`` names it in leases, for people."""

    def __init__(self, office: Office, holder: str) -> None:
        self._office = office
        self._holder = holder
        self._stopping = False

    async def run(self) -> None:
        """Take runs and work on them, several at a time, for ever."""
        free = asyncio.Semaphore(self._office.bounds.workers)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await free.acquire()
                run = await self._next()
                task = tasks.create_task(self.work_on(run), name=f"run {run.id}")
                task.add_done_callback(lambda _: free.release())

    async def work_now(self, run: RunId) -> Run:
        """Work on one run here, and return it when it has ended; or as somebody else has it."""
        claimed = await self._office.runs.claim(self._holder, run)
        if claimed is not None:
            await self.work_on(claimed)
        return await self._office.runs.run(run)

    async def work_on(self, run: Run) -> None:
        """One attempt, and its end; nothing that goes wrong with it leaves this."""
        attempt = Attempt(self._office, run)
        try:
            outcome = await self._outcome(attempt)
        except Stale:
            logger.warning("run %s: another worker has taken over", run.id)
            return
        except ShuttingDown:
            self._stopping = True
            await self._hand_on(attempt)
            return
        except asyncio.CancelledError:
            await asyncio.shield(self._hand_on(attempt))
            raise
        try:
            await self._office.runs.finish(attempt.lease, attempt.progress, outcome)
        except AgentcError as error:
            # Its lease runs out, and whoever claims it next finds what has landed.
            logger.warning("run %s: its end could not be written down: %s", run.id, error)

    async def _hand_on(self, attempt: Attempt) -> None:
        """With all that it has used: its budget goes on with it."""
        with suppress(AgentcError):
            await self._office.runs.renew(attempt.lease, attempt.progress)
            await self._office.runs.release(attempt.lease)

    async def _next(self) -> Run:
        """The next run; none any more once the rooms of this process are closing."""
        while True:
            if self._stopping:
                await asyncio.Event().wait()
            try:
                run = await self._office.runs.claim(self._holder)
            except ServerError as error:
                logger.warning("cannot look for runs: %s", error)
                await self._office.clock.sleep(RESTART_SECONDS)
                continue
            if run is not None:
                return run
            await self._office.clock.sleep(POLL_SECONDS)

    async def _outcome(self, attempt: Attempt) -> Outcome:
        """How an attempt ends. Raises ``Stale`` when it is not ours to say, ``ShuttingDown`` when
        somebody else shall go on."""
        try:
            async with beside(self._keep(attempt)):
                return await attempt.perform()
        except RunFailed as error:
            return _failure(error)
        except NotFound:
            return Outcome(RunStatus.FAILED, RunReason.ROOM, GONE)
        except (Stale, ShuttingDown):
            raise
        except Exception:
            logger.exception("run %s failed", attempt.run.id)
            return _failure(failed(RunReason.INTERNAL))

    async def _keep(self, attempt: Attempt) -> None:
        """Hold the lease, and stop the attempt when somebody wants that."""
        clock, runs = self._office.clock, self._office.runs
        renewed = clock.monotonic()
        while True:
            await clock.sleep(WATCH_SECONDS)
            asked = clock.monotonic()
            try:
                if asked - renewed >= RENEW_SECONDS:
                    await runs.renew(attempt.lease, attempt.progress)
                    renewed = asked
                if await runs.is_cancelling(attempt.lease):
                    raise RunFailed(RunReason.CANCELLED.value, STOPPED)
            except RunFailed:
                raise
            except ServerError as error:
                if clock.monotonic() - renewed >= LEASE_SECONDS:
                    raise Stale("the lease could not be renewed in time") from error


def _failure(error: RunFailed) -> Outcome:
    reason = RunReason(error.reason)
    status = RunStatus.CANCELLED if reason is RunReason.CANCELLED else RunStatus.FAILED
    return Outcome(status, reason, error.told)


@asynccontextmanager
async def working(worker: Worker, clock: Clock) -> AsyncIterator[None]:
    """A worker at work; leaving hands its runs on."""
    async with beside(keep_up(worker.run, clock)):
        yield
