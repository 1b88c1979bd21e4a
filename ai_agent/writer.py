"""When a run writes: what has come from the model goes to the room every 50 ms (L1).

Flushing each token would cost the document and every client a transaction; waiting longer would
be seen. What does not live here: how something is written (the scribe).
"""

from collections.abc import Sequence
from typing import Final, assert_never

from ai_agent.colleague import Colleague
from ai_agent.scribes import Scribe
from ai_agent.writing.operations import (
    AddDiagram,
    AddEdge,
    AddNode,
    AddSection,
    AppendText,
    Operation,
    Propose,
    Say,
)
from server.room.ports import Clock

FLUSH_SECONDS: Final = 0.05
ANNOUNCE_SECONDS: Final = 10.0
"""Clients forget a peer of whom they have not heard for half a minute."""


class Writer:
    """Collects operations and flushes them. ``characters`` and ``elements`` count what was
    written, ``said`` is for the conversation."""

    def __init__(self, scribe: Scribe, colleague: Colleague, clock: Clock) -> None:
        self.characters = 0
        self.elements = 0
        self.said = ""
        self._scribe = scribe
        self._colleague = colleague
        self._clock = clock
        self._pending: list[Operation] = []
        self._announced = 0.0

    def take(self, operations: Sequence[Operation]) -> None:
        """Write these with the next flush."""
        for one in operations:
            self._count(one)
        self._pending += operations

    async def run(self) -> None:
        """Flush for ever."""
        await self._announce()
        while True:
            await self._clock.sleep(FLUSH_SECONDS)
            await self.flush()
            if self._clock.monotonic() - self._announced >= ANNOUNCE_SECONDS:
                await self._announce()

    async def flush(self) -> None:
        """Write what has come."""
        if not self._pending:
            return
        pending, self._pending = self._pending, []
        update = self._scribe.perform(pending)
        if update is not None:
            await self._colleague.write(update)
            await self._announce()

    async def finish(self) -> None:
        """Write the rest; return once all of it is durable."""
        await self.flush()
        await self._colleague.saved()

    async def _announce(self) -> None:
        self._announced = self._clock.monotonic()
        await self._colleague.announce(self._scribe)

    def _count(self, one: Operation) -> None:
        match one:
            case AddSection() | AddNode() | AddEdge() | AddDiagram():
                self.elements += 1
            case AppendText(text=text):
                self.characters += len(text)
            case Propose():
                pass  # People make something of it, or do not.
            case Say(text):
                self.said += text
            case _:
                assert_never(one)
