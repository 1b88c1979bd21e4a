"""A clock on which every sleep is over at once."""

import asyncio
from dataclasses import dataclass, field

from server.protocol.ids import Millis
from tests.doubles.clock import START


@dataclass(slots=True)
class Hurry:
    """The ``Clock`` port; time passes only by sleeping."""

    elapsed: float = 0.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> Millis:
        """Wall-clock time."""
        return Millis(START + round(self.elapsed * 1000))

    def monotonic(self) -> float:
        """Seconds since the clock was made."""
        return self.elapsed

    async def sleep(self, seconds: float) -> None:
        """Pass the time."""
        self.slept.append(seconds)
        self.elapsed += seconds
        await asyncio.sleep(0)
