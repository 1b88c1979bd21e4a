"""Full-text search: what a person may see that has all the words they typed.

Membership is a join of the query itself, so that no filter can be forgotten after it. The
index finds; titles and excerpts are then read from the rows of the hits alone. What does
not live here: how text is cut into words (``server.document.words``), the index
(``store.search_index``).
"""

import asyncio
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from sqlalchemy import Connection, TextClause, bindparam, func, select, text

from server.document.words import MAX_SCANNED, Term, excerpt, terms
from server.protocol.errors import Invalid
from server.protocol.ids import ProjectId, UserId
from server.room.projection_ports import Findings, Hit, Question, Topic
from store import projection_tables as p
from store import search_index
from store import tables as t
from store.database import Database
from store.saying import MESSAGE
from store.tables import AnyRow

MAX_SCOPE: Final = 200
"""Projects that are named to SQLite's index. Whoever has more is searched for everywhere,
and the join keeps what is theirs."""


def _hits(found: str) -> TextClause:
    return text(
        f"WITH found AS MATERIALIZED ({found})"
        " SELECT e.id, e.project_id, e.topic, e.element, p.title, found.score"
        " FROM found"
        " JOIN search_entries AS e ON e.id = found.entry"
        " JOIN project_members AS m ON m.project_id = e.project_id AND m.user_id = :user"
        " JOIN projects AS p ON p.id = e.project_id AND p.deleted_at IS NULL"
        " WHERE (:in_project = '' OR e.project_id = :in_project)"
        f" AND e.topic <> '{MESSAGE}' AND (:of_topic = '' OR e.topic = :of_topic)"
        " AND (found.score > :score OR (found.score = :score AND e.id > :entry))"
        " ORDER BY found.score, e.id LIMIT :most"
    ).bindparams(bindparam("in_project"), bindparam("of_topic"))


HITS = {dialect: _hits(found) for dialect, found in search_index.FOUND.items()}
SCOPE = (
    select(t.project_members.c.project_id)
    .where(t.project_members.c.user_id == bindparam("user"))
    .limit(MAX_SCOPE + 1)
)


def _texts(table: Any, heading: str, body: str | None) -> Any:
    """Titles and the beginnings of bodies; the rest of a long one is not fetched."""
    shown = func.substr(table.c[body or heading], 1, MAX_SCANNED).label("body")
    return select(table.c.project_id, table.c.id, table.c[heading].label("title"), shown).where(
        table.c.project_id.in_(bindparam("projects", expanding=True)),
        table.c.id.in_(bindparam("ids", expanding=True)),
    )


TEXTS = {
    Topic.NODE: _texts(p.nodes, "label", "content"),
    Topic.EDGE: _texts(p.edges, "label", None),
    Topic.SECTION: _texts(p.plans, "title", "body"),
    Topic.DIAGRAM: _texts(p.diagrams, "title", None),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a page ends: a score and an entry."""

    score: float
    entry: int


START = _Place(-1e308, 0)


@dataclass(frozen=True, slots=True)
class _Found:
    """A hit, and its texts."""

    row: AnyRow
    title: str
    body: str


class SqlSearch:
    """The ``Search`` port."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def search(
        self, user: UserId, question: Question, cursor: str | None, limit: int
    ) -> Findings:
        """The best first, of the projects of ``user``."""
        asked, after = terms(question.text), _parsed(cursor)
        if not asked:
            return Findings((), None)
        found = await self._db.read(_search, user, question, asked, after, limit + 1)
        items = await asyncio.to_thread(_shown, found[:limit], asked)
        return Findings(items, _cursor(found[limit - 1].row) if len(found) > limit else None)


def _search(
    conn: Connection,
    user: UserId,
    question: Question,
    asked: Sequence[Term],
    after: _Place,
    limit: int,
) -> list[_Found]:
    rows = conn.execute(
        HITS[conn.dialect.name],
        {
            "match": _match(conn, user, question, asked),
            "user": user,
            "in_project": question.project or "",
            "of_topic": question.topic.value if question.topic else "",
            "score": after.score,
            "entry": after.entry,
            "most": limit,
        },
    ).all()
    texts = {key: pair for topic in TEXTS for key, pair in _read_texts(conn, topic, rows)}
    # What has no row of its own is a project: it shows its title.
    return [
        _Found(row, *texts.get((row.topic, row.project_id, row.element), (row.title, row.title)))
        for row in rows
    ]


def _match(conn: Connection, user: UserId, question: Question, asked: Sequence[Term]) -> str:
    if conn.dialect.name == "postgresql":
        return search_index.postgresql_match(asked)
    if question.project is not None:
        return search_index.sqlite_match(asked, [question.project])
    mine = [ProjectId(name) for name in conn.execute(SCOPE, {"user": user}).scalars()]
    return search_index.sqlite_match(asked, mine if len(mine) <= MAX_SCOPE else [])


def _read_texts(
    conn: Connection, topic: Topic, rows: Sequence[AnyRow]
) -> list[tuple[tuple[str, str, str], tuple[str, str]]]:
    wanted = [row for row in rows if row.topic == topic.value]
    if not wanted:
        return []
    asked = {
        "projects": sorted({row.project_id for row in wanted}),
        "ids": sorted({row.element for row in wanted}),
    }
    found = conn.execute(TEXTS[topic], asked)
    return [((topic.value, row.project_id, row.id), (row.title, row.body)) for row in found]


def _shown(found: Sequence[_Found], asked: tuple[Term, ...]) -> tuple[Hit, ...]:
    return tuple(
        Hit(
            ProjectId(one.row.project_id),
            one.row.title,
            Topic(one.row.topic),
            one.row.element,
            one.title,
            excerpt(one.body, asked),
        )
        for one in found
    )


def _cursor(row: AnyRow) -> str:
    return urlsafe_b64encode(json.dumps([row.score, row.id]).encode()).decode()


def _parsed(cursor: str | None) -> _Place:
    if not cursor:
        return START
    try:
        read = json.loads(urlsafe_b64decode(cursor))
    except (ValueError, RecursionError):
        read = None
    match read:
        case [float() | int() as score, int() as entry]:
            if isfinite(score) and abs(score) < 1e300 and 0 <= entry < 1 << 63:
                return _Place(float(score), entry)
        case _:
            pass
    raise Invalid("expected a cursor that a search has given")
