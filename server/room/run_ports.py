"""Runs of the agent as durable jobs, and what is said about them: the store's side, as types.

The same kind of seam as ``server.room.ports``, whose contract of every store call holds here
too. Only records and protocols live here; what a run does is the agent's business.

    QUEUED --> RUNNING --> DONE | WAITING | FAILED | CANCELLED        WAITING --> DONE

Laws kept here: L9 (a run names who asked; it has no rights of its own). One worker at a time
holds a run, by a lease; each claim is a new *attempt*, and what an older attempt still wants
to write is refused where rows are committed (``Attribution.attempt``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from server.document.elements import ElementRef
from server.protocol.ids import Millis, ProjectId, RunId, UserId

LEASE_MILLIS = 10_000
"""How long a worker that is not heard of keeps a run."""

MAX_ATTEMPTS = 5
"""Claims of one run. What kills its worker each time would kill any; a few are for restarts."""

DAY_MILLIS = 24 * 60 * 60 * 1000
CACHED_MILLIS = 7 * DAY_MILLIS


class RunStatus(StrEnum):
    """Where a run is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    """Its work is done, and people have yet to decide on its proposals."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({RunStatus.DONE, RunStatus.FAILED, RunStatus.CANCELLED})


class RunTask(StrEnum):
    """What is asked for."""

    PLAN = "plan"
    SECTIONS = "sections"
    GRAPH = "graph"
    DIAGRAM = "diagram"
    FREE = "free"


class RunReason(StrEnum):
    """Why a run has not been done, for programs; ``Run.told`` says it to people."""

    NO_MODEL = "no-model"
    BAD_KEY = "bad-key"
    NO_QUOTA = "no-quota"
    RATE_LIMITED = "rate-limited"
    REFUSED = "refused"
    TOO_LONG = "too-long"
    TRUNCATED = "truncated"
    ANSWER_TOO_LONG = "answer-too-long"
    STALLED = "stalled"
    DISCONNECTED = "disconnected"
    NONSENSE = "nonsense"
    UNAVAILABLE = "unavailable"
    REJECTED = "rejected"
    OVER_BUDGET = "over-budget"
    LOST_RIGHTS = "lost-rights"
    INTERRUPTED = "interrupted"
    ROOM = "room"
    CANCELLED = "cancelled"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Target:
    """What a request is about: elements, and of a single one perhaps a range of its text, in
    code points. Empty: the project. ``diagram`` is the kind of diagram that is asked for."""

    elements: tuple[ElementRef, ...] = ()
    span: tuple[int, int] | None = None
    diagram: str | None = None


@dataclass(frozen=True, slots=True)
class NewRun:
    """A request about to be queued."""

    project: ProjectId
    asker: UserId
    task: RunTask
    prompt: str
    target: Target = Target()


@dataclass(frozen=True, slots=True)
class Usage:
    """What a run has used. ``cost`` is in millionths of the currency of the price table;
    ``estimated`` says that the model did not tell."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: int = 0
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come: what it has used, and what it has written."""

    usage: Usage = Usage()
    characters: int = 0
    elements: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """A request, and what has become of it: nothing, at first."""

    id: RunId
    project: ProjectId
    asker: UserId
    task: RunTask
    prompt: str
    target: Target
    created_at: Millis
    status: RunStatus = RunStatus.QUEUED
    reason: RunReason | None = None
    told: str = ""
    """What a person may do about ``reason``; empty without one."""
    model: str = ""
    attempt: int = 0
    cancelling: bool = False
    progress: Progress = Progress()
    started_at: Millis | None = None
    ended_at: Millis | None = None
    reverted_at: Millis | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of one attempt to work on a run."""

    run: RunId
    attempt: int


@dataclass(frozen=True, slots=True)
class AtWork:
    """A run that somebody works on, and for whom."""

    lease: Lease
    project: ProjectId
    asker: UserId


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt has ended a run. ``said`` is kept in the conversation."""

    status: RunStatus
    reason: RunReason | None = None
    told: str = ""
    said: str = ""


class Speaker(StrEnum):
    """Who has said something in a conversation."""

    PERSON = "person"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a project's conversation; ``number`` grows from 1."""

    number: int
    speaker: Speaker
    user: UserId | None
    run: RunId
    text: str
    at: Millis


@dataclass(frozen=True, slots=True)
class ReadElement:
    """Something that a run has read, and a digest of how it was then."""

    element: ElementRef
    digest: bytes


@dataclass(frozen=True, slots=True)
class Allowance:
    """What may be asked for in a day, by one person and in one project; None is no limit.
    ``cost`` is in millionths, as in ``Usage``."""

    runs_per_user: int | None = None
    runs_per_project: int | None = None
    tokens_per_user: int | None = None
    tokens_per_project: int | None = None
    cost_per_user: int | None = None
    cost_per_project: int | None = None


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """What a model has answered once."""

    text: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class RunQuery:
    """Runs of a project, newest first: at most ``limit``, older than ``before``."""

    limit: int
    before: RunId | None = None


class Runs(Protocol):
    """Runs, conversations and cached answers."""

    # --- for who asks ---

    async def ask(self, new: NewRun, allowance: Allowance) -> Run:
        """Queue a run and note its prompt in the conversation. Raises ``NotFound`` for a
        project that is gone, ``TooMany`` when the day's allowance is used up."""

    async def run(self, run: RunId) -> Run:
        """Raises ``NotFound``, also for runs of deleted projects."""

    async def runs(self, project: ProjectId, query: RunQuery) -> Sequence[Run]:
        """Newest first. Raises ``NotFound`` for an unknown ``before``."""

    async def asked_by(self, user: UserId, query: RunQuery) -> Sequence[Run]:
        """What one person has asked for, in whatever live project, newest first. Raises
        ``NotFound`` for an unknown ``before``."""

    async def conversation(self, project: ProjectId, limit: int) -> Sequence[Said]:
        """The newest messages, in order."""

    async def cancel(self, run: RunId) -> Run:
        """A queued run ends at once; a running one when its worker hears of it. One that has
        ended stays as it is. Raises ``NotFound``."""

    async def settle(self, run: RunId) -> Run:
        """A waiting run is done; any other stays as it is. Raises ``NotFound``."""

    async def reverted(self, run: RunId) -> Run:
        """Note that what it wrote was taken back. Raises ``NotFound``."""

    async def reads(self, run: RunId) -> Sequence[ReadElement]:
        """What a run has read, in no order."""

    # --- for who works ---

    async def claim(self, holder: str, run: RunId | None = None) -> Run | None:
        """The oldest run that waits for a worker, or ``run`` if it does; None if there is none.

        It is running then, as a new attempt. One whose attempts are used up fails instead.
        """

    async def renew(self, lease: Lease, progress: Progress) -> None:
        """Keep a run for another while. Raises ``Stale`` when it is not ours any more."""

    async def is_cancelling(self, lease: Lease) -> bool:
        """Whether somebody wants it to end. Raises ``Stale`` when it is not ours any more."""

    async def note_reads(self, lease: Lease, model: str, reads: Sequence[ReadElement]) -> None:
        """What this attempt has read, in place of an earlier one's, and for which model.
        Raises ``Stale``."""

    async def finish(self, lease: Lease, progress: Progress, outcome: Outcome) -> Run:
        """The end of a run. Raises ``Stale`` when it is not ours any more."""

    async def release(self, lease: Lease) -> None:
        """Let another worker have it at once. Nothing happens when it is not ours any more."""

    # --- for who shows them ---

    async def at_work(self, besides: str) -> Sequence[AtWork]:
        """Runs that others than this holder work on, by leases that have not run out."""

    # --- what models have answered ---

    async def cached(self, project: ProjectId, key: bytes) -> CachedAnswer | None:
        """An answer that is not too old."""

    async def cache(self, project: ProjectId, key: bytes, answer: CachedAnswer) -> None:
        """Keep an answer. A project that is gone keeps none."""
