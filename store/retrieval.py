"""The ``Retrieval`` port in SQL: any word of a request, in one project.

FTS5 ranks by bm25, PostgreSQL by ``ts_rank``, which does not know how rare a word is; both
count a heading five times. What does not live here: the index (``store.search_index``), and a
person's search (``store.search``).
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, TextClause, bindparam, select, text

from server.document.elements import ElementRef, Kind
from server.document.words import words
from server.protocol.ids import ProjectId
from server.room.projection_ports import Topic
from server.room.retrieval_ports import MAX_LOOKED_UP
from server.room.run_ports import Said
from store import run_tables as r
from store.database import Database
from store.saying import MESSAGE, said_of
from store.search_index import FOUND, postgresql_any, sqlite_any

ELEMENTS: Final = (Topic.NODE, Topic.EDGE, Topic.SECTION, Topic.DIAGRAM)


def _best(found: str) -> TextClause:
    return text(
        "SELECT e.topic, e.element"
        f" FROM ({found}) AS found JOIN search_entries AS e ON e.id = found.entry"
        " WHERE e.project_id = :project AND e.topic IN :topics"
        " ORDER BY found.score, e.id LIMIT :most"
    ).bindparams(bindparam("topics", expanding=True))


BEST = {dialect: _best(found) for dialect, found in FOUND.items()}
MESSAGES = select(r.messages).where(
    r.messages.c.project_id == bindparam("project"),
    r.messages.c.number.in_(bindparam("numbers", expanding=True)),
)


class SqlRetrieval:
    """The ``Retrieval`` port."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def elements(self, project: ProjectId, text: str, limit: int) -> Sequence[ElementRef]:
        """Elements, the best first."""
        found = await self._db.read(_find, project, text, ELEMENTS, limit)
        return [ElementRef(Kind(topic), element) for topic, element in found]

    async def said(self, project: ProjectId, text: str, limit: int) -> Sequence[Said]:
        """Messages, the best first."""
        return await self._db.read(_messages, project, text, limit)


def _messages(conn: Connection, project: ProjectId, text: str, limit: int) -> list[Said]:
    numbers = [int(number) for _, number in _find(conn, project, text, (MESSAGE,), limit)]
    rows = conn.execute(MESSAGES, {"project": project, "numbers": numbers})
    said = {row.number: said_of(row) for row in rows}
    return [said[number] for number in numbers]


def _find(
    conn: Connection, project: ProjectId, text: str, topics: Sequence[str], limit: int
) -> list[tuple[str, str]]:
    asked = list(dict.fromkeys(words(text)))[:MAX_LOOKED_UP]
    if not asked:
        return []
    dialect = conn.dialect.name
    match = postgresql_any(asked) if dialect == "postgresql" else sqlite_any(asked, project)
    values = {"match": match, "project": project, "topics": list(topics), "most": limit}
    return [(row.topic, row.element) for row in conn.execute(BEST[dialect], values)]
