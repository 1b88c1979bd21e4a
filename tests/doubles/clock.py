"""Time that moves only when a test says so."""

import asyncio
from dataclasses import dataclass, field

from server.protocol.ids import Millis
from server.room.limits import RoomLimits

START = Millis(1_700_000_000_000)

STILL = RoomLimits(linger_seconds=0.0, spacing_seconds=0.0)
"""For rooms on such a clock: nobody moves it, so nobody may wait for others."""


@dataclass(slots=True)
class ManualClock:
    """The ``Clock`` port, standing still until :meth:`advance`."""

    elapsed: float = 0.0
    sleepers: list[tuple[float, "asyncio.Future[None]"]] = field(default_factory=list)
    fell_asleep: asyncio.Event = field(default_factory=asyncio.Event)

    def now(self) -> Millis:
        """Wall-clock time."""
        return Millis(START + round(self.elapsed * 1000))

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        """Wait for :meth:`advance` to pass the time."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.sleepers.append((self.elapsed + seconds, woken))
        self.fell_asleep.set()
        try:
            await woken
        finally:
            self.sleepers = [sleeper for sleeper in self.sleepers if sleeper[1] is not woken]

    async def until_asleep(self) -> None:
        """Return once somebody sleeps: what they did before has been done."""
        while not self.sleepers:
            self.fell_asleep.clear()
            await self.fell_asleep.wait()

    async def advance(self, seconds: float) -> None:
        """Pass time, waking sleepers in the order of their alarms."""
        end = self.elapsed + seconds
        while due := sorted((s for s in self.sleepers if s[0] <= end), key=lambda s: s[0]):
            alarm, woken = due[0]
            self.sleepers.remove(due[0])
            self.elapsed = max(self.elapsed, alarm)
            if not woken.done():
                woken.set_result(None)
            await settle()
        self.elapsed = end
        await settle()


async def settle(rounds: int = 10) -> None:
    """Let every task that can run do so, without passing time."""
    for _ in range(rounds):
        await asyncio.sleep(0)
