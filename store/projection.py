"""Writing the projection: what is known, the next step, who is behind.

A step names the version that it builds upon; one ``UPDATE`` both checks and takes it, so of
two processes that project the same document one goes on and the other looks again. Rows
that are put are replaced, the others are not touched. What does not live here: what a row
should say (``server.room.difference``), reading (``store.projection_reading``).

On PostgreSQL a transaction takes projects in the order of their ids, as every group
commit does, or the two would wait for each other.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, assert_never

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, text, update
from sqlalchemy import true as sql_true

from server.document.fields import Problem
from server.document.schema import Diagram, Edge, Node, Section, order
from server.document.words import words
from server.protocol.ids import Millis, ProjectId, Seq
from server.room.ports import Clock
from server.room.projection_ports import (
    Conclusion,
    Element,
    Kind,
    Known,
    Put,
    Step,
    Topic,
    Wording,
)
from store import projection_tables as p
from store import search_index
from store import tables as t
from store.database import Database

Values = dict[str, Any]

TABLES: Mapping[Kind, Table] = {
    Kind.NODE: p.nodes,
    Kind.EDGE: p.edges,
    Kind.SECTION: p.plans,
    Kind.DIAGRAM: p.diagrams,
}

DOCUMENT = select(
    t.documents.c.is_open,
    t.documents.c.head,
    (t.documents.c.tail_bytes + t.documents.c.checkpoint_bytes).label("stored_bytes"),
).where(t.documents.c.project_id == bindparam("project"))
PROJECTION = select(p.projections.c.seq, p.projections.c.version).where(
    p.projections.c.project_id == bindparam("project")
)
AS_OBJECT = {
    "sqlite": "SELECT json_group_object(id, lower(hex(digest)))",
    "postgresql": "SELECT CAST(json_object_agg(id, encode(digest, 'hex')) AS text)",
}
DIGESTS = {
    (dialect, kind): text(f"{query} FROM {table.name} WHERE project_id = :project")
    for kind, table in TABLES.items()
    for dialect, query in AS_OBJECT.items()
}
BEGIN_PROJECTION = text(
    "INSERT INTO projections (project_id, seq, version, problem_count, problems)"
    " VALUES (:project, 0, 0, 0, '[]') ON CONFLICT DO NOTHING"
)
"""Of two that begin at once one waits for the other, and then finds its version taken."""
TITLE = select(t.projects.c.title).where(t.projects.c.id == bindparam("project"))
TAKE_VERSION = (
    update(p.projections)
    .where(
        p.projections.c.project_id == bindparam("project"),
        p.projections.c.version == bindparam("expected"),
    )
    .values(version=p.projections.c.version + 1)
)
CONCLUDE = (
    update(p.projections)
    .where(p.projections.c.project_id == bindparam("project"))
    .values({name: bindparam(f"new_{name}") for name in ("seq", "projected_at", "problem_count")})
    .values(problems=bindparam("new_problems"))
)
MARK_FRESH = (
    update(t.documents)
    .where(t.documents.c.project_id == bindparam("project"), t.documents.c.head <= bindparam("seq"))
    .values(stale=False)
)
DELETE = {
    kind: delete(table).where(
        table.c.project_id == bindparam("of_project"), table.c.id == bindparam("of_id")
    )
    for kind, table in TABLES.items()
}
INSERT = {kind: insert(table) for kind, table in TABLES.items()}
BEHIND = (
    select(t.documents.c.project_id)
    .where(
        t.documents.c.stale == sql_true(),
        t.documents.c.is_open,
        t.documents.c.project_id > bindparam("after"),
        t.documents.c.head > 0,
    )
    .order_by(t.documents.c.project_id)
    .limit(bindparam("most"))
)


class SqlProjection:
    """The ``Projection`` port."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def known(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, Known]:
        """What is there."""
        return await self._db.read(known, projects)

    async def write(self, steps: Sequence[Step]) -> Sequence[bool]:
        """Write a step of each of several projects."""
        return await self._db.write(write_steps, steps, self._clock.now())

    async def behind(self, after: ProjectId | None, limit: int) -> Sequence[ProjectId]:
        """Projects whose projection is behind their head."""
        return await self._db.read(behind, after, limit)


def known(conn: Connection, projects: Sequence[ProjectId]) -> dict[ProjectId, Known]:
    """Of live projects."""
    found = ((project, _known(conn, project)) for project in projects)
    return {project: there for project, there in found if there is not None}


def _known(conn: Connection, project: ProjectId) -> Known | None:
    document = conn.execute(DOCUMENT, {"project": project}).one_or_none()
    if document is None or not document.is_open:
        return None
    projection = conn.execute(PROJECTION, {"project": project}).one_or_none()
    seq, version = (0, 0) if projection is None else projection
    # A projection that has never been written has no rows.
    digests = {kind: _digests(conn, kind, project) if version else "{}" for kind in TABLES}
    return Known(Seq(document.head), document.stored_bytes, Seq(seq), version, digests)


def _digests(conn: Connection, kind: Kind, project: ProjectId) -> str:
    """One text, made by the database: rows would be handled one by one on the loop."""
    statement = DIGESTS[conn.dialect.name, kind]
    return str(conn.execute(statement, {"project": project}).scalar() or "{}")


def behind(conn: Connection, after: ProjectId | None, limit: int) -> list[ProjectId]:
    """By id, beyond ``after``."""
    found = conn.execute(BEHIND, {"after": after or "", "most": limit})
    return [ProjectId(row.project_id) for row in found]


def write_steps(conn: Connection, steps: Sequence[Step], now: Millis) -> list[bool]:
    """In their order: whether each was written."""
    done: dict[ProjectId, bool] = {}
    for step in sorted(steps, key=lambda step: step.project):
        done[step.project] = _take_version(conn, step)
        if done[step.project]:
            _write(conn, step, now)
    return [done[step.project] for step in steps]


def _take_version(conn: Connection, step: Step) -> bool:
    if step.version == 0 and conn.execute(BEGIN_PROJECTION, {"project": step.project}).rowcount:
        # Projects are older than the search.
        title = conn.execute(TITLE, {"project": step.project}).scalar_one()
        index_title(conn, step.project, title)
    asked = {"project": step.project, "expected": step.version}
    return conn.execute(TAKE_VERSION, asked).rowcount == 1


def _write(conn: Connection, step: Step, now: Millis) -> None:
    seq = step.seq
    for kind in TABLES:
        puts = [put for put in step.puts if kind_of(put.element) is kind]
        dropped = [drop.id for drop in step.drops if drop.kind is kind]
        _delete(conn, step.project, kind, [*dropped, *(put.element.id for put in puts)])
        if puts:
            conn.execute(INSERT[kind], [_row(step.project, seq, put) for put in puts])
    search_index.remove(conn, step.project, [(Topic(drop.kind), drop.id) for drop in step.drops])
    search_index.put(conn, step.project, list(_entries(step.puts)))
    if step.conclusion is not None:
        _conclude(conn, step.project, seq, step.conclusion, now)


def _delete(conn: Connection, project: ProjectId, kind: Kind, ids: Sequence[str]) -> None:
    if ids:
        conn.execute(DELETE[kind], [{"of_project": project, "of_id": id} for id in ids])


def _entries(puts: Sequence[Put]) -> Iterator[search_index.Entry]:
    for put in puts:
        if put.wording is not None:
            yield Topic(kind_of(put.element)), put.element.id, put.wording


def _conclude(
    conn: Connection, project: ProjectId, seq: Seq, conclusion: Conclusion, now: Millis
) -> None:
    values = {
        "project": project,
        "new_seq": seq,
        "new_projected_at": now,
        "new_problem_count": conclusion.problem_count,
        "new_problems": problems_text(conclusion.problems),
    }
    conn.execute(CONCLUDE, values)
    conn.execute(MARK_FRESH, {"project": project, "seq": seq})


def problems_text(problems: Sequence[Problem]) -> str:
    """As JSON in ASCII, so that U+0000 in a foreign key is no trouble to any database."""
    return json.dumps([[one.path, one.expected, one.got] for one in problems])


def index_title(conn: Connection, project: ProjectId, title: str) -> None:
    """Let a project be found by its title: with every transaction that sets it."""
    wording = Wording(tuple(words(title)), ())
    search_index.put(conn, project, [(Topic.PROJECT, project, wording)])


def kind_of(element: Element) -> Kind:
    """Which table an element is in."""
    match element:
        case Node():
            return Kind.NODE
        case Edge():
            return Kind.EDGE
        case Section():
            return Kind.SECTION
        case Diagram():
            return Kind.DIAGRAM
        case _:
            assert_never(element)


def place_of(rank: str, id: str) -> bytes:
    """Sorts as (rank, id) does by UTF-16 unit; a unit of zero ends the rank."""
    return b"\0\0".join((order(rank), order(id)))


def _row(project: ProjectId, seq: Seq, put: Put) -> Values:
    return {"project_id": project, "seq": seq, "digest": put.digest, **columns(put.element)}


def columns(element: Element) -> Values:
    """What an element says, by the names of its columns."""
    values = {name: getattr(element, name) for name in type(element).__slots__}
    if isinstance(element, Section):
        values["place"] = place_of(element.rank, element.id)
    return values
