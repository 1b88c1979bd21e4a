"""Looks after every project: daily snapshots, old history made small, deleted ones purged.

One task of its own beside the rooms. A project that fails is left to the next round and
keeps nobody else from it. What does not live here: how any of this is done.

Laws kept here: L4 (thinning verifies before anything is deleted) and L5 (no room is
touched: all of this is between the log and the store. The rooms of a project that is purged
were closed when it was deleted, days ago).
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from server.protocol.errors import NotFound, StoreUnavailable
from server.protocol.ids import Millis, ProjectId
from server.room import past
from server.room.historian import Historian, SnapshotRequest
from server.room.history_ports import Occasion, Retention
from server.room.ports import Clock
from server.room.project_ports import Projects

logger = logging.getLogger(__name__)

FIRST_SECONDS = 5.0
ROUND_SECONDS = 600.0
BATCH = 100
DAY_MILLIS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Rules:
    """What the operator wants kept."""

    history_days: int
    history_percent: int
    project_days: int
    """For which a deleted project can be brought back."""


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The one keeper of this process. ``run`` is its task."""

    historian: Historian
    projects: Projects
    clock: Clock
    rules: Rules

    async def run(self) -> None:
        """A round soon after the start, for a process may never grow old, and then now and
        then, for ever."""
        await self.clock.sleep(FIRST_SECONDS)
        while True:
            await self._try("all projects", self.round())
            await self.clock.sleep(ROUND_SECONDS)

    async def round(self) -> None:
        """Everything that is due now."""
        historian, day = self.historian, Millis(self.clock.now() - DAY_MILLIS)
        if historian.keep:
            await self._each(partial(historian.snapshots.due, day), self.take_daily)
        await self._each(partial(historian.history.overgrown, self.retention()), self.thin)
        await self._each(partial(self.projects.outlived, self.deadline()), self.purge)

    def retention(self) -> Retention:
        """What is to be kept as of now."""
        before = Millis(self.clock.now() - self.rules.history_days * DAY_MILLIS)
        return Retention(before, self.rules.history_percent)

    def deadline(self) -> Millis:
        """What was deleted by then cannot be brought back."""
        return Millis(self.clock.now() - self.rules.project_days * DAY_MILLIS)

    async def purge(self, project: ProjectId) -> None:
        """Remove a deleted project for good, unless somebody else was faster."""
        with suppress(NotFound):
            await self.projects.purge(project)
            logger.info("project %s was deleted long ago and is purged", project)

    async def take_daily(self, project: ProjectId) -> None:
        """Nothing is stored if nothing has changed."""
        await self.historian.take(project, SnapshotRequest(Occasion.DAILY, None))

    async def thin(self, project: ProjectId) -> bool:
        """Make a project's old history small; False when there is none, or somebody else
        was faster."""
        history = self.historian.history
        old = await history.read_old(project, self.retention())
        if not old.runs:
            return False
        return await history.replace_old(old, await self.historian.work.run(past.thinned, old))

    async def _each(
        self,
        find: Callable[[ProjectId, int], Awaitable[Sequence[ProjectId]]],
        job: Callable[[ProjectId], Awaitable[object]],
    ) -> None:
        """All that are found, unless the store is out of service. One after the other by their
        names: those that fail are passed, and keep nobody else waiting for ever."""
        last = ProjectId("")
        while projects := await find(last, BATCH):
            for project in projects:
                if not await self._try(project, job(project)):
                    return
            last = projects[-1]

    async def _try(self, what: str, job: Awaitable[object]) -> bool:
        """Whether it is worth it to go on. What fails is left to the next round."""
        try:
            await job
        except StoreUnavailable as error:
            logger.warning("projects are not looked after: %s", error.message)
            return False
        except Exception:
            logger.exception("%s is not looked after", what)
        return True


@asynccontextmanager
async def looking_after(upkeep: Upkeep) -> AsyncIterator[None]:
    """Projects are looked after while inside."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(upkeep.run(), name="upkeep")
        try:
            yield
        finally:
            task.cancel()
