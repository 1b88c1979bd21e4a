"""Everything that may be asked of a project's past, and its snapshots taken.

What is slow is done by :class:`Work`: another process in a server, the same one in a
command. What does not live here: rights (the edge asks), bringing the past back
(``restoring``), and looking after all projects (``upkeep``).

Law kept here: L1. Everything is read from the log, so nothing shown is not durable.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final, ParamSpec, Protocol, TypeVar

from server.document.elements import ElementRef
from server.document.project_difference import Difference, difference
from server.document.replica import Replica
from server.document.restoring import other_roots
from server.document.reverting import Taking
from server.document.schema import ProjectView, read_project
from server.protocol.errors import Invalid
from server.protocol.ids import ProjectId, RunId, Seq, SnapshotId, UserId
from server.room import past
from server.room.history_ports import (
    History,
    HistoryLog,
    NewSnapshot,
    Occasion,
    RecoveredText,
    Snapshot,
    Snapshots,
)
from server.room.past import Activity, Spans, StateAt
from server.room.ports import StoredDocument, UpdateLog

P = ParamSpec("P")
R = TypeVar("R")

MAX_NAME: Final = 200
MAX_NOTE: Final = 2000


class Work(Protocol):
    """Somewhere to run what takes long. Functions and arguments are picklable."""

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of ``work``. Raises what it raises."""


@dataclass(frozen=True, slots=True)
class SnapshotRequest:
    """Why a snapshot is to be taken, and what people may say about it."""

    occasion: Occasion
    by: UserId | None
    name: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Historian:
    """The past of all projects. ``keep`` is how many automatic snapshots of each stay."""

    log: UpdateLog
    history: HistoryLog
    snapshots: Snapshots
    work: Work
    keep: int

    async def take(self, project: ProjectId, request: SnapshotRequest) -> Snapshot:
        """Keep the project as it is now. Raises ``NotFound`` or ``Invalid``.

        An automatic one of an unchanged project is the newest that is there.
        """
        _check(request)
        if request.occasion is not Occasion.NAMED:
            known = await self._unchanged(project)
            if known is not None:
                return known
        return await self._take(project, request)

    async def before_run(self, project: ProjectId, run: RunId, by: UserId) -> Snapshot:
        """Keep the project as it is before an agent run writes to it. To be called once by
        each attempt at a run, before its first edit; it is cheap when nothing has changed since
        the newest snapshot, which is answered then. Raises ``NotFound``."""
        request = SnapshotRequest(Occasion.BEFORE_RUN, by, note=f"before run {run}")
        return await self.take(project, request)

    async def _unchanged(self, project: ProjectId) -> Snapshot | None:
        """The newest snapshot, if nothing was written since; the document is not loaded."""
        newest = await self.snapshots.newest(project)
        if newest is None:
            return None
        head = (await self.log.heads([project])).get(project)
        return newest if newest.seq == head else None

    async def _take(self, project: ProjectId, request: SnapshotRequest) -> Snapshot:
        stored = await self.log.load(project)
        state = await self.work.run(state_of, stored)
        name = None if request.name is None else request.name.strip()
        new = NewSnapshot(
            project, stored.head, state, request.occasion, request.by, name, request.note
        )
        return await self.snapshots.add(new, keep=max(1, self.keep))

    async def state(self, project: ProjectId, seq: Seq) -> StateAt:
        """The project at ``seq``, or at the last point before it that can be reached."""
        return await self.work.run(past.state_at, await self.history.read(project), seq)

    async def now(self, project: ProjectId) -> bytes:
        """The project as it is in the log, as one update."""
        return await self.work.run(state_of, await self.log.load(project))

    async def view(self, state: bytes) -> ProjectView:
        """What a state says."""
        return await self.work.run(view_of, state)

    async def other_roots(self, *states: bytes) -> tuple[str, ...]:
        """Root types in these states that a restore leaves as they are, by name."""
        return await self.work.run(other_roots_of, states)

    async def compare(self, before: bytes, after: bytes) -> Difference:
        """In what two states differ."""
        return await self.work.run(difference_of, before, after)

    async def difference(self, project: ProjectId, seq: Seq, to: Seq) -> Difference:
        """In what the project differs at two positions of its log, each as in ``state``."""
        return await self.work.run(difference_at, await self.history.read(project), seq, to)

    async def activity(self, project: ProjectId, *, elements: bool = False) -> tuple[Activity, ...]:
        """Sittings, newest first; with the elements that they changed, if asked for."""
        ask = past.activity_with_elements if elements else past.activity
        return await self.work.run(ask, await self.history.read(project))

    async def blame(self, project: ProjectId, ref: ElementRef) -> Spans:
        """Who wrote the text of an element. Raises ``NotFound``."""
        return await self.work.run(past.who_wrote, await self.history.read(project), ref)

    async def taking_of_run(self, project: ProjectId, run: RunId) -> Taking:
        """What there is of an agent run, to be taken back."""
        return await self.work.run(past.taking_of_run, await self.history.read(project), run)

    async def recovered(self, project: ProjectId) -> tuple[RecoveredText, ...]:
        """Text that came too late, oldest first."""
        return await self.work.run(past.recovered, await self.history.read(project))

    async def snapshot(self, snapshot: SnapshotId) -> tuple[Snapshot, bytes]:
        """A snapshot and its state. Raises ``NotFound`` or ``DocumentDamaged``."""
        found = await self.snapshots.get(snapshot)
        return found, await self.snapshots.state(snapshot)


def _check(request: SnapshotRequest) -> None:
    """Raises ``Invalid``."""
    name = None if request.name is None else request.name.strip()
    if name is not None and not (0 < len(name) <= MAX_NAME and name.isprintable()):
        raise Invalid(f"a snapshot's name has 1 to {MAX_NAME} printable characters")
    if len(request.note) > MAX_NOTE or "\0" in request.note:
        raise Invalid(f"a note has at most {MAX_NOTE} characters")


def state_of(stored: StoredDocument) -> bytes:
    """A stored document as one update, with what waits for predecessors."""
    replica = Replica.load([row.payload for row in stored.tail], checkpoint=stored.checkpoint)
    try:
        return replica.everything()
    finally:
        replica.close()


def view_of(state: bytes) -> ProjectView:
    """What a state says."""
    replica = Replica.load((), checkpoint=state)
    try:
        return read_project(replica)
    finally:
        replica.close()


def other_roots_of(states: Sequence[bytes]) -> tuple[str, ...]:
    """Root types of any of these that are not the schema's."""
    found: set[str] = set()
    for state in states:
        with closing(Replica.load((), checkpoint=state)) as replica:
            found.update(replica.read(other_roots))
    return tuple(sorted(found))


def difference_of(before: bytes, after: bytes) -> Difference:
    """In what two states differ."""
    return difference(view_of(before), view_of(after))


def difference_at(history: History, seq: Seq, to: Seq) -> Difference:
    """In what a project differs at two positions of its log."""
    return difference_of(past.state_at(history, seq).state, past.state_at(history, to).state)
