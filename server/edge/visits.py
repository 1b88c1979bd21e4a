"""Who has opened which project, written down a little later and not too often.

Off the way of an edit: joining only leaves a note; one small write gathers all notes of a
second. A note that cannot be written is lost, for it is no edit. What does not live here: who
may open what.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from server.protocol.errors import AgentcError
from server.protocol.ids import ProjectId, UserId
from server.room.ports import Clock, Seat
from server.room.project_ports import Projects, Visit

logger = logging.getLogger(__name__)

GATHER_SECONDS = 1.0
REPEAT_SECONDS = 60.0
"""Of one person and project, no more often than that."""

Opened = tuple[ProjectId, UserId]


class VisitBook:
    """Notes of visits. ``run`` is its task."""

    def __init__(self, projects: Projects, clock: Clock) -> None:
        self._projects = projects
        self._clock = clock
        self._noted: dict[Opened, float] = {}
        self._waiting: dict[Opened, Visit] = {}
        self._some = asyncio.Event()

    def note(self, seat: Seat) -> None:
        """Somebody sits down."""
        opened, now = (seat.project, seat.user), self._clock.monotonic()
        if now - self._noted.get(opened, now - REPEAT_SECONDS) < REPEAT_SECONDS:
            return
        self._noted[opened] = now
        self._waiting[opened] = Visit(seat.user, seat.project, self._clock.now())
        self._some.set()

    async def run(self) -> None:
        """Write down what is noted, for ever."""
        while True:
            await self._some.wait()
            await self._clock.sleep(GATHER_SECONDS)
            await self.write()

    async def write(self) -> None:
        """Write down what waits."""
        visits, self._waiting = list(self._waiting.values()), {}
        self._some.clear()
        self._forget()
        if not visits:
            return
        try:
            await self._projects.note_visits(visits)
        except AgentcError as error:
            logger.warning("%d visits are not noted: %s", len(visits), error.message)

    def _forget(self) -> None:
        old = self._clock.monotonic() - REPEAT_SECONDS
        self._noted = {opened: at for opened, at in self._noted.items() if at > old}


@asynccontextmanager
async def keeping(book: VisitBook) -> AsyncIterator[VisitBook]:
    """The book with its task; what waits in the end is still written."""
    async with asyncio.TaskGroup() as tasks:
        writing = tasks.create_task(book.run(), name="visits")
        try:
            yield book
        finally:
            writing.cancel()
            await book.write()
