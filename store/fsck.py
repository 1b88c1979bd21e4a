"""Look at every stored row of the log and name what does not hold (L3, L4).

A report, never a repair, and no row is believed: what cannot be decoded is a
problem like any other. Documents are read one at a time, each in one read
transaction, a page of rows at a time; their projection is held against a replay.
What does not live here: the checks of one document (``store.fsck_document``,
``store.fsck_projection``), and what updates mean: comparing a checkpoint with a
replay of its history is the caller's ``replay``.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

from sqlalchemy import (
    ColumnElement,
    Connection,
    LargeBinary,
    String,
    Table,
    bindparam,
    cast,
    exists,
    literal,
    select,
)

from server.protocol.errors import StoreUnavailable
from server.protocol.ids import ProjectId
from server.room.difference import Source
from server.room.ports import HistoryRun, LoggedUpdate
from store import tables as t
from store.database import Database
from store.faults import Unreadable
from store.fsck_document import Findings, Problem, check_document
from store.fsck_projection import check_rows, read_rows
from store.fsck_snapshots import check_snapshots
from store.tables import AnyRow

Replay = Callable[[bytes | None, Sequence[HistoryRun], Sequence[LoggedUpdate]], str | None]
"""Takes a checkpoint, all the runs it should hold and the rows after it; says what is
wrong, or None."""

PAGE = 500
ORPHANS = 1000
"""Of each table; more of them say nothing more."""

OWNED: tuple[tuple[Table, ColumnElement[int], Table], ...] = (
    (t.updates, t.updates.c.seq, t.documents),
    (t.checkpoints, t.checkpoints.c.seq, t.documents),
    (t.history_chunks, t.history_chunks.c.first_seq, t.documents),
    (t.history_bases, t.history_bases.c.seq, t.documents),
    (t.snapshot_states, t.snapshot_states.c.plain_bytes, t.documents),
    (t.documents, t.documents.c.head, t.projects),
)


async def verify(
    db: Database, project: ProjectId | None = None, replay: Replay | None = None
) -> list[Problem]:
    """Everything that is wrong with one document, or with all of them."""
    if project is not None:
        return await _verify_one(db, project, replay)
    problems = await _across(db, _whole_file) + await _across(db, _orphans)
    async for name in _projects(db):
        problems += await _verify_one(db, name, replay)
    return problems


async def _across(db: Database, check: Callable[[Connection], list[Problem]]) -> list[Problem]:
    """A check that reads all documents, and may meet pages that cannot be read."""
    try:
        return await db.read_at_leisure(check)
    except (StoreUnavailable, Unreadable) as error:
        return [Problem(None, "database", None, str(error))]


async def _verify_one(db: Database, project: ProjectId, replay: Replay | None) -> list[Problem]:
    try:
        project.encode()
    except UnicodeError:
        # Its rows are under the name it had: they show up as orphans.
        return [Problem(project, "documents", None, "the project's id is not UTF-8")]
    try:
        findings = await db.read_at_leisure(check_document, project, keep=replay is not None)
        findings.problems += await db.read_at_leisure(check_snapshots, project)
    except (StoreUnavailable, Unreadable) as error:
        return [Problem(project, "documents", None, f"cannot be read: {error}")]
    if replay is None or findings.problems:
        return findings.problems
    return await _replayed(project, findings, replay) or await _projected(db, project, findings)


async def _replayed(project: ProjectId, findings: Findings, replay: Replay) -> list[Problem]:
    checkpoint = findings.checkpoint
    payload = None if checkpoint is None else checkpoint.payload
    wrong = await asyncio.to_thread(replay, payload, findings.runs, findings.tail)
    if wrong is None:
        return []
    seq = None if checkpoint is None else checkpoint.seq
    return [Problem(project, "checkpoints", seq, wrong)]


async def _projected(db: Database, project: ProjectId, findings: Findings) -> list[Problem]:
    """What the projection shows that the document does not say, or the other way round."""
    rows = await db.read_at_leisure(read_rows, project)
    if rows is None or rows.seq != findings.seq:
        return []  # It is behind, and will be made to follow; or the document has gone on.
    checkpoint = None if findings.checkpoint is None else findings.checkpoint.payload
    updates = tuple(update.payload for update in findings.tail)
    source = Source(project, rows.seq, checkpoint, updates)
    return await asyncio.to_thread(check_rows, source, rows)


async def _projects(db: Database) -> AsyncIterator[ProjectId]:
    """All names in pages; projects without a document are among them."""
    last: str | None = None
    while page := await db.read_at_leisure(_names_after, last):
        for name in page:
            yield ProjectId(name)
        last = page[-1]


def _names_after(conn: Connection, last: str | None) -> list[str]:
    names = select(t.projects.c.id).order_by(t.projects.c.id).limit(PAGE)
    if last is not None:
        names = names.where(t.projects.c.id > _text(conn, last))
    return [row.id for row in conn.execute(names)]


def _text(conn: Connection, text: str) -> ColumnElement[str]:
    """A parameter that may hold what is not UTF-8, which SQLite takes only as bytes."""
    if conn.dialect.name != "sqlite":
        return literal(text)
    return cast(literal(text.encode(errors="surrogateescape"), LargeBinary), String)


def _orphans(conn: Connection) -> list[Problem]:
    return [
        Problem(row.project_id, table.name, row.key, "its project does not exist")
        for table, key, owner in OWNED
        for row in _orphans_of(conn, table, key, owner)
    ]


def _orphans_of(
    conn: Connection, table: Table, key: ColumnElement[int], owner: Table
) -> Sequence[AnyRow]:
    [owner_key] = owner.primary_key.columns
    owned = exists().where(owner_key == table.c.project_id)
    query = select(table.c.project_id, key.label("key")).where(~owned)
    return conn.execute(query.limit(bindparam("most")), {"most": ORPHANS}).all()


def _whole_file(conn: Connection) -> list[Problem]:
    """What SQLite says of its own pages and indexes."""
    if conn.dialect.name != "sqlite":
        return []
    answers = conn.exec_driver_sql("PRAGMA integrity_check").scalars().all()
    return [Problem(None, "sqlite", None, str(answer)) for answer in answers if answer != "ok"]
