"""``/search``: full-text search over all projects of the caller.

Asked of the projection, which follows documents within seconds; no document is opened.
What does not live here: what a word is, and ranking (the store).

Law kept here: L8 (the query itself knows nothing but the caller's projects).
"""

from typing import Annotated, Self

from fastapi import APIRouter, Query
from pydantic import Field

from server.edge.api.callers import KnownCaller
from server.edge.api.guarded import Router
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.pages import DEFAULT_LIMIT, Cursor, Limit
from server.edge.api.services import KnownServices
from server.protocol.ids import ProjectId
from server.room.projection_ports import Hit, Question, Topic

Words = Annotated[
    str,
    Query(
        alias="q",
        max_length=500,
        description=(
            "Words that must all occur, the last one as a beginning. Case and accents do not"
            " matter, nothing is an operator, and 16 words count. Without a word nothing is found."
        ),
        examples=["market grow"],
    ),
]
Within = Annotated[
    str | None,
    Query(max_length=64, pattern="^[0-9A-Za-z_-]+$", description="Only in this project."),
]


class Excerpt(Output):
    """A piece of a text, to be joined with the others."""

    text: str = Field(examples=["the market "])
    found: bool = Field(description="Whether this is what was asked for.")


class Found(Output):
    """Something that has the words."""

    project_id: str = Field(examples=["5d1a6c3e8b1f4b0f9f6f2f4f0a1b2c3d"])
    project_title: str = Field(examples=["Bakery"])
    kind: Topic = Field(examples=["section"])
    id: str = Field(description="Of the element; of a project, its own.", examples=["s1"])
    title: str = Field(description="Its title or label.", examples=["Market"])
    excerpt: list[Excerpt]

    @classmethod
    def of(cls, hit: Hit) -> Self:
        """As it was found."""
        return cls(
            project_id=hit.project,
            project_title=hit.project_title,
            kind=hit.topic,
            id=hit.id,
            title=hit.title,
            excerpt=[Excerpt(text=part.text, found=part.found) for part in hit.excerpt],
        )


class Findings(Output):
    """A page of what was found, the best first."""

    items: list[Found]
    next: str | None = Field(description="`cursor` of the next page; null on the last.")


def routes() -> APIRouter:
    """Find."""
    router = Router(tags=["search"], prefix="/search")
    router.get("", responses=refusals())(find)
    return router


async def find(
    caller: KnownCaller,
    services: KnownServices,
    words: Words = "",
    project: Within = None,
    kind: Topic | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Findings:
    """Titles of projects, labels and contents of nodes, labels of edges, titles and bodies of
    sections, titles of diagrams. An edit can be found within about five seconds."""
    within = None if project is None else ProjectId(project)
    question = Question(words, within, kind)
    page = await services.search.search(caller.user.id, question, cursor, limit)
    return Findings(items=[Found.of(hit) for hit in page.items], next=page.next)
