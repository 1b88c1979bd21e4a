"""What the elements of a document have in common over HTTP: to show, list, change, remove.

Reads ask the rows of the projection, or else the live room; both answer what is durable.
Changes are made in the room's turn, and an answer means committed (L1). An expectation
(If-Match) is compared in the moment of the change, with the element as it is then. What does
not live here: which elements there are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Response

from server.document.listing import Page
from server.document.portable import portable
from server.document.replica import Document
from server.document.schema import Diagram, Edge, Node, Section
from server.edge.api.callers import Access
from server.edge.api.etags import etag_of, require_match
from server.edge.api.models import Output
from server.edge.api.pages import read_key
from server.edge.api.services import Services

R = TypeVar("R", Node, Edge, Section, Diagram)
T = TypeVar("T")
M = TypeVar("M", bound=Output)

Show = Callable[[R, int], M]
"""From a record and a seq to the model that is answered."""


@dataclass(frozen=True, slots=True)
class Here:
    """Where a request works: a project, seen through its room, by somebody."""

    services: Services
    access: Access
    response: Response

    async def show(self, kind: type[R], id: str, show: Show[R, M]) -> M:
        """One element."""
        seen = await self.services.content().element(self.access.project, kind, id)
        return self._tagged(show(seen.value, seen.seq))

    async def change(self, change: Callable[[Document], R], show: Show[R, M]) -> M:
        """Make or change one element."""
        done = await self.services.rooms.edit(
            self.access.project, change, self.access.by, self.access.role
        )
        return self._tagged(show(portable(done.value), done.seq))

    async def change_expected(
        self,
        expected: str | None,
        read: Callable[[Document], R],
        change: Callable[[Document], R],
        show: Show[R, M],
    ) -> M:
        """The same, only if it is still what the caller has read."""

        def expecting(doc: Document) -> R:
            return _expecting(expected, read, change, show, doc)

        return await self.change(expecting, show)

    async def remove_expected(
        self,
        expected: str | None,
        read: Callable[[Document], R],
        remove: Callable[[Document], object],
        show: Show[R, M],
    ) -> Response:
        """Delete one element; one that is not as the schema says can be deleted, too."""
        # Without an expectation it need not be readable.
        look = partial(_expecting, expected, read, remove, show) if expected else remove
        access = self.access
        await self.services.rooms.edit(access.project, look, access.by, access.role)
        return Response(status_code=204)

    def _tagged(self, shown: M) -> M:
        self.response.headers["ETag"] = etag_of(shown)
        return shown


def _expecting(
    expected: str | None,
    read: Callable[[Document], R],
    change: Callable[[Document], T],
    show: Show[R, M],
    doc: Document,
) -> T:
    require_match(expected, show(portable(read(doc)), 0))
    return change(doc)


# --- lists ---------------------------------------------------------------------


def _page(
    limit: Annotated[int, Query(ge=1, le=1000, description="How many at most.")] = 100,
    after: Annotated[
        str | None, Query(max_length=60_000, description="`next` of the page before.")
    ] = None,
) -> Page:
    return Page(limit, None if after is None else read_key(after))


KnownPage = Annotated[Page, Depends(_page)]
"""A handler's parameter."""
