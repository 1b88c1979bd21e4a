"""A reader of a projection that has not been made yet: rows are behind whatever is asked."""

from dataclasses import dataclass

from server.document.graph import Direction, Links, Neighbour
from server.document.listing import Page, Part
from server.document.schema import ProjectView
from server.protocol.ids import ProjectId, Seq
from server.room.commands import AtSeq
from server.room.projection_ports import E, Standing
from tests.doubles.memory_store import MemoryDatabase


@dataclass(frozen=True, slots=True)
class NoRows:
    """The ``ProjectionReader`` port."""

    database: MemoryDatabase

    async def standing(self, project: ProjectId) -> Standing:
        """Nothing yet."""
        return Standing(Seq(0), Seq(self.database.live(project).head), None, 0, ())

    async def part(self, project: ProjectId, kind: type[E], page: Page) -> AtSeq[Part[E]] | None:
        """Behind."""
        self.database.live(project)
        return None

    async def element(self, project: ProjectId, kind: type[E], id: str) -> AtSeq[E] | None:
        """Behind."""
        self.database.live(project)
        return None

    async def view(self, project: ProjectId) -> AtSeq[ProjectView] | None:
        """Behind."""
        self.database.live(project)
        return None

    async def links(self, project: ProjectId) -> AtSeq[Links] | None:
        """Behind."""
        self.database.live(project)
        return None

    async def neighbours(
        self, project: ProjectId, node: str, direction: Direction, depth: int
    ) -> AtSeq[tuple[Neighbour, ...]] | None:
        """Behind."""
        self.database.live(project)
        return None
