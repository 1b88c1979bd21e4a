"""A process with rooms, on a store in memory and a clock that stands still."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from server.protocol.ids import ProjectId
from server.protocol.roles import Role
from server.room.limits import RoomLimits
from server.room.rooms import Ports, Rooms, hosting
from tests.doubles.clock import ManualClock, settle
from tests.doubles.guest import Guest
from tests.doubles.memory_projection import Abreast, MemoryProjection
from tests.doubles.memory_store import MemoryDatabase, MemoryDocument, MemoryStore

PROJECT = ProjectId("project")


@dataclass
class House:
    """One process; several of them may stand on one database."""

    rooms: Rooms
    store: MemoryStore
    clock: ManualClock
    guests: list[Guest] = field(default_factory=list)

    async def guest(
        self, name: str, role: Role = Role.EDITOR, project: ProjectId = PROJECT
    ) -> Guest:
        """Somebody who has joined and synced."""
        guest = Guest(name, client_id=1000 + len(self.guests))
        self.guests.append(guest)
        await guest.connect(self.rooms, project, role)
        await self.deliver()
        return guest

    async def deliver(self) -> None:
        """Let everything that can happen without time passing happen."""
        for _ in range(4):
            await settle()
            for guest in self.guests:
                if guest.connected:
                    await guest.read()
        await settle()

    def logged(self, project: ProjectId = PROJECT) -> list[bytes]:
        """The payloads in the log."""
        return [row.payload for row in self.store.database.documents[project].rows]


@asynccontextmanager
async def house(
    database: MemoryDatabase,
    limits: RoomLimits | None = None,
    projection: MemoryProjection | None = None,
) -> AsyncIterator[House]:
    """A process on ``database``, drained at the end; it projects nothing if not told to."""
    projection = projection or Abreast(database)
    clock = ManualClock()
    store = MemoryStore(database, clock)
    ports = Ports(
        store.log, store.compaction, store.directory, store.feed, clock, projection, store.events
    )
    # Time stands still here, so nobody lingers, and without a word of limits nobody waits.
    limits = replace(limits or RoomLimits(spacing_seconds=0.0), linger_seconds=0.0)
    async with hosting(ports, limits) as rooms:
        yield House(rooms, store, clock)
        store.faults.release_appends()


@pytest.fixture
def database() -> MemoryDatabase:
    """An empty project."""
    database = MemoryDatabase()
    database.documents[PROJECT] = MemoryDocument()
    return database
