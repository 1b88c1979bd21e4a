"""The statements that add rows to the log, inside somebody's write transaction (L3).

Used by the log for edits and by the directory for a project's first content, so
that there is one way into the log. What does not live here: transactions, retries.

Laws kept here: sequence numbers are assigned under the lock of the document's row,
so they are gapless and commit in order; each row's digest covers all of the row and
the digest before; a deleted project takes no row, because the same lock guards its
``is_open``.
"""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    String,
    any_,
    bindparam,
    func,
    insert,
    select,
    true,
    update,
)

from server.protocol.errors import DocumentFault, StoreBusy
from server.protocol.ids import ProjectId, Seq
from server.room.ports import Appended, Batch
from server.room.run_ports import RunStatus
from store import tables as t
from store.digests import row_digest
from store.faults import DRIVER_ERRORS, Verdict, judge, summary
from store.news import announce
from store.prepared import Prepared
from store.run_tables import runs

TAIL_BYTES_DUE = 64 * 1024
TAIL_ROWS_DUE = 2000

Values = dict[str, Any]


def is_due(tail_rows: int, tail_bytes: int, checkpoint_bytes: int) -> bool:
    """Whether a document is worth compacting: the one place that decides.

    Half the checkpoint's size keeps the bytes written by compaction within a constant
    factor of the bytes of edits; the floor spares small documents the fixed cost; the
    row limit bounds the rows that a cold start reads one by one.
    """
    return tail_rows > TAIL_ROWS_DUE or tail_bytes > max(TAIL_BYTES_DUE, checkpoint_bytes // 2)


class LockedDocument(NamedTuple):
    """A document's row, ours until the transaction ends."""

    project_id: ProjectId
    is_open: bool
    head: int
    digest: bytes
    tail_rows: int
    tail_bytes: int
    checkpoint_bytes: int


def _lock_documents(named: ColumnElement[bool]) -> Prepared:
    return Prepared(
        select(*(t.documents.c[name] for name in LockedDocument._fields))
        .where(named)
        # Every transaction locks documents in this order: two group commits that share
        # documents wait for each other instead of deadlocking.
        .order_by(t.documents.c.project_id)
        .with_for_update()
    )


# One text for any number of names, so that it is prepared once: in an array, or in JSON.
NAMED_IN_JSON = _lock_documents(
    t.documents.c.project_id.in_(
        select(func.json_each(bindparam("projects")).table_valued("value").c.value)
    )
)
NAMED_IN_ARRAY = _lock_documents(
    t.documents.c.project_id == any_(bindparam("projects", type_=ARRAY(String)))
)
HELD = (
    select(runs.c.id)
    .where(
        runs.c.id == bindparam("run"),
        runs.c.attempt == bindparam("held_by"),
        runs.c.status == RunStatus.RUNNING.value,
    )
    .with_for_update(read=True)
)
INSERT_UPDATES = Prepared(insert(t.updates))
MOVED = ("head", "digest", "tail_rows", "tail_bytes", "checkpoint_bytes", "due")
MOVE_DOCUMENTS = Prepared(
    update(t.documents)
    .where(t.documents.c.project_id == bindparam("project"))
    .values({name: bindparam(f"new_{name}") for name in MOVED} | {"stale": true()})
)


def lock_documents(
    conn: Connection, projects: Sequence[ProjectId]
) -> dict[ProjectId, LockedDocument]:
    """The rows that every change of a document's log depends on, locked until commit."""
    if conn.dialect.name == "postgresql":
        found = NAMED_IN_ARRAY.ask(conn, {"projects": list(projects)})
    else:
        found = NAMED_IN_JSON.ask(conn, {"projects": json.dumps(projects)})
    return {row[0]: LockedDocument._make(row) for row in found}


def append_rows(conn: Connection, batches: Sequence[Batch]) -> tuple[Appended, ...]:
    """Add all batches to their logs. Raises ``DocumentFault`` when it can tell whose."""
    try:
        return _append(conn, batches)
    except DRIVER_ERRORS as error:
        if len(batches) == 1 and judge(error) is Verdict.REJECTED:
            # Without the driver's own error, whose details quote the row (L11).
            raise DocumentFault(batches[0].project, f"refused: {summary(error)}") from None
        raise


def blame(conn: Connection, batches: Sequence[Batch]) -> None:
    """After a rejected commit of several documents: raise for the one it was.

    Each is tried alone behind a savepoint. Always raises, so that nothing stays.
    """
    for batch in batches:
        with conn.begin_nested():
            append_rows(conn, [batch])
    raise StoreBusy("rows were refused together that are accepted one by one")


def _append(conn: Connection, batches: Sequence[Batch]) -> tuple[Appended, ...]:
    documents = lock_documents(conn, [batch.project for batch in batches])
    for batch in batches:
        _require_leases(conn, batch)
    appended: list[Appended] = []
    rows: list[Values] = []
    moves: list[Values] = []
    for batch in batches:
        document = documents.get(batch.project)
        if document is None or not document.is_open:
            raise DocumentFault(batch.project, "the project is deleted or does not exist")
        moves.append(_chain(batch, document, rows))
        first = Seq(document.head + 1)
        appended.append(Appended(batch.project, first, Seq(document.head + len(batch.updates))))
    INSERT_UPDATES.run(conn, rows)
    MOVE_DOCUMENTS.run(conn, moves)
    announce(conn, documents=[batch.project for batch in batches])
    return tuple(appended)


def _require_leases(conn: Connection, batch: Batch) -> None:
    """Rows of a run are those of the attempt that holds it, until this transaction ends (L9)."""
    leases = {(new.by.run, new.by.attempt) for new in batch.updates if new.by.attempt is not None}
    for run, attempt in leases:
        if conn.execute(HELD, {"run": run, "held_by": attempt}).first() is None:
            raise DocumentFault(batch.project, f"attempt {attempt} does not hold run {run}")


def _chain(batch: Batch, document: LockedDocument, rows: list[Values]) -> Values:
    """Add the batch's rows to ``rows``; answers how the document's row moves."""
    project, seq, digest = batch.project, document.head, document.digest
    size = document.tail_bytes
    for new in batch.updates:
        seq += 1
        by = new.by
        # The enum's value as a plain str: drivers and digests know no StrEnum.
        means = by.means.value
        digest = row_digest(
            digest, project, seq, new.payload, user=by.user, means=means, run=by.run, at=new.at
        )
        size += len(new.payload)
        rows.append(
            {
                "project_id": project,
                "seq": seq,
                "payload": new.payload,
                "user_id": by.user,
                "means": means,
                "run": by.run,
                "at": new.at,
                "digest": digest,
            }
        )
    count = document.tail_rows + len(batch.updates)
    return {
        "project": project,
        "new_head": seq,
        "new_digest": digest,
        "new_tail_rows": count,
        "new_tail_bytes": size,
        "new_checkpoint_bytes": document.checkpoint_bytes,
        "new_due": is_due(count, size, document.checkpoint_bytes),
    }
