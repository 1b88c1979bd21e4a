"""The relational picture of documents, as types: writing it, reading it, searching it.

A projection holds the well-formed elements of a document as rows, with the seq that they
reflect, so that lists, graph questions and searches open no document. It follows the
document and is never the truth: losing it loses nothing. ``store`` implements all three
ports; only records and protocols live here. The contract of every call, and its errors,
are those of ``server.room.ports``.

Its elements are the document's, made portable (``server.document.portable``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from server.document.fields import Problem
from server.document.graph import Direction, Links, Neighbour
from server.document.listing import Page, Part
from server.document.schema import Diagram, Edge, Node, ProjectView, Section
from server.document.words import Part as Excerpt
from server.protocol.ids import Millis, ProjectId, Seq, UserId
from server.room.commands import AtSeq

Element = Node | Edge | Section | Diagram
E = TypeVar("E", Node, Edge, Section, Diagram)

MAX_PROBLEMS = 1000
"""Problems of one project that are kept; all are counted."""


class Kind(StrEnum):
    """What a row shows."""

    NODE = "node"
    EDGE = "edge"
    SECTION = "section"
    DIAGRAM = "diagram"


class Topic(StrEnum):
    """What a search finds."""

    PROJECT = "project"
    NODE = "node"
    EDGE = "edge"
    SECTION = "section"
    DIAGRAM = "diagram"


# --- writing -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Known:
    """What the projection of a document holds, and how far the document is.

    ``version`` counts writes to the projection: a write names the one that it builds
    upon. ``digests`` are those of :class:`Put`: for each kind a JSON object in text, from
    ids to hexadecimal digits. Nobody but the worker process looks into them, and for a
    large project parsing them would be felt.
    """

    head: Seq
    stored_bytes: int
    seq: Seq
    version: int
    digests: Mapping[Kind, str]


@dataclass(frozen=True, slots=True)
class Wording:
    """The words by which a row is found, folded, in order; none at all: it is not found."""

    heading: tuple[str, ...]
    body: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Put:
    """A row that is new or has changed.

    ``digest`` is of the row (16 bytes) and of its words (8 bytes). ``wording`` is None
    where the words are what they were.
    """

    element: Element
    digest: bytes
    wording: Wording | None


@dataclass(frozen=True, slots=True)
class Drop:
    """A row whose element is gone."""

    kind: Kind
    id: str


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What holds besides once all steps are written, and the rows reflect their seq."""

    problems: tuple[Problem, ...]
    problem_count: int


@dataclass(frozen=True, slots=True)
class Step:
    """A part of a difference, small enough for one write. At no boundary between steps has
    an edge an end without a row. ``conclusion`` comes with the last one. The steps lead to
    rows that reflect ``seq`` at least, having been built upon ``version``."""

    project: ProjectId
    seq: Seq
    version: int
    puts: tuple[Put, ...]
    drops: tuple[Drop, ...]
    conclusion: Conclusion | None


class Projection(Protocol):
    """The store's half of projecting."""

    async def known(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, Known]:
        """What is there, of those that are live projects."""

    async def write(self, steps: Sequence[Step]) -> Sequence[bool]:
        """Write a step of each of several projects in one transaction; in their order,
        False and nothing written where somebody else has written meanwhile."""

    async def behind(self, after: ProjectId | None, limit: int) -> Sequence[ProjectId]:
        """Live projects whose projection is behind their head, by id, beyond ``after``."""


# --- reading -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """How a projection stands. ``seq`` 0 and no time: it has not been made yet.

    ``problems`` are at most ``MAX_PROBLEMS`` of ``problem_count``.
    """

    seq: Seq
    head: Seq
    projected_at: Millis | None
    problem_count: int
    problems: tuple[Problem, ...]


class ProjectionReader(Protocol):
    """Reads of rows. Whether the caller may is asked before. All raise ``NotFound`` where
    there is no such live project.

    Whatever else is asked, the answer is None where the rows are behind the log: what is
    answered is the document as it was at one seq, its head in that moment, and so contains
    all that anybody has been told is saved.
    """

    async def standing(self, project: ProjectId) -> Standing:
        """The seq that the rows reflect, and what is wrong with the document."""

    async def part(self, project: ProjectId, kind: type[E], page: Page) -> AtSeq[Part[E]] | None:
        """A part of a list. Raises ``Invalid`` for a key that no element of it can have."""

    async def element(self, project: ProjectId, kind: type[E], id: str) -> AtSeq[E] | None:
        """One element; None also where the rows have none of this id."""

    async def view(self, project: ProjectId) -> AtSeq[ProjectView] | None:
        """All elements, as the document's own view has them, and the first
        ``MAX_PROBLEMS`` problems."""

    async def links(self, project: ProjectId) -> AtSeq[Links] | None:
        """The graph without its words."""

    async def neighbours(
        self, project: ProjectId, node: str, direction: Direction, depth: int
    ) -> AtSeq[tuple[Neighbour, ...]] | None:
        """Nodes up to so many edges away. Raises ``NotFound`` for an unknown node."""


# --- searching ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody looks for. Every word of ``text`` must occur, the last as a beginning;
    nothing in it is an operator. ``project`` and ``topic`` narrow it."""

    text: str
    project: ProjectId | None = None
    topic: Topic | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found. ``id`` is the element's; of a project, its own."""

    project: ProjectId
    project_title: str
    topic: Topic
    id: str
    title: str
    excerpt: tuple[Excerpt, ...]


@dataclass(frozen=True, slots=True)
class Findings:
    """Some of what was found, and where to go on; ``next`` is None at the end."""

    items: tuple[Hit, ...]
    next: str | None


class Search(Protocol):
    """Full-text search over project titles, labels, contents, titles and bodies."""

    async def search(
        self, user: UserId, question: Question, cursor: str | None, limit: int
    ) -> Findings:
        """The best first, of those live projects alone that ``user`` is a member of: the
        query itself asks. Raises ``Invalid`` for a cursor that is none of ours."""
