"""How long rooms hold their breath before they take their turns.

A turn costs a commit, a wake-up and a frame for each client, however much it holds. When
little happens a room takes its turn at once. When much happens all rooms wait a few
milliseconds and then go together: their edits share one transaction. And a crowded room
waits longer between its turns, for each costs a system call for each client: what came
meanwhile is one update. What does not live here: the transaction
(:mod:`server.room.committer`).

Every wait is measured from the turn before and bounded, whatever the store does. So the
first edit after a quiet moment never waits, in a crowd but for a millisecond.
"""

import asyncio
from typing import Final

from server.room.ports import Clock

BUSY: Final = 8
"""Commands within one breath that make it a busy time. A person who waits for each edit
to come back does not reach it; a room full of them does."""


WORTH_A_TURN: Final = 32
"""With so many commands waiting, a room need not wait for more."""

NOT_CROWDED: Final = 10
"""Clients up to which a room does not wait for its own sake."""

MOST_SECONDS: Final = 0.033
"""Thirty frames a second, a third of the 100 ms in which people still feel that something
happens at once; reached with 100 clients by default."""


CLUMP_SECONDS: Final = 0.001
"""What comes to a crowded room in the same moment goes together, also after a quiet one: else
the first word of twenty would be told at once, and the others after a whole rest."""


def spacing(clients: int, seconds_per_client: float) -> float:
    """Seconds from one turn of a room with so many clients to the next."""
    return 0.0 if clients <= NOT_CROWDED else min(clients * seconds_per_client, MOST_SECONDS)


def rest(clients: int, seconds_per_client: float, since_turn: float) -> float:
    """Seconds that a room waits for more, so many seconds after its last turn."""
    whole = spacing(clients, seconds_per_client)
    return max(whole - since_turn, CLUMP_SECONDS) if whole else 0.0


class Breath:
    """The gate that all rooms pass before a turn. ``run`` is its task."""

    def __init__(self, clock: Clock, linger: float) -> None:
        self._clock = clock
        self._linger = linger
        self._open = asyncio.Event()
        self._open.set()
        self._busy = asyncio.Event()
        self._since = 0.0
        self._taken = 0

    async def ready(self) -> None:
        """Return when a room may take its next turn: at once, unless it is busy."""
        await self._open.wait()

    def took(self, commands: int, now: float) -> None:
        """A room takes a turn with so many commands. ``now`` is monotonic, in seconds."""
        if now - self._since >= self._linger:
            self._since, self._taken = now, 0
        self._taken += commands
        if self._taken >= BUSY:
            self._busy.set()

    async def run(self) -> None:
        """Let the rooms go on when it is time, for ever."""
        while True:
            await self._busy.wait()
            # Only now: all who came in the same moment have gone together.
            self._open.clear()
            self._busy.clear()
            try:
                await self._clock.sleep(self._since + self._linger - self._clock.monotonic())
            finally:
                self._open.set()
