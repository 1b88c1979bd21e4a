"""Reading the projection: pages, single elements, neighbours, how it stands.

No statement here opens a document. What does not live here: whether the caller may
(the edge asks), searching (``store.search``).
"""

import json
from binascii import Error as NotHex
from binascii import unhexlify
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, bindparam, select, union_all

from server.document.fields import Problem
from server.document.schema import Diagram, Edge, Node, Section
from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import Millis, ProjectId, Seq
from server.room.projection_ports import E, Neighbours, Page, Standing
from store import projection_tables as p
from store import tables as t
from store.database import Database
from store.tables import AnyRow

TABLES: dict[type, Table] = {
    Node: p.nodes,
    Edge: p.edges,
    Section: p.plans,
    Diagram: p.diagrams,
}
IS_LIVE = select(t.documents.c.head).where(
    t.documents.c.project_id == bindparam("project"), t.documents.c.is_open
)
STANDING = (
    select(
        t.documents.c.head,
        p.projections.c.seq,
        p.projections.c.projected_at,
        p.projections.c.problem_count,
        p.projections.c.problems,
    )
    .join_from(
        t.documents,
        p.projections,
        p.projections.c.project_id == t.documents.c.project_id,
        isouter=True,
    )
    .where(t.documents.c.project_id == bindparam("project"), t.documents.c.is_open)
)


def _elements(kind: type) -> Select[Any]:
    table = TABLES[kind]
    columns = [table.c[name] for name in kind.__slots__]  # type: ignore[attr-defined]
    return select(*columns).where(table.c.project_id == bindparam("project"))


def _order(kind: type) -> ColumnElement[Any]:
    return p.plans.c.place if kind is Section else TABLES[kind].c.id


PAGES = {
    kind: _elements(kind)
    .add_columns(_order(kind).label("at"))
    .where(_order(kind) > bindparam("after"))
    .order_by(_order(kind))
    .limit(bindparam("most"))
    for kind in TABLES
}
ELEMENTS = {
    kind: _elements(kind).where(table.c.id == bindparam("id")) for kind, table in TABLES.items()
}
# Each half comes out of its index in order. With OR, or with UNION, which orders by all
# columns, SQLite walks all edges of the project instead.
EDGES_FROM = _elements(Edge).where(
    p.edges.c.source == bindparam("node"), p.edges.c.id > bindparam("after")
)
EDGES_TO = _elements(Edge).where(
    p.edges.c.target == bindparam("node"),
    p.edges.c.source != p.edges.c.target,
    p.edges.c.id > bindparam("after"),
)
EDGES_AT = union_all(EDGES_FROM, EDGES_TO).order_by("id").limit(bindparam("most"))
NODES_NAMED = (
    _elements(Node).where(p.nodes.c.id.in_(bindparam("ids", expanding=True))).order_by(p.nodes.c.id)
)


class SqlProjectionReader:
    """The ``ProjectionReader`` port."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def standing(self, project: ProjectId) -> Standing:
        """The seq that the rows reflect, and what is wrong with the document."""
        return await self._db.read(standing, project)

    async def page(
        self, project: ProjectId, kind: type[E], cursor: str | None, limit: int
    ) -> Page[E]:
        """Elements by id, sections by (rank, id)."""
        return await self._db.read(page, project, kind, _after(kind, cursor), limit)

    async def element(self, project: ProjectId, kind: type[E], id: str) -> E:
        """One element."""
        return await self._db.read(element, project, kind, id)

    async def neighbours(
        self, project: ProjectId, node: str, cursor: str | None, limit: int
    ) -> Neighbours:
        """Edges that begin or end at a node, with their other ends."""
        return await self._db.read(neighbours, project, node, _id(cursor), limit)


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


def page(
    conn: Connection, project: ProjectId, kind: type[E], after: str | bytes, limit: int
) -> Page[E]:
    """Elements beyond ``after``. Raises ``NotFound``."""
    asked = {"project": project, "after": after, "most": limit + 1}
    rows = conn.execute(PAGES[kind], asked).all()
    if not rows:
        _require_live(conn, project)
    more = len(rows) > limit
    items = tuple(_built(kind, row) for row in rows[:limit])
    return Page(items, _cursor(rows[limit - 1].at) if more else None)


def element(conn: Connection, project: ProjectId, kind: type[E], id: str) -> E:
    """Raises ``NotFound``."""
    row = conn.execute(ELEMENTS[kind], {"project": project, "id": id}).one_or_none()
    if row is None:
        raise NotFound(f"there is no such {kind.__name__.lower()}")
    return _built(kind, row)


def neighbours(
    conn: Connection, project: ProjectId, node: str, after: str, limit: int
) -> Neighbours:
    """Raises ``NotFound``."""
    element(conn, project, Node, node)
    asked = {"project": project, "node": node, "after": after, "most": limit + 1}
    rows = conn.execute(EDGES_AT, asked).all()
    edges = tuple(_built(Edge, row) for row in rows[:limit])
    ends = {end for edge in edges for end in (edge.source, edge.target)}
    found = conn.execute(NODES_NAMED, {"project": project, "ids": sorted(ends - {node})})
    following = edges[-1].id if len(rows) > limit else None
    return Neighbours(edges, tuple(_built(Node, row) for row in found), following)


def _require_live(conn: Connection, project: ProjectId) -> None:
    if conn.execute(IS_LIVE, {"project": project}).first() is None:
        raise NotFound("no such project")


def _built(kind: type[E], row: AnyRow) -> E:
    return kind(*row[: len(kind.__slots__)])


def _cursor(at: str | bytes) -> str:
    return at.hex() if isinstance(at, bytes) else at


def _after(kind: type, cursor: str | None) -> str | bytes:
    return _place(cursor) if kind is Section else _id(cursor)


def _id(cursor: str | None) -> str:
    """A cursor of a list by id is the last id."""
    id = cursor or ""
    if "\0" in id or any("\ud800" <= char <= "\udfff" for char in id):
        raise Invalid("expected a cursor that this list has given")
    return id


def _place(cursor: str | None) -> bytes:
    try:
        return unhexlify(cursor or "")
    except (NotHex, ValueError):
        raise Invalid("expected a cursor that this list has given") from None
