"""The books of a single run that nobody else works on: one in a room of another server.

They are kept as long as the run takes. There is no conversation, no cache and no index of what
others have said: the remote server offers none of that to a Yjs client. What does not live here:
the work, and where it is done (``remote``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from server.document.elements import ElementRef
from server.protocol.errors import NotFound
from server.protocol.ids import ProjectId, RunId
from server.room.ports import Clock
from server.room.run_ports import (
    CachedAnswer,
    Lease,
    Outcome,
    Progress,
    ReadElement,
    Run,
    RunStatus,
    Said,
)


@dataclass(slots=True)
class Errand:
    """The ``Books`` of one run."""

    kept: Run
    clock: Clock

    async def claim(self, holder: str, run: RunId | None = None) -> Run | None:
        """Once."""
        if self.kept.status is not RunStatus.QUEUED:
            return None
        started = self.clock.now()
        self.kept = replace(self.kept, status=RunStatus.RUNNING, attempt=1, started_at=started)
        return self.kept

    async def run(self, run: RunId) -> Run:
        """As it stands."""
        if run != self.kept.id:
            raise NotFound("there is no such run")
        return self.kept

    async def renew(self, lease: Lease, progress: Progress) -> None:
        """Nobody else could have it."""
        self.kept = replace(self.kept, progress=progress)

    async def is_cancelling(self, lease: Lease) -> bool:
        """Whoever asked interrupts the process."""
        return False

    async def note_reads(self, lease: Lease, model: str, reads: Sequence[ReadElement]) -> None:
        """Which model it is; what it reads is for nobody to look up."""
        self.kept = replace(self.kept, model=model)

    async def finish(self, lease: Lease, progress: Progress, outcome: Outcome) -> Run:
        """The end."""
        self.kept = replace(
            self.kept,
            status=outcome.status,
            reason=outcome.reason,
            told=outcome.told,
            progress=progress,
            ended_at=self.clock.now(),
        )
        return self.kept

    async def release(self, lease: Lease) -> None:
        """It stays as it is: there is nobody to go on."""

    async def conversation(self, project: ProjectId, limit: int) -> Sequence[Said]:
        """None."""
        return ()

    async def cached(self, project: ProjectId, key: bytes) -> CachedAnswer | None:
        """None."""
        return None

    async def cache(self, project: ProjectId, key: bytes, answer: CachedAnswer) -> None:
        """Not kept."""


class Unindexed:
    """The ``Retrieval`` of a project without an index here: what is found is found by reading."""

    async def elements(self, project: ProjectId, text: str, limit: int) -> Sequence[ElementRef]:
        """None."""
        return ()

    async def said(self, project: ProjectId, text: str, limit: int) -> Sequence[Said]:
        """None."""
        return ()
