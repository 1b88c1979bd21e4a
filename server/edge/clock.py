"""The real clock: the only place where time passes by itself.

Everything else takes a ``Clock`` and can be tested with one that stands still.
"""

import asyncio
import time

from server.protocol.ids import Millis


class SystemClock:
    """The ``Clock`` of the room's ports, on the machine's clocks."""

    def now(self) -> Millis:
        """Wall-clock time."""
        return Millis(time.time_ns() // 1_000_000)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Return once ``seconds`` have passed."""
        await asyncio.sleep(seconds)
