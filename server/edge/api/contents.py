"""Whole projects and their differences, as the API says them.

What does not live here: reading and comparing (``server.document``).
"""

from enum import StrEnum
from typing import Self

from pydantic import Field

from server.document.elements import Kind
from server.document.project_difference import Difference
from server.document.schema import Diagram, Edge, Node, ProjectView, Section
from server.document.wording import Change
from server.edge.api.models import Output
from server.edge.differences import difference_as_json


class Content(Output):
    """All elements of a project at some point. ``seq`` is that point."""

    seq: int
    nodes: list[Node]
    edges: list[Edge]
    plan: list[Section] = Field(description="In reading order.")
    diagrams: list[Diagram]

    @classmethod
    def of(cls, view: ProjectView, seq: int) -> Self:
        """As it was read."""
        return cls(
            seq=seq,
            nodes=list(view.nodes),
            edges=list(view.edges),
            plan=list(view.sections),
            diagrams=list(view.diagrams),
        )


class Became(StrEnum):
    """What became of an element."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


class FieldDifference(Output):
    """A field that has another value."""

    name: str
    before: str | float | None
    after: str | float | None


class TextPiece(Output):
    """Words that were kept, inserted or deleted."""

    change: Change
    text: str


class ElementDifference(Output):
    """An element that is not the same in both."""

    kind: Kind
    id: str
    change: Became
    element: dict[str, str | float | None] | None = Field(
        None, description="All of it, if it was added or removed."
    )
    moved: bool = Field(False, description="Whether it is somewhere else, too.")
    fields: list[FieldDifference] = Field([])
    text: list[TextPiece] = Field([], description="All of its text, if that has changed.")


class ProjectDifference(Output):
    """Everything in which the second differs from the first."""

    items: list[ElementDifference]

    @classmethod
    def of(cls, found: Difference) -> Self:
        """As it was found."""
        return cls(items=[ElementDifference(**one) for one in difference_as_json(found)])
