"""Waiting for a projection while the clock stands still."""

import asyncio

from server.protocol.ids import ProjectId, Seq
from server.room.rooms import Rooms
from server.room.unprojected import PATIENCE_SECONDS
from tests.doubles.clock import ManualClock

REAL_SECONDS = 20.0


async def projected(rooms: Rooms, clock: ManualClock, project: ProjectId, seq: Seq) -> None:
    """Return once the projection shows ``seq``; on a database, which takes real time."""
    waiting = asyncio.create_task(rooms.projected(project, seq))
    started = clock.elapsed
    async with asyncio.timeout(REAL_SECONDS):
        while not waiting.done():
            if clock.elapsed - started < PATIENCE_SECONDS / 2:
                await clock.advance(0.25)
            await asyncio.wait({waiting}, timeout=0.05)
    await waiting
