"""What a run stands on, as types: the writing, the world, and what an operator allows.

A run talks to a model and to a room. In between, a reader turns the model's text into
operations as it arrives, and a :class:`Scribe` turns operations into updates of its own
replica; both are ``ai_agent.writing``. Only records and protocols live here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ai_agent.model import Model
from ai_agent.prices import Prices
from ai_agent.writing.operations import Operation
from server.document.landed import Landed
from server.protocol.awareness import PresenceEntry
from server.protocol.ids import ProjectId, RunId
from server.room.historian import Work
from server.room.history_ports import History
from server.room.ports import Clock, Directory
from server.room.retrieval_ports import Retrieval
from server.room.rooms import Rooms
from server.room.run_ports import Runs


class Scribe(Protocol):
    """A peer's own replica of the document, and where it writes in it.

    Synchronous; ``close`` when done, or it is never freed.
    """

    def receive(self, update: bytes) -> None:
        """An edit of somebody, or of our own coming back."""

    def hear(self, entries: Sequence[PresenceEntry]) -> None:
        """Who is here and where they are active; with a state of None: who is gone."""

    def perform(self, operations: Sequence[Operation]) -> bytes | None:
        """Write; the update for the room, None if nothing was written."""

    def presence(self) -> PresenceEntry:
        """Our own state for the others; its clock grows with each call."""

    def close(self) -> None:
        """Let go of the replica."""


class Past(Protocol):
    """The part of ``HistoryLog`` that a run needs."""

    async def read(self, project: ProjectId) -> History:
        """Raises ``NotFound``, or ``DocumentDamaged`` for rows that do not verify."""


Hire = Callable[[RunId, bytes, Landed], Scribe]
"""A scribe of a run, for the document as one update, and what the run has written before."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one run may take. ``cost`` is in millionths, as in ``Usage``; ``workers`` is how many
    runs one process works on at a time."""

    context_tokens: int = 8_000
    answer_tokens: int = 8_000
    run_tokens: int = 60_000
    run_cost: int | None = None
    workers: int = 4


@dataclass(frozen=True, slots=True)
class Office:
    """The world of an agent. Without a ``model`` every run fails, and says what is missing."""

    rooms: Rooms
    runs: Runs
    retrieval: Retrieval
    directory: Directory
    history: Past
    work: Work
    clock: Clock
    model: Model | None
    hire: Hire
    prices: Prices = field(default_factory=Prices)
    bounds: Bounds = field(default_factory=Bounds)
