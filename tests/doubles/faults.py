"""What shall go wrong with a log in memory."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from server.protocol.errors import DocumentFault, ServerError
from server.protocol.ids import ProjectId
from server.room.ports import Batch


@dataclass(slots=True)
class Faults:
    """What shall go wrong. Nothing is written by an append that fails."""

    next_appends: list[ServerError] = field(default_factory=list)
    projects: dict[ProjectId, ServerError] = field(default_factory=dict)
    broken: ServerError | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    def __post_init__(self) -> None:
        self.gate.set()

    def fail_next_append(self, error: ServerError) -> None:
        """Once; call it again for the one after."""
        self.next_appends.append(error)

    def fail_project(self, project: ProjectId, error: ServerError | None = None) -> None:
        """Every append that includes ``project``, until :meth:`heal_project`."""
        self.projects[project] = error or DocumentFault(project, "told to fail")

    def heal_project(self, project: ProjectId) -> None:
        """Accept it again."""
        self.projects.pop(project, None)

    def break_down(self, error: ServerError) -> None:
        """Every append and probe fails, until :meth:`repair`."""
        self.broken = error

    def repair(self) -> None:
        """End a breakdown."""
        self.broken = None

    def hold_appends(self) -> None:
        """Appends wait, uncommitted, for :meth:`release_appends`."""
        self.gate.clear()

    def release_appends(self) -> None:
        """Let them go on."""
        self.gate.set()

    async def pass_gate(self) -> None:
        """Wait while appends are held."""
        self.waiting += 1
        try:
            await self.gate.wait()
        finally:
            self.waiting -= 1

    def check(self, batches: Sequence[Batch]) -> None:
        """Raise what was asked for."""
        if self.broken is not None:
            raise self.broken
        if self.next_appends:
            raise self.next_appends.pop(0)
        for batch in batches:
            if batch.project in self.projects:
                raise self.projects[batch.project]
