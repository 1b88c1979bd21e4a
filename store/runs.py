"""The ``Runs`` port in SQL: each call one transaction.

The statements are in ``store.asking`` and ``store.working``. What does not live here: what a
run does (the agent), who may ask for one (the edge).
"""

from collections.abc import Sequence

from server.protocol.errors import Invalid
from server.protocol.ids import ProjectId, RunId, UserId
from server.room.ports import Clock
from server.room.run_ports import (
    Allowance,
    AtWork,
    CachedAnswer,
    Lease,
    NewRun,
    Outcome,
    Progress,
    ReadElement,
    Run,
    RunQuery,
    Said,
)
from store import asking, run_rows, working
from store.database import Database
from store.faults import Rejected


class SqlRuns:
    """Runs, conversations and cached answers."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def ask(self, new: NewRun, allowance: Allowance) -> Run:
        """Queue a run."""
        try:
            return await self._db.write(asking.ask, new, allowance, self._clock.now())
        except Rejected as error:
            raise Invalid(f"the database cannot hold this: {error}") from error

    async def run(self, run: RunId) -> Run:
        """One run."""
        return await self._db.read(run_rows.run, run)

    async def runs(self, project: ProjectId, query: RunQuery) -> Sequence[Run]:
        """Newest first."""
        return await self._db.read(asking.runs, project, query)

    async def asked_by(self, user: UserId, query: RunQuery) -> Sequence[Run]:
        """Newest first."""
        return await self._db.read(asking.asked_by, user, query)

    async def conversation(self, project: ProjectId, limit: int) -> Sequence[Said]:
        """The newest messages, in order."""
        return await self._db.read(asking.conversation, project, limit)

    async def cancel(self, run: RunId) -> Run:
        """At once, or soon."""
        return await self._db.write(asking.cancel, run, self._clock.now())

    async def settle(self, run: RunId) -> Run:
        """Waiting no more."""
        return await self._db.write(asking.settle, run, self._clock.now())

    async def reverted(self, run: RunId) -> Run:
        """What it wrote was taken back."""
        return await self._db.write(asking.note_reverted, run, self._clock.now())

    async def reads(self, run: RunId) -> Sequence[ReadElement]:
        """What a run has read."""
        return await self._db.read(asking.reads, run)

    async def claim(self, holder: str, run: RunId | None = None) -> Run | None:
        """Looked for without a lock, so that idle workers write nothing."""
        now = self._clock.now()
        names = [run] if run else await self._db.read(working.candidates, now)
        for name in names:
            claimed = await self._db.write(working.claim, name, holder, now)
            if claimed is not None:
                return claimed
        return None

    async def renew(self, lease: Lease, progress: Progress) -> None:
        """Keep a run for another while."""
        await self._db.write(working.renew, lease, progress, self._clock.now())

    async def is_cancelling(self, lease: Lease) -> bool:
        """Whether somebody wants it to end."""
        return await self._db.read(working.is_cancelling, lease)

    async def note_reads(self, lease: Lease, model: str, reads: Sequence[ReadElement]) -> None:
        """What this attempt has read."""
        await self._db.write(working.note_reads, lease, model, reads)

    async def finish(self, lease: Lease, progress: Progress, outcome: Outcome) -> Run:
        """The end of a run."""
        return await self._db.write(working.finish, lease, progress, outcome, self._clock.now())

    async def release(self, lease: Lease) -> None:
        """Let another worker have it."""
        await self._db.write(working.release, lease)

    async def at_work(self, besides: str) -> Sequence[AtWork]:
        """Runs that others work on."""
        return await self._db.read(working.at_work, besides, self._clock.now())

    async def cached(self, project: ProjectId, key: bytes) -> CachedAnswer | None:
        """An answer that is not too old."""
        return await self._db.read(working.cached, project, key, self._clock.now())

    async def cache(self, project: ProjectId, key: bytes, answer: CachedAnswer) -> None:
        """Keep an answer."""
        await self._db.write(working.cache, project, key, answer, self._clock.now())
