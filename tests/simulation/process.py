"""One server process of the simulation, which can be stopped, and can crash.

A crash cuts the process off from the database; the sockets are the world's to cut. What
the process still does in its own memory nobody sees, so it may end in good order. Not
here: when that happens (``world``).
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from server.protocol.errors import StoreUnavailable
from server.protocol.ids import ProjectId
from server.room.limits import RoomLimits
from server.room.rooms import Ports, Rooms, hosting
from tests.doubles.clock import ManualClock, settle
from tests.doubles.memory_projection import Abreast
from tests.doubles.memory_store import MemoryCompactionLog, MemoryDatabase, MemoryStore
from tests.simulation.ledger import require

ROUNDS = 40
"""Of the event loop; more than the longest chain of tasks that wake each other."""


class NothingDue(MemoryCompactionLog):
    """Compaction happens when the schedule says so, not by the clock."""

    async def candidates(self, limit: int) -> Sequence[ProjectId]:
        """None."""
        return ()


class Process:
    """Rooms on one store; several of them may stand on one database."""

    rooms: Rooms

    def __init__(self, database: MemoryDatabase, clock: ManualClock, limits: RoomLimits) -> None:
        self.store = MemoryStore(database, clock)
        self._database = database
        self._ports = Ports(
            self.store.log,
            NothingDue(database),
            self.store.directory,
            self.store.feed,
            clock,
            Abreast(database),
            self.store.events,
        )
        self._limits = limits
        self._stop = asyncio.Event()
        self._calls: set[asyncio.Task[None]] = set()
        self._running = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        async with hosting(self._ports, self._limits) as rooms:
            self.rooms = rooms
            await self._stop.wait()

    def call(self, work: Coroutine[Any, Any, None]) -> None:
        """Let somebody call this process, and go on without waiting."""
        task = asyncio.get_running_loop().create_task(work)
        self._calls.add(task)

    def check(self) -> None:
        """No call has ended in an error that its caller did not expect."""
        for task in [task for task in self._calls if task.done()]:
            self._calls.discard(task)
            task.result()
        if self._running.done():
            self._running.result()

    async def stop(self) -> None:
        """End in good order."""
        self.store.faults.release_appends()
        self._stop.set()
        await settle(ROUNDS)
        self.check()
        require(self._running.done(), "a process ends when it is told to")
        require(not self._calls, "nobody waits for a process that has ended")
        self._database.feeds.remove(self.store.feed)

    async def crash(self, *, landed: bool) -> None:
        """End at once: from here on nothing is written, but for what is in flight."""
        faults = self.store.faults
        if landed:
            faults.release_appends()
            await settle(2)
        faults.break_down(StoreUnavailable("this process is dead"))
        await self.stop()

    def heal(self) -> None:
        """End all faults."""
        faults = self.store.faults
        faults.repair()
        faults.heal_project(ProjectId("project"))
        faults.next_appends.clear()
        faults.release_appends()
