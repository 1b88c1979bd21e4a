"""``/projects/{id}/activity``, ``/blame``, ``/recovered`` and ``/states``: the past of a project.

What does not live here: snapshots.

Law kept here: L8: whoever may read a project may read its past.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, Path, Query
from pydantic import AwareDatetime, Field

from server.document.elements import ElementRef, Kind
from server.edge.api.authors import Author, names_of
from server.edge.api.callers import ReadAccess
from server.edge.api.contents import Content, ProjectDifference
from server.edge.api.guarded import Router
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.pages import DEFAULT_LIMIT, Cursor, Limit
from server.edge.api.services import KnownServices
from server.edge.api.times import moment
from server.protocol.errors import Invalid
from server.protocol.ids import Seq, UserId
from server.room import past
from server.room.ports import Means

ElementId = Annotated[str, Path(description="An element's id.", max_length=200)]
LARGEST_SEQ = 2**53
Position = Annotated[int, Path(ge=0, le=LARGEST_SEQ, description="A position in the log.")]


class ElementNamed(Output):
    """The name of an element."""

    kind: Kind
    id: str

    @classmethod
    def of(cls, ref: ElementRef) -> Self:
        """The same in JSON."""
        return cls(kind=ref.kind, id=ref.id)


class Activity(Output):
    """What one author did without a pause of a quarter of an hour."""

    author: Author
    first_seq: int
    last_seq: int
    started_at: datetime
    ended_at: datetime
    elements: list[ElementNamed] | None = Field(
        description="What was changed; null unless asked for, empty where history is thinned."
    )


class Activities(Output):
    """A page, newest first."""

    items: list[Activity]
    next: str | None = Field(description="`cursor` of the next page; null on the last.")


class BlamedText(Output):
    """Consecutive characters of one author; null if nobody is known to have written them."""

    text: str
    author: Author | None


class Blame(Output):
    """A text in spans of one author, together all of it."""

    spans: list[BlamedText]


class RecoveredText(Output):
    """Text that came when its place had been deleted: kept, and in no document."""

    seq: int
    author: Author
    at: datetime
    element: ElementNamed | None = Field(description="Where it belonged, if that is known.")
    text: str


class RecoveredTexts(Output):
    """All of a project, newest first."""

    items: list[RecoveredText]


def routes() -> APIRouter:
    """The past of one project."""
    router = Router(tags=["history"], prefix="/projects/{project_id}")
    router.get("/activity", responses=refusals(404))(list_activity)
    router.get("/blame/{kind}/{element_id}", responses=refusals(404))(blame)
    router.get("/recovered", responses=refusals(404))(list_recovered)
    router.get("/states/{seq}", responses=refusals(404))(read_state)
    router.get("/states/{seq}/difference", responses=refusals(404))(compare_states)
    return router


@dataclass(frozen=True, slots=True)
class _Filter:
    """What is asked for; None is "any"."""

    user: str | None
    means: Means | None
    run: str | None
    element: ElementRef | None
    since: datetime | None
    until: datetime | None
    before: Seq | None

    def keeps(self, one: past.Activity) -> bool:
        """Whether an activity is asked for."""
        return (
            self.user in (None, one.by.user)
            and self.means in (None, one.by.means)
            and self.run in (None, one.by.run)
            and (self.element is None or self.element in one.elements)
            and (self.since is None or moment(one.ended_at) >= self.since)
            and (self.until is None or moment(one.started_at) < self.until)
            and (self.before is None or one.last < self.before)
        )


async def list_activity(
    access: ReadAccess,
    services: KnownServices,
    user: Annotated[str | None, Query(max_length=64, description="A user's id.")] = None,
    means: Means | None = None,
    run: Annotated[str | None, Query(max_length=64, description="An agent run's id.")] = None,
    kind: Annotated[Kind | None, Query(description="With `element`.")] = None,
    element: Annotated[str | None, Query(max_length=200, description="With `kind`.")] = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    elements: Annotated[bool, Query(description="Say what was changed; takes longer.")] = False,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Activities:
    """Who worked on the project, when, and by which means; newest first."""
    if (kind is None) is not (element is None):
        raise Invalid("expected both kind and element, or neither")
    ref = None if kind is None or element is None else ElementRef(kind, element)
    asked = _Filter(user, means, run, ref, since, until, _read_cursor(cursor))
    detailed = elements or ref is not None
    found = await services.historian.activity(access.project, elements=detailed)
    page = list(_first(found, asked, limit + 1))
    names = await names_of(services, access.project)
    return Activities(
        items=[_activity(one, names, detailed) for one in page[:limit]],
        next=str(page[limit - 1].last) if len(page) > limit else None,
    )


async def blame(
    kind: Kind, element_id: ElementId, access: ReadAccess, services: KnownServices
) -> Blame:
    """Who wrote the text of an element, character by character."""
    spans = await services.historian.blame(access.project, ElementRef(kind, element_id))
    names = await names_of(services, access.project)
    return Blame(
        spans=[
            BlamedText(
                text=span.text,
                author=None if span.author is None else Author.of(span.author, names),
            )
            for span in spans
        ]
    )


async def list_recovered(access: ReadAccess, services: KnownServices) -> RecoveredTexts:
    """Text that somebody typed where others had deleted the place meanwhile."""
    found = await services.historian.recovered(access.project)
    names = await names_of(services, access.project)
    items = [
        RecoveredText(
            seq=one.seq,
            author=Author.of(one.by, names),
            at=moment(one.at),
            element=None if one.element is None else ElementNamed.of(one.element),
            text=one.text,
        )
        for one in reversed(found)
    ]
    return RecoveredTexts(items=items)


async def read_state(seq: Position, access: ReadAccess, services: KnownServices) -> Content:
    """The project as it was, there or at the last point before that can be reached."""
    found = await services.historian.state(access.project, Seq(seq))
    return Content.of(await services.historian.view(found.state), found.seq)


async def compare_states(
    seq: Position,
    access: ReadAccess,
    services: KnownServices,
    to: Annotated[int, Query(ge=0, le=LARGEST_SEQ, description="Another position in the log.")],
) -> ProjectDifference:
    """What became of the project from one position of its log to another."""
    found = await services.historian.difference(access.project, Seq(seq), Seq(to))
    return ProjectDifference.of(found)


def _first(found: Sequence[past.Activity], asked: _Filter, count: int) -> Iterator[past.Activity]:
    for one in found:
        if asked.keeps(one):
            yield one
            count -= 1
        if not count:
            return


def _activity(one: past.Activity, names: Mapping[UserId, str], detailed: bool) -> Activity:
    return Activity(
        author=Author.of(one.by, names),
        first_seq=one.first,
        last_seq=one.last,
        started_at=moment(one.started_at),
        ended_at=moment(one.ended_at),
        elements=[ElementNamed.of(ref) for ref in one.elements] if detailed else None,
    )


def _read_cursor(cursor: str | None) -> Seq | None:
    """Of two sittings never both end with the same row, so a seq names a place."""
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 17):
        raise Invalid("expected a cursor of this list")
    return Seq(int(cursor))
