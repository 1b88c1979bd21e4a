"""Keeps the relational picture of documents abreast of them (DESIGN: projection).

Two services. ``run`` projects what this process has edited, one second after it goes quiet
and at most five after the first edit. ``sweep`` projects, at start and every minute,
whatever is behind its head: a command, another process or a crash may have left it so.
Neither opens a room. The worker process reads documents, for pycrdt holds the interpreter
while it does; the store writes differences, a few hundred rows at a time, so that edits
pass between. What does not live here: what a difference is (``server.room.difference``),
when a document is due (``server.room.unprojected``).

Laws kept here: L1 (only committed rows are read: a room answers after the commit that
covers its answer, and the log holds nothing else) and L7 (one document that cannot be
projected is put off; no other waits for it, and no room hears of it).
"""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from server.protocol.errors import (
    AgentcError,
    DocumentFault,
    NotFound,
    StoreBusy,
    StoreUnavailable,
)
from server.protocol.ids import ProjectId
from server.room.difference import ROWS_PER_STEP, Job, Source, packed_differences, unpacked
from server.room.ports import Clock, UpdateLog
from server.room.projection_ports import Known, Projection, Step
from server.room.room import Room
from server.room.statistics import Statistics
from server.room.unprojected import Unprojected
from server.room.worker import Worker

logger = logging.getLogger(__name__)

T = TypeVar("T")

_Standing = tuple[ProjectId, Known]

TICK_SECONDS = 0.25
SWEEP_SECONDS = 60.0
RETRY_SECONDS = 5.0
AT_ONCE = 16
"""Documents in one round, and in one page of a sweep."""

RESTS, LONGEST_REST = 3.0, 1.0
"""A sweep rests so many times as long as a page of it has taken, up to so many seconds:
thousands of documents that are behind, as after an import, must not be in anybody's way."""

ROOM_BYTES = 256 * 1024
"""A live document up to here is asked for its state, which takes it less than a
millisecond, and for what it says, some ten; a larger one is read from the log, in
threads, and is not disturbed."""


@dataclass(slots=True)
class Projector:
    """The one projector of this process. ``run`` and ``sweep`` are its tasks."""

    projection: Projection
    log: UpdateLog
    live: Callable[[ProjectId], Room | None]
    worker: Worker
    clock: Clock
    statistics: Statistics
    unprojected: Unprojected

    async def run(self) -> None:
        """Project what has become due, for ever."""
        while True:
            await self.clock.sleep(TICK_SECONDS)
            await self.round()

    async def round(self) -> None:
        """Project what is due now."""
        due = self.unprojected.due()
        for start in range(0, len(due), AT_ONCE):
            await self._unless_out_of_service(self.project(due[start : start + AT_ONCE]))

    async def sweep(self) -> None:
        """Project what is behind, at once and then every minute, for ever."""
        while True:
            await self._unless_out_of_service(self.catch_up())
            await self.clock.sleep(SWEEP_SECONDS)

    async def catch_up(self) -> None:
        """Project all that is behind its head and not on the list of ``run``, without haste."""
        last: ProjectId | None = None
        while page := await self.projection.behind(last, AT_ONCE):
            last, begun = page[-1], self.clock.monotonic()
            if ours := [name for name in page if not self.unprojected.lists(name)]:
                await self.project(ours)
            taken = self.clock.monotonic() - begun
            await self.clock.sleep(min(RESTS * taken, LONGEST_REST))

    async def project(self, projects: Sequence[ProjectId]) -> None:
        """Bring the projections of these documents up to date, or put them off.

        Raises ``StoreUnavailable``; what was not projected is then on the list of ``run``.
        """
        for project in projects:
            self.unprojected.begun(project)
        try:
            await self._project(projects)
        except StoreUnavailable:
            for project in projects:
                self.unprojected.again(project)
            raise

    async def _project(self, projects: Sequence[ProjectId]) -> None:
        small: list[Step] = []
        known = await self._known(projects)
        for batch in _groups(list(known.items()), _stored_bytes, ROOM_BYTES):
            for packed in await self._differences(await self._jobs(batch)):
                if len(packed) == 1:
                    small.append(unpacked(packed[0]))
                else:
                    await self._write_in_turn(packed)
        for group in _groups(small, _row_count, ROWS_PER_STEP):
            await self._write(group)

    async def _known(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, Known]:
        """What is known of each; those of which that cannot be said are put off. If it cannot be
        said of all together, each is asked about alone."""
        try:
            found = await self.projection.known(projects)
        except Exception as error:
            if len(projects) > 1 and not isinstance(error, StoreUnavailable):
                alone = [await self._known([project]) for project in projects]
                return {project: known for one in alone for project, known in one.items()}
            self._put_off(projects[0], error)
            return {}
        for project in projects:
            if project not in found:
                self._put_off(project, NotFound("no such project"))
        return found

    async def _jobs(self, batch: Sequence[_Standing]) -> list[Job]:
        """What is to be read, of those that are not up to date or put off."""
        jobs = [await self._job(project, known) for project, known in batch]
        return [job for job in jobs if job is not None]

    async def _job(self, project: ProjectId, known: Known) -> Job | None:
        if known.seq >= known.head:
            self.unprojected.reached(project, known.seq)
            return None
        try:
            return Job(await self._source(project, known), known)
        except Exception as error:
            self._put_off(project, error)
            return None

    async def _differences(self, jobs: Sequence[Job]) -> list[tuple[bytes, ...]]:
        """What is to be written of each; those of which that cannot be said are put off.

        A document that ends the worker takes the others with it, so then each goes alone.
        """
        if not jobs:
            return []
        try:
            found = await self.worker.run(packed_differences, jobs)
        except Exception as error:
            if len(jobs) > 1:
                return [one for job in jobs for one in await self._differences([job])]
            found = [error]
        steps: list[tuple[bytes, ...]] = []
        for job, packed in zip(jobs, found, strict=True):
            if isinstance(packed, Exception):
                self._put_off(job.source.project, packed)
            else:
                steps.append(packed)
        return steps

    async def _source(self, project: ProjectId, known: Known) -> Source:
        room = self.live(project)
        if room is not None and room.seq >= known.head and known.stored_bytes <= ROOM_BYTES:
            # A room that fails or ends meanwhile has all that it held in the log.
            with suppress(AgentcError):
                seq, state = await room.read(lambda replica: (room.seq, replica.full()))
                return Source(project, seq, state, ())
        stored = await self.log.load(project)
        tail = tuple(row.payload for row in stored.tail)
        return Source(project, stored.head, stored.checkpoint, tail)

    async def _write_in_turn(self, packed: Sequence[bytes]) -> None:
        """The steps of one document, until somebody else writes to it."""
        for step in packed:
            if not await self._write([unpacked(step)]):
                return

    async def _write(self, steps: Sequence[Step]) -> bool:
        """Write together, or one by one if that is refused; False if any was not written."""
        try:
            written = await self.projection.write(steps)
        except Exception as error:
            if len(steps) > 1 and not isinstance(error, StoreUnavailable):
                return all([await self._write([step]) for step in steps])
            self._put_off(steps[0].project, error)
            return False
        for step, done in zip(steps, written, strict=True):
            self._note_written(step, done)
        return all(written)

    def _note_written(self, step: Step, done: bool) -> None:
        if not done:
            self.unprojected.again(step.project)
        elif step.conclusion is not None:
            self.statistics.projections += 1
            self.unprojected.reached(step.project, step.seq)

    def _put_off(self, project: ProjectId, error: Exception) -> None:
        """A document that cannot be projected must not keep the others from it."""
        match error:
            case StoreUnavailable():
                raise error  # Not this document's fault.
            case NotFound():
                self.unprojected.forget(project, error)
            case StoreBusy():
                self.unprojected.again(project)
            case _:
                logger.error("document %s is not projected", project, exc_info=error)
                told = error if isinstance(error, AgentcError) else _unexpected(project)
                self.unprojected.failed(project, told)

    async def _unless_out_of_service(self, work: Awaitable[None]) -> None:
        try:
            await work
        except StoreUnavailable as error:
            logger.warning("projecting is put off: %s", error.message)
            await self.clock.sleep(RETRY_SECONDS)


def _groups(items: Sequence[T], weight: Callable[[T], int], most: int) -> Iterator[list[T]]:
    """The same in order, together as long as they weigh no more than the largest may."""
    group: list[T] = []
    room = most
    for item in items:
        if group and weight(item) > room:
            yield group
            group, room = [], most
        group.append(item)
        room -= weight(item)
    if group:
        yield group


def _stored_bytes(standing: _Standing) -> int:
    return standing[1].stored_bytes


def _row_count(step: Step) -> int:
    return len(step.puts) + len(step.drops)


def _unexpected(project: ProjectId) -> DocumentFault:
    return DocumentFault(project, "the document could not be projected")
