"""What a run stands on, as types: the writing, the world, and what an operator allows.

A run talks to a model and to a room. In between, a reader turns the model's text into
operations as it arrives, and a ``Scribe`` turns operations into updates of its own
replica; both are ``ai_agent.writing``. Only records and protocols live here.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from ai_agent.colleague import Colleague
from ai_agent.model import Model
from ai_agent.prices import Prices
from ai_agent.scribes import Scribe
from server.document.landed import Landed
from server.protocol.ids import ProjectId, RunId
from server.room.authors import Authors
from server.room.historian import Work
from server.room.history_ports import History
from server.room.ports import Clock
from server.room.retrieval_ports import Retrieval
from server.room.run_ports import (
    CachedAnswer,
    Lease,
    Outcome,
    Progress,
    ReadElement,
    Run,
    Said,
)


class Past(Protocol):
    """The part of ``HistoryLog`` that a run needs."""

    async def read(self, project: ProjectId) -> History:
        """Raises ``NotFound``, or ``DocumentDamaged`` for rows that do not verify."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A seat in a room. ``state`` is the document as one update, ``landed`` what the run has
    written into it before, ``authors`` whose hands are known."""

    colleague: Colleague
    state: bytes
    landed: Landed
    authors: Authors


class Place(Protocol):
    """Where a run writes."""

    def arriving(self, run: Run) -> AbstractAsyncContextManager[Arrival]:
        """A seat until the end of the block. Raises ``RunFailed`` when the asker may not write,
        or a ``ServerError`` that another try may not meet."""

    async def has_open_proposals(self, run: Run) -> bool:
        """Whether people have yet to decide on something that the run proposed."""


class Books(Protocol):
    """The part of ``Runs`` that those who work on runs need, as it says."""

    async def run(self, run: RunId) -> Run:
        """Raises ``NotFound``."""

    async def claim(self, holder: str, run: RunId | None = None) -> Run | None:
        """The oldest run that waits, or this one."""

    async def renew(self, lease: Lease, progress: Progress) -> None:
        """Raises ``Stale``."""

    async def is_cancelling(self, lease: Lease) -> bool:
        """Raises ``Stale``."""

    async def note_reads(self, lease: Lease, model: str, reads: Sequence[ReadElement]) -> None:
        """Raises ``Stale``."""

    async def finish(self, lease: Lease, progress: Progress, outcome: Outcome) -> Run:
        """Raises ``Stale``."""

    async def release(self, lease: Lease) -> None:
        """Let another worker have it."""

    async def conversation(self, project: ProjectId, limit: int) -> Sequence[Said]:
        """The newest messages, in order."""

    async def cached(self, project: ProjectId, key: bytes) -> CachedAnswer | None:
        """An answer that is not too old."""

    async def cache(self, project: ProjectId, key: bytes, answer: CachedAnswer) -> None:
        """Keep an answer."""


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

    place: Place
    runs: Books
    retrieval: Retrieval
    work: Work
    clock: Clock
    model: Model | None
    hire: Hire
    prices: Prices = field(default_factory=Prices)
    bounds: Bounds = field(default_factory=Bounds)
