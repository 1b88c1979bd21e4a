"""Which documents have edits that their projection does not show yet, and who waits for it.

A document is due one second after its last edit, five seconds after its first, or at once
when somebody waits. Plain bookkeeping of one event loop; what does not live here:
projecting (``server.room.projector``).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from server.protocol.errors import AgentcError, StoreBusy
from server.protocol.ids import ProjectId, Seq
from server.room.ports import Clock

QUIET_SECONDS = 1.0
LATEST_SECONDS = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 10.0, 600.0
"""Seconds for which a document that could not be projected is left alone; doubled each time."""

PATIENCE_SECONDS = 10.0
"""How long a reader waits for a projection, unless it says otherwise."""


_Waiter = tuple[Seq, asyncio.Future[None]]


@dataclass(slots=True)
class _Wanted:
    """A document with unprojected edits. Times are monotonic seconds."""

    first: float
    last: float
    urgent: bool = False

    @property
    def due(self) -> float:
        return self.first if self.urgent else min(self.last + QUIET_SECONDS, self.latest)

    @property
    def latest(self) -> float:
        return self.first + LATEST_SECONDS


@dataclass(slots=True)
class _Pause:
    """A document whose projection has failed."""

    seconds: float
    until: float


@dataclass(slots=True)
class Unprojected:
    """The list of one process. ``note`` is on the way of every edit, and does very little."""

    clock: Clock
    _wanted: dict[ProjectId, _Wanted] = field(default_factory=dict)
    _under_way: dict[ProjectId, float] = field(default_factory=dict)
    _pauses: dict[ProjectId, _Pause] = field(default_factory=dict)
    _waiting: dict[ProjectId, list[_Waiter]] = field(default_factory=dict)

    def note(self, project: ProjectId) -> None:
        """Edits of this document have been committed."""
        now = self.clock.monotonic()
        if (wanted := self._wanted.get(project)) is None:
            self._wanted[project] = _Wanted(now, now)
        else:
            wanted.last = now

    def due(self) -> list[ProjectId]:
        """What is to be projected now, the longest due first."""
        now = self.clock.monotonic()
        found = [
            (wanted.due, project)
            for project, wanted in self._wanted.items()
            if wanted.due <= now and not self.pauses(project)
        ]
        return [project for _, project in sorted(found)]

    def begun(self, project: ProjectId) -> None:
        """Its projection is under way: what is noted from now on is new."""
        wanted = self._wanted.pop(project, None)
        self._under_way[project] = self.clock.monotonic() if wanted is None else wanted.first

    def reached(self, project: ProjectId, seq: Seq) -> None:
        """The projection reflects ``seq`` now."""
        self._pauses.pop(project, None)
        self._under_way.pop(project, None)
        waiting = self._waiting.pop(project, [])
        late = [(wanted, future) for wanted, future in waiting if wanted > seq]
        for wanted, future in waiting:
            if wanted <= seq and not future.done():
                future.set_result(None)
        if late:
            self._waiting[project] = late
            self._hurry(project)

    def again(self, project: ProjectId) -> None:
        """Somebody else has written meanwhile, or the database did not answer: soon again."""
        self._restore(project)
        if project in self._waiting:
            self._hurry(project)

    def failed(self, project: ProjectId, error: AgentcError) -> None:
        """It could not be projected: leave it alone for a while, and tell who waits."""
        before = self._pauses.get(project)
        seconds = FIRST_PAUSE if before is None else min(2 * before.seconds, LONGEST_PAUSE)
        self._pauses[project] = _Pause(seconds, self.clock.monotonic() + seconds)
        self._restore(project)
        self._refuse(project, error)

    def forget(self, project: ProjectId, error: AgentcError) -> None:
        """There is no such project any more."""
        for listed in (self._wanted, self._under_way, self._pauses):
            listed.pop(project, None)
        self._refuse(project, error)

    def pauses(self, project: ProjectId) -> bool:
        """Whether it is left alone for now."""
        pause = self._pauses.get(project)
        return pause is not None and pause.until > self.clock.monotonic()

    def lists(self, project: ProjectId) -> bool:
        """Whether its edits are waiting to be projected."""
        return project in self._wanted

    async def projected(
        self, project: ProjectId, seq: Seq, patience: float = PATIENCE_SECONDS
    ) -> None:
        """Return once the projection reflects ``seq``, and hurry it.

        Raises ``StoreBusy`` after ``patience`` seconds, ``NotFound``, or why the document
        cannot be projected.
        """
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiter = (seq, reached)
        self._waiting.setdefault(project, []).append(waiter)
        self._hurry(project)
        try:
            async with asyncio.TaskGroup() as group:
                alarm = group.create_task(self._give_up(waiter, patience))
                await asyncio.wait({reached})
                alarm.cancel()
        finally:
            reached.cancel()
            self._leave(project, waiter)
        reached.result()

    async def _give_up(self, waiter: _Waiter, patience: float) -> None:
        await self.clock.sleep(patience)
        seq, reached = waiter
        if not reached.done():
            why = f"the projection has not reached {seq} within {patience:g} s"
            reached.set_exception(StoreBusy(why))

    def oldest(self) -> float:
        """Age in seconds of the oldest edit that no projection shows."""
        return max(self.ages().values(), default=0.0)

    def ages(self) -> Mapping[ProjectId, float]:
        """The same for each document that has such an edit."""
        now = self.clock.monotonic()
        first = {project: wanted.first for project, wanted in self._wanted.items()}
        return {project: now - since for project, since in (first | self._under_way).items()}

    def _hurry(self, project: ProjectId) -> None:
        now = self.clock.monotonic()
        self._wanted.setdefault(project, _Wanted(now, now)).urgent = True

    def _restore(self, project: ProjectId) -> None:
        """Its oldest edit is as old as it was."""
        self.note(project)
        first = self._under_way.pop(project, self.clock.monotonic())
        self._wanted[project].first = min(first, self._wanted[project].first)

    def _refuse(self, project: ProjectId, error: AgentcError) -> None:
        for _, future in self._waiting.pop(project, []):
            if not future.done():
                future.set_exception(error)

    def _leave(self, project: ProjectId, waiter: _Waiter) -> None:
        rest = [other for other in self._waiting.get(project, []) if other is not waiter]
        if rest:
            self._waiting[project] = rest
        else:
            self._waiting.pop(project, None)
