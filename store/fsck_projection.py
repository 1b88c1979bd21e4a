"""Whether the rows of a projection show what the log says (DESIGN: projection).

Held against a replay, and only where the projection claims to reflect the head: one that
is behind is not wrong. What does not live here: the log itself (``store.fsck_document``).
Rows that are wrong can be deleted: the next projection of the document writes them again.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, text

from server.protocol.ids import ProjectId, Seq
from server.room.difference import Source, digest_of, elements, projected, wording
from server.room.projection_ports import MAX_PROBLEMS, Element, Kind
from store import projection_tables as p
from store import tables as t
from store.fsck_document import Problem
from store.projection import TABLES, Values, columns, problems_text
from store.saying import MESSAGE

STANDING = (
    select(p.projections, t.documents.c.head)
    .join_from(p.projections, t.documents, p.projections.c.project_id == t.documents.c.project_id)
    .where(p.projections.c.project_id == bindparam("project"))
)
ROWS = {
    kind: select(table).where(table.c.project_id == bindparam("project"))
    for kind, table in TABLES.items()
}
KEYS = {"sqlite": "rowid", "postgresql": "id"}
FINDABLE = {
    dialect: text(
        "SELECT e.topic, e.element FROM search_entries AS e"
        f" JOIN search_index AS i ON i.{key} = e.id WHERE e.project_id = :project"
    )
    for dialect, key in KEYS.items()
}


@dataclass(frozen=True, slots=True)
class Rows:
    """The projection of one document, as one moment's rows."""

    seq: Seq
    problems: str
    problem_count: int
    rows: Mapping[Kind, Mapping[str, Values]]
    findable: frozenset[tuple[str, str]]


def read_rows(conn: Connection, project: ProjectId) -> Rows | None:
    """All of a projection; None where there is none, or it is behind the head."""
    found = conn.execute(STANDING, {"project": project}).one_or_none()
    if found is None or found.seq != found.head:
        return None
    rows = {
        kind: {row.id: dict(row._mapping) for row in conn.execute(query, {"project": project})}
        for kind, query in ROWS.items()
    }
    entries = conn.execute(FINDABLE[conn.dialect.name], {"project": project})
    findable = frozenset((row.topic, row.element) for row in entries)
    return Rows(found.seq, found.problems, found.problem_count, rows, findable)


def check_rows(source: Source, rows: Rows) -> list[Problem]:
    """Every row that is not what the document says. Raises ``DocumentDamaged``."""
    view = projected(source)
    problems = [
        Problem(source.project, TABLES[kind].name, None, what)
        for kind, there in elements(view)
        for what in _check_kind({one.id: one for one in there}, rows.rows[kind])
    ]
    wanted = frozenset(
        (kind.value, one.id) for kind, there in elements(view) for one in there if _has_words(one)
    )
    found = frozenset(entry for entry in rows.findable if entry[0] not in ("project", MESSAGE))
    problems += [
        Problem(source.project, "search_entries", None, f"{topic} {id!r}: is not as the document")
        for topic, id in sorted(wanted ^ found)
    ]
    told = problems_text(view.problems[:MAX_PROBLEMS])
    if (told, len(view.problems)) != (rows.problems, rows.problem_count):
        what = "the problems are not those of the document"
        problems.append(Problem(source.project, "projections", rows.seq, what))
    return problems


def _check_kind(wanted: Mapping[str, Element], rows: Mapping[str, Values]) -> Iterator[str]:
    for id in sorted(wanted.keys() | rows.keys()):
        if id not in rows:
            yield f"row {id!r}: missing"
        elif id not in wanted:
            yield f"row {id!r}: the document has no such element"
        else:
            says = columns(wanted[id]) | {"digest": digest_of(wanted[id])}
            wrong = sorted(name for name, value in says.items() if rows[id][name] != value)
            if wrong:
                yield f"row {id!r}: not as the document: {', '.join(wrong)}"


def _has_words(element: Element) -> bool:
    found = wording(element)
    return bool(found.heading or found.body)
