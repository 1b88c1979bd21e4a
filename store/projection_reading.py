"""Reading the projection: parts of lists, single elements, neighbours, how it stands.

No statement here opens a document. Every question is asked in one read transaction with
how far the log is, for rows may be newer than the seq that they are said to reflect while
a large difference is written: only where that is the head are they one state. What does
not live here: whether the caller may (the edge asks), searching (``store.search``).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, select

from server.document.fields import Problem
from server.document.graph import Direction, Links, Neighbour, nearest_first, no_such_node
from server.document.listing import Key, Page, Part
from server.document.schema import Diagram, Edge, Node, ProjectView, Section, order
from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import Millis, ProjectId, Seq
from server.room.commands import AtSeq
from server.room.projection_ports import E, Standing
from store import projection_tables as p
from store import tables as t
from store.database import Database
from store.projection import place_of
from store.tables import AnyRow

P = ParamSpec("P")
T = TypeVar("T")

NAMES_AT_ONCE = 500
"""Ids in one statement; what a database takes is bounded."""

TABLES: dict[type, Table] = {
    Node: p.nodes,
    Edge: p.edges,
    Section: p.plans,
    Diagram: p.diagrams,
}
HEAD = (
    select(t.documents.c.head, p.projections.c.seq)
    .join_from(
        t.documents,
        p.projections,
        p.projections.c.project_id == t.documents.c.project_id,
        isouter=True,
    )
    .where(t.documents.c.project_id == bindparam("project"), t.documents.c.is_open)
)
STANDING = HEAD.add_columns(
    p.projections.c.projected_at, p.projections.c.problem_count, p.projections.c.problems
)


def _elements(kind: type) -> Select[Any]:
    table = TABLES[kind]
    columns = [table.c[name] for name in kind.__slots__]  # type: ignore[attr-defined]
    return select(*columns).where(table.c.project_id == bindparam("project"))


def _order(kind: type) -> ColumnElement[Any]:
    return p.plans.c.place if kind is Section else TABLES[kind].c.id


LISTS = {
    kind: _elements(kind).add_columns(_order(kind).label("at")).order_by(_order(kind))
    for kind in TABLES
}
PARTS = {
    kind: wanted.where(_order(kind) > bindparam("after")).limit(bindparam("most"))
    for kind, wanted in LISTS.items()
}
ELEMENTS = {
    kind: _elements(kind).where(table.c.id == bindparam("id")) for kind, table in TABLES.items()
}
NODE_IDS = (
    select(p.nodes.c.id).where(p.nodes.c.project_id == bindparam("project")).order_by(p.nodes.c.id)
)
ENDS = (
    select(p.edges.c.source, p.edges.c.target)
    .where(p.edges.c.project_id == bindparam("project"))
    .order_by(p.edges.c.id)
)


def _beyond(here: ColumnElement[str], there: ColumnElement[str]) -> Select[Any]:
    """Ends of edges by the index of the other end. Not DISTINCT, for whose sake SQLite would
    walk all edges of the project in another order."""
    named = here.in_(bindparam("ids", expanding=True))
    return select(there).where(p.edges.c.project_id == bindparam("project"), named)


LEAVING = _beyond(p.edges.c.source, p.edges.c.target)
ENTERING = _beyond(p.edges.c.target, p.edges.c.source)
FOLLOWED = {
    Direction.OUT: (LEAVING,),
    Direction.IN: (ENTERING,),
    Direction.BOTH: (LEAVING, ENTERING),
}


class SqlProjectionReader:
    """The ``ProjectionReader`` port."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def standing(self, project: ProjectId) -> Standing:
        """The seq that the rows reflect, and what is wrong with the document."""
        return await self._db.read(standing, project)

    async def part(self, project: ProjectId, kind: type[E], page: Page) -> AtSeq[Part[E]] | None:
        """A part of a list."""
        after = None if page.after is None else _place(kind, page.after)
        return await self._db.read(_abreast, part, project, kind, after, page.limit)

    async def element(self, project: ProjectId, kind: type[E], id: str) -> AtSeq[E] | None:
        """One element, if it is there."""
        found = await self._db.read(_abreast, element, project, kind, id)
        if found is None or found.value is None:
            return None
        return AtSeq(found.value, found.seq)

    async def view(self, project: ProjectId) -> AtSeq[ProjectView] | None:
        """All elements."""
        return await self._db.read(_abreast, view, project)

    async def links(self, project: ProjectId) -> AtSeq[Links] | None:
        """Who leads to whom."""
        return await self._db.read(_abreast, links, project)

    async def neighbours(
        self, project: ProjectId, node: str, direction: Direction, depth: int
    ) -> AtSeq[tuple[Neighbour, ...]] | None:
        """Who is near."""
        return await self._db.read(_abreast, neighbours, project, node, direction, depth)


def _abreast(
    conn: Connection,
    ask: Callable[Concatenate[Connection, ProjectId, P], T],
    project: ProjectId,
    *args: P.args,
    **kwargs: P.kwargs,
) -> AtSeq[T] | None:
    """What the rows say, if they reflect the head. Raises ``NotFound``."""
    row = conn.execute(HEAD, {"project": project}).one_or_none()
    if row is None:
        raise NotFound("no such project")
    if (row.seq or 0) != row.head:
        return None
    return AtSeq(ask(conn, project, *args, **kwargs), Seq(row.head))


def standing(conn: Connection, project: ProjectId) -> Standing:
    """Raises ``NotFound``."""
    row = conn.execute(STANDING, {"project": project}).one_or_none()
    if row is None:
        raise NotFound("no such project")
    if row.seq is None:
        return Standing(Seq(0), Seq(row.head), None, 0, ())
    problems = tuple(Problem(*one) for one in json.loads(row.problems))
    at = None if row.projected_at is None else Millis(row.projected_at)
    return Standing(Seq(row.seq), Seq(row.head), at, row.problem_count, problems)


def part(
    conn: Connection, project: ProjectId, kind: type[E], after: str | bytes | None, limit: int
) -> Part[E]:
    """Elements beyond ``after``."""
    asked = {"project": project, "after": after or _START[kind], "most": limit + 1}
    rows = conn.execute(PARTS[kind], asked).all()
    items = tuple(_built(kind, row) for row in rows[:limit])
    return Part(items, _key(items[-1]) if len(rows) > limit else None)


def element(conn: Connection, project: ProjectId, kind: type[E], id: str) -> E | None:
    """None where there is none."""
    row = conn.execute(ELEMENTS[kind], {"project": project, "id": id}).one_or_none()
    return None if row is None else _built(kind, row)


def view(conn: Connection, project: ProjectId) -> ProjectView:
    """All that is there, in the order of ``server.document.schema``."""
    return ProjectView(
        nodes=_by_id(_all(conn, project, Node)),
        edges=_by_id(_all(conn, project, Edge)),
        sections=tuple(_all(conn, project, Section)),
        diagrams=_by_id(_all(conn, project, Diagram)),
        problems=standing(conn, project).problems,
    )


def links(conn: Connection, project: ProjectId) -> Links:
    """Ids of nodes, and ends of edges."""
    asked = {"project": project}
    ids = conn.execute(NODE_IDS, asked).scalars()
    return Links(tuple(ids), tuple((row.source, row.target) for row in conn.execute(ENDS, asked)))


def neighbours(
    conn: Connection, project: ProjectId, node: str, direction: Direction, depth: int
) -> tuple[Neighbour, ...]:
    """Ring by ring, so that no more is read than what is near. Raises ``NotFound``."""
    if element(conn, project, Node, node) is None:
        raise no_such_node(node)
    found = {node: 0}
    ring = [node]
    for distance in range(1, depth + 1):
        ends = _ends(conn, project, ring, direction)
        ring = [id for id in dict.fromkeys(ends) if id not in found]
        found.update(dict.fromkeys(ring, distance))
        if not ring:
            break
    del found[node]
    return nearest_first(Neighbour(id, distance) for id, distance in found.items())


def _ends(
    conn: Connection, project: ProjectId, ring: Sequence[str], direction: Direction
) -> Iterator[str]:
    for statement in FOLLOWED[direction]:
        for ids in _batches(ring):
            yield from conn.execute(statement, {"project": project, "ids": ids}).scalars()


def _batches(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), NAMES_AT_ONCE):
        yield ids[start : start + NAMES_AT_ONCE]


def _all(conn: Connection, project: ProjectId, kind: type[E]) -> Iterator[E]:
    return (_built(kind, row) for row in conn.execute(LISTS[kind], {"project": project}))


def _by_id(elements: Iterable[E]) -> tuple[E, ...]:
    return tuple(sorted(elements, key=lambda one: order(one.id)))


def _built(kind: type[E], row: AnyRow) -> E:
    return kind(*row[: len(kind.__slots__)])


def _key(element: Node | Edge | Section | Diagram) -> Key:
    return (element.rank, element.id) if isinstance(element, Section) else (element.id,)


_START: dict[type, str | bytes] = {kind: b"" if kind is Section else "" for kind in TABLES}
"""Before all others."""


def _place(kind: type, key: Key) -> str | bytes:
    """What the rows are ordered by."""
    match key:
        case (rank, id) if kind is Section:
            return place_of(rank, id)
        case (id,) if kind is not Section and _is_storable(id):
            return id
    raise Invalid("expected the key of a place in this list")


def _is_storable(id: str) -> bool:
    return "\0" not in id and not any("\ud800" <= char <= "\udfff" for char in id)
