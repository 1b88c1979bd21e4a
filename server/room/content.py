"""Reads of a project's content that open its document only if they must.

Where the rows of the projection reflect the head of the log, they are asked: what they say
is the document, durable (L1), with all that anybody has been told is saved, so that who has
written reads what they wrote. Else the live room answers, which it does in the order of
its turns; of a large document it gives its state, which the worker process reads, for that
would hold up every room. All ways give one representation (``server.document.portable``).
What does not live here: rows (``store``), and whether the caller may (the edge asks).

Law kept here: L1.
"""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from server.document import listing
from server.document.graph import Direction, Graph, Links, Neighbour, links_of
from server.document.listing import Page, Part
from server.document.portable import portable, portable_view
from server.document.replica import Document, Replica
from server.document.schema import ProjectView, read_project, view_of
from server.protocol.ids import ProjectId
from server.room.commands import AtSeq
from server.room.projection_ports import MAX_PROBLEMS, E, ProjectionReader
from server.room.projector import ROOM_BYTES
from server.room.rooms import Rooms

T = TypeVar("T")


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
        return await self.reader.view(project) or await self._live(project, _view, _view_from)

    async def links(self, project: ProjectId) -> AtSeq[Links]:
        """The graph without its words."""
        return await self.reader.links(project) or await self._live(project, _links, _links_from)

    async def neighbours(
        self, project: ProjectId, node: str, direction: Direction, depth: int
    ) -> AtSeq[tuple[Neighbour, ...]]:
        """Nodes near a node. Raises ``NotFound`` for an unknown one."""
        if rows := await self.reader.neighbours(project, node, direction, depth):
            return rows
        seen = await self._live(project, _links, _links_from)
        return AtSeq(Graph(seen.value).neighbours(node, direction, depth), seen.seq)

    async def everything(self, project: ProjectId, make: Callable[[ProjectView, bytes], T]) -> T:
        """What ``make``, which is picklable and may take long, makes of all elements and of
        everything that the document says as one update, both of one moment."""
        if await self._is_small(project):
            view, update = await self.rooms.read(project, _everything)
            return await asyncio.to_thread(make, view, update)
        return (await self.rooms.study(project, partial(_made, make))).value

    async def _live(
        self, project: ProjectId, look: Callable[[Document], T], study: Callable[[bytes], T]
    ) -> AtSeq[T]:
        """All of a live document, asked in one of two ways."""
        if await self._is_small(project):
            return await self.rooms.look(project, look)
        return await self.rooms.study(project, study)

    async def _is_small(self, project: ProjectId) -> bool:
        return (await self.rooms.open(project)).stored_bytes <= ROOM_BYTES


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


def _view_from(state: bytes) -> ProjectView:
    return _read(state, _view)


def _links_from(state: bytes) -> Links:
    return _read(state, _links)


def _read(state: bytes, look: Callable[[Document], T]) -> T:
    with closing(Replica.load([state])) as replica:
        return replica.read(look)


def _everything(replica: Replica) -> tuple[ProjectView, bytes]:
    return read_project(replica), replica.everything()


def _made(make: Callable[[ProjectView, bytes], T], update: bytes) -> T:
    return make(_read(update, view_of), update)
