"""Reads of a project's content that open its document only if they must.

Where the rows of the projection reflect the head of the log, they are asked: what they say
is the document, durable (L1), with all that anybody has been told is saved, so that who has
written reads what they wrote. Else the live room answers, which it does in the order of
its turns. Both ways give one representation (``server.document.portable``). What does not
live here: rows (``store``), and whether the caller may (the edge asks).

Law kept here: L1.
"""

from dataclasses import dataclass, replace
from functools import partial

from server.document import listing
from server.document.graph import Direction, Graph, Links, Neighbour, links_of
from server.document.listing import Page, Part
from server.document.portable import portable, portable_view
from server.document.replica import Document
from server.document.schema import ProjectView, view_of
from server.protocol.ids import ProjectId
from server.room.commands import AtSeq
from server.room.projection_ports import MAX_PROBLEMS, E, ProjectionReader
from server.room.rooms import Rooms


@dataclass(frozen=True, slots=True)
class Content:
    """What projects hold. All raise ``NotFound`` for a project that is not there, and what
    opening a document raises."""

    rooms: Rooms
    reader: ProjectionReader

    async def part(self, project: ProjectId, kind: type[E], page: Page) -> AtSeq[Part[E]]:
        """A part of a list. Raises ``Invalid`` for a key that is none of this list's."""
        rows = await self.reader.part(project, kind, page)
        return rows or await self.rooms.look(project, partial(_part, kind=kind, page=page))

    async def element(self, project: ProjectId, kind: type[E], id: str) -> AtSeq[E]:
        """One element. For what the rows do not have, the document says why it is not shown."""
        rows = await self.reader.element(project, kind, id)
        return rows or await self.rooms.look(project, partial(_element, kind=kind, id=id))

    async def view(self, project: ProjectId) -> AtSeq[ProjectView]:
        """All elements, and the first ``MAX_PROBLEMS`` problems."""
        return await self.reader.view(project) or await self.rooms.look(project, _view)

    async def links(self, project: ProjectId) -> AtSeq[Links]:
        """The graph without its words."""
        return await self.reader.links(project) or await self.rooms.look(project, _links)

    async def neighbours(
        self, project: ProjectId, node: str, direction: Direction, depth: int
    ) -> AtSeq[tuple[Neighbour, ...]]:
        """Nodes near a node. Raises ``NotFound`` for an unknown one."""
        if rows := await self.reader.neighbours(project, node, direction, depth):
            return rows
        seen = await self.rooms.look(project, _links)
        return AtSeq(Graph(seen.value).neighbours(node, direction, depth), seen.seq)


def _element(doc: Document, kind: type[E], id: str) -> E:
    return portable(listing.element_of(doc, kind, id))


def _part(doc: Document, kind: type[E], page: Page) -> Part[E]:
    part = listing.part_of(doc, kind, page)
    return replace(part, items=tuple(map(portable, part.items)))


def _view(doc: Document) -> ProjectView:
    view = portable_view(view_of(doc))
    return replace(view, problems=view.problems[:MAX_PROBLEMS])


def _links(doc: Document) -> Links:
    view = view_of(doc)
    return links_of(view.nodes, view.edges)
