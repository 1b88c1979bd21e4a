"""The full-text index in the two ways that databases have one.

SQLite: an FTS5 table; PostgreSQL: a ``tsvector`` under a GIN index. Words come cut and
folded (``server.document.words``), so neither parses language, and both are asked for
words in quotes: nothing that a person types is an operator. What does not live here:
which entries there are (``store.projection``, ``store.saying``), and the questions
(``store.search``, ``store.retrieval``).
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, text

from server.document.words import Term
from server.protocol.ids import ProjectId
from server.room.projection_ports import Wording
from store import projection_tables as p

LAST_POSITION: Final = 16_383
"""PostgreSQL's; further words count as being there."""

INSERT_ENTRIES = insert(p.search_entries).returning(
    p.search_entries.c.id, sort_by_parameter_order=True
)
REMOVE_ENTRIES = p.search_entries.delete().where(
    p.search_entries.c.project_id == bindparam("of_project"),
    p.search_entries.c.topic == bindparam("of_topic"),
    p.search_entries.c.element == bindparam("of_element"),
)
INSERT_SQLITE = text(
    "INSERT INTO search_index (rowid, project, heading, body)"
    " VALUES (:id, :project, :heading, :body)"
)
INSERT_POSTGRESQL = text(
    "INSERT INTO search_index (id, vector) VALUES (:id, CAST(CAST(:vector AS text) AS tsvector))"
)

# A heading weighs five times a body. Both scores: the less, the better.
FOUND: Final = {
    "sqlite": (
        "SELECT rowid AS entry, bm25(search_index, 0.0, 5.0, 1.0) AS score"
        " FROM search_index WHERE search_index MATCH :match"
    ),
    "postgresql": (
        "SELECT i.id AS entry, -CAST(ts_rank('{0, 0, 0.2, 1}', i.vector, q, 1)"
        " AS double precision) AS score"
        " FROM search_index AS i, CAST(CAST(:match AS text) AS tsquery) AS q WHERE i.vector @@ q"
    ),
}
"""What matches and how well, of each database."""

Entry = tuple[str, str, Wording]
"""The topic of what is found, its id, and the words by which it is found."""


def remove(conn: Connection, project: ProjectId, keys: Sequence[tuple[str, str]]) -> None:
    """Make these impossible to find; their words go by a trigger or a foreign key."""
    if keys:
        conn.execute(
            REMOVE_ENTRIES,
            [
                {"of_project": project, "of_topic": str(topic), "of_element": element}
                for topic, element in keys
            ],
        )


def put(conn: Connection, project: ProjectId, entries: Sequence[Entry]) -> None:
    """Make these possible to find, by these words and no others."""
    remove(conn, project, [(topic, element) for topic, element, _ in entries])
    found = [entry for entry in entries if entry[2].heading or entry[2].body]
    if not found:
        return
    rows = [
        {"project_id": project, "topic": str(topic), "element": element}
        for topic, element, _ in found
    ]
    ids = conn.execute(INSERT_ENTRIES, rows).scalars().all()
    wordings = [wording for _, _, wording in found]
    if conn.dialect.name == "postgresql":
        conn.execute(
            INSERT_POSTGRESQL, [_vector(*pair) for pair in zip(ids, wordings, strict=True)]
        )
    else:
        values = [_columns(project, *pair) for pair in zip(ids, wordings, strict=True)]
        conn.execute(INSERT_SQLITE, values)


def _columns(project: ProjectId, id: int, wording: Wording) -> dict[str, Any]:
    heading, body = " ".join(wording.heading), " ".join(wording.body)
    return {"id": id, "project": project, "heading": heading, "body": body}


def _vector(id: int, wording: Wording) -> dict[str, Any]:
    """Each word with its place; weight A is a heading, B a body."""
    return {"id": id, "vector": " ".join(_places(wording))}


def _places(wording: Wording) -> Iterator[str]:
    at = 0
    for weight, words in (("A", wording.heading), ("B", wording.body)):
        for word in words:
            at += 1
            yield f"{word}:{min(at, LAST_POSITION)}{weight}"


def sqlite_match(terms: Sequence[Term], projects: Sequence[ProjectId]) -> str:
    """A query of FTS5; ``projects`` narrow it, if there are any."""
    asked = " AND ".join(f"{_quoted(term.word)}{' *' if term.prefix else ''}" for term in terms)
    return _within(projects, asked)


def sqlite_any(words: Sequence[str], project: ProjectId) -> str:
    """A query of FTS5 for any of these words, in a project."""
    return _within([project], " OR ".join(map(_quoted, words)))


def _within(projects: Sequence[ProjectId], asked: str) -> str:
    everywhere = f"{{heading body}} : ({asked})"
    if not projects:
        return everywhere
    scope = " OR ".join(_quoted(project) for project in projects)
    return f"(project : ({scope})) AND ({everywhere})"


def postgresql_match(terms: Sequence[Term]) -> str:
    """A ``tsquery``."""
    return " & ".join(f"'{term.word}'{':*' if term.prefix else ''}" for term in terms)


def postgresql_any(words: Sequence[str]) -> str:
    """A ``tsquery`` for any of these words."""
    return " | ".join(f"'{word}'" for word in words)


def _quoted(word: str) -> str:
    return '"' + word.replace('"', '""') + '"'
