"""The store's half of compaction: rows out, a checkpoint and their history in (L4).

Read in one read transaction, packed in a thread, put away in one short write
transaction. What does not live here: merging updates, checking that the merge holds
them all, and deciding when (``is_due`` in ``store.appending``).

Laws kept here: exactly the rows that were read are deleted, or nothing happens; the
newest two checkpoints are kept; a history chunk carries the digests of the row
before it and of its last row, so the chain goes on across rows that are gone. One
compactor per document: the lock on the document's row is held from the check to the
commit, and a second compactor, of this process or another, finds the rows gone.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, func, insert, select

from server.protocol.errors import DocumentDamaged, DocumentFault, Invalid
from server.protocol.ids import Millis, ProjectId
from server.room.ports import Clock, Compacted, CompactionInput, HistoryRun
from store import tables as t
from store.appending import MOVE_DOCUMENTS, LockedDocument, is_due, lock_documents
from store.database import Database
from store.digests import GENESIS
from store.faults import Rejected, Unreadable
from store.frames import frame_runs, pack
from store.rows import (
    SELECT_CHUNKS,
    checkpoint_digest,
    chunk_digest,
    contents,
    covers,
    verify_chunk,
)
from store.tables import AnyRow
from store.view import load_verified, off_loop

CANDIDATES = (
    select(t.documents.c.project_id)
    .where(t.documents.c.due, t.documents.c.is_open)
    .order_by(t.documents.c.tail_bytes.desc(), t.documents.c.project_id)
    .limit(bindparam("limit"))
)
ROWS_READ = (t.updates.c.project_id == bindparam("project")) & t.updates.c.seq.between(
    bindparam("first"), bindparam("last")
)
BYTES_READ = select(func.coalesce(func.sum(func.length(t.updates.c.payload)), 0)).where(ROWS_READ)
DELETE_READ = delete(t.updates).where(ROWS_READ)
LAST_DIGEST = select(t.updates.c.digest).where(
    t.updates.c.project_id == bindparam("project"), t.updates.c.seq == bindparam("last")
)
CHECKPOINTS = (
    select(t.checkpoints.c.seq, t.checkpoints.c.row_digest)
    .where(t.checkpoints.c.project_id == bindparam("project"))
    .order_by(t.checkpoints.c.seq.desc())
    .limit(1)
)
DELETE_CHECKPOINTS = delete(t.checkpoints).where(
    t.checkpoints.c.project_id == bindparam("project"), t.checkpoints.c.seq < bindparam("before")
)
CHUNKS = SELECT_CHUNKS.where(t.history_chunks.c.project_id == bindparam("project")).order_by(
    t.history_chunks.c.first_seq
)


class Stale(Exception):
    """The rows that were read are no longer all there: somebody else compacted them."""


@dataclass(frozen=True, slots=True)
class PackedChunk:
    """A chunk of history ready to be written: compressed, and digested where that is slow."""

    project: ProjectId
    first: int
    last: int
    started_at: Millis
    ended_at: Millis
    payload: bytes
    made_of: tuple[bytes, bytes, int]


@dataclass(frozen=True, slots=True)
class Packed:
    """A compaction ready to be written, likewise."""

    chunk: PackedChunk
    at: Millis
    checkpoint: bytes
    made_of: tuple[bytes, bytes, int]


class SqlCompactionLog:
    """Where compaction reads from and writes to."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def candidates(self, limit: int) -> Sequence[ProjectId]:
        """Documents whose log has outgrown their checkpoint, largest tail first."""
        return await self._db.read(_candidates, limit)

    async def read(self, project: ProjectId) -> CompactionInput:
        """Checkpoint and rows in one read transaction, verified."""
        view = await load_verified(self._db, project)
        checkpoint = None if view.checkpoint is None else view.checkpoint.payload
        ids = tuple(int(row.seq) for row in view.updates)
        return CompactionInput(project, checkpoint, view.updates, ids)

    async def replace(self, source: CompactionInput, compacted: Compacted) -> bool:
        """Put the rows of ``source`` away. Raises ``Invalid`` when ``compacted`` does not
        cover them."""
        packed = await asyncio.to_thread(_pack, source, compacted, self._clock.now())
        try:
            await self._db.write(_replace, packed)
        except Stale:
            return False
        except Rejected as error:
            raise DocumentFault(source.project, f"refused: {error}") from error
        return True

    async def history(self, project: ProjectId) -> Sequence[HistoryRun]:
        """Every run that compaction has put away, verified, in order of seq."""
        try:
            rows = await self._db.read(_chunks, project)
            return await off_loop(sum(len(row.payload) for row in rows), _runs, rows)
        except Unreadable as error:
            raise DocumentDamaged(f"history of {project} does not verify: {error}") from error


def _pack(source: CompactionInput, compacted: Compacted, now: Millis) -> Packed:
    ids = source.row_ids
    if not ids or ids != tuple(range(ids[0], ids[-1] + 1)):
        raise Invalid("nothing to compact, or not consecutive rows")
    if not covers(compacted.runs, ids[0], ids[-1]):
        raise Invalid(f"the runs do not cover rows {ids[0]} to {ids[-1]}")
    checkpoint = pack(compacted.checkpoint)
    made_of = contents(compacted.checkpoint, checkpoint)
    return Packed(pack_chunk(source.project, compacted.runs), now, checkpoint, made_of)


def pack_chunk(project: ProjectId, runs: Sequence[HistoryRun]) -> PackedChunk:
    """Compress consecutive runs."""
    plain = frame_runs(runs)
    payload = pack(plain)
    return PackedChunk(
        project=project,
        first=runs[0].first,
        last=runs[-1].last,
        # Clocks go back; a chunk's times are those of its runs, not an order.
        started_at=min(run.started_at for run in runs),
        ended_at=max(run.ended_at for run in runs),
        payload=payload,
        made_of=contents(plain, payload),
    )


def _candidates(conn: Connection, limit: int) -> Sequence[ProjectId]:
    return [ProjectId(row.project_id) for row in conn.execute(CANDIDATES, {"limit": limit})]


def _chunks(conn: Connection, project: ProjectId) -> Sequence[AnyRow]:
    return conn.execute(CHUNKS, {"project": project}).all()


def _runs(rows: Sequence[AnyRow]) -> tuple[HistoryRun, ...]:
    return tuple(run for row in rows for run in verify_chunk(row).runs)


def _replace(conn: Connection, packed: Packed) -> None:
    chunk = packed.chunk
    document = lock_documents(conn, [chunk.project]).get(chunk.project)
    if document is None or not document.is_open:
        raise Stale
    where = {"project": chunk.project, "first": chunk.first, "last": chunk.last}
    last_digest = conn.execute(LAST_DIGEST, where).scalar_one_or_none()
    size = conn.execute(BYTES_READ, where).scalar_one()
    # Sequence numbers are never used again, so a full range is the rows that were read.
    deleted = conn.execute(DELETE_READ, where).rowcount
    if last_digest is None or deleted != chunk.last - chunk.first + 1:
        raise Stale
    previous = conn.execute(CHECKPOINTS, {"project": chunk.project}).one_or_none()
    if chunk.first != (1 if previous is None else previous.seq + 1):
        raise Stale
    prev_digest = GENESIS if previous is None else previous.row_digest
    if previous is not None:
        conn.execute(DELETE_CHECKPOINTS, {"project": chunk.project, "before": previous.seq})
    insert_checkpoint(
        conn, chunk.project, chunk.last, packed.at, last_digest, packed.checkpoint, packed.made_of
    )
    insert_chunk(conn, chunk, prev_digest, last_digest)
    _shrink_tail(conn, packed, document, deleted, size)


def insert_checkpoint(
    conn: Connection,
    project: ProjectId,
    seq: int,
    at: Millis,
    row_digest: bytes,
    payload: bytes,
    made_of: tuple[bytes, bytes, int],
) -> None:
    """Record a checkpoint that is packed; ``made_of`` is what its digest covers."""
    conn.execute(
        insert(t.checkpoints),
        {
            "project_id": project,
            "seq": seq,
            "row_digest": row_digest,
            "created_at": at,
            "plain_bytes": made_of[2],
            "payload": payload,
            "digest": checkpoint_digest(project, seq, at, row_digest, *made_of),
        },
    )


def insert_chunk(conn: Connection, packed: PackedChunk, prev: bytes, last: bytes) -> None:
    """Record a chunk between the rows with these digests."""
    numbers = (packed.first, packed.last, packed.started_at, packed.ended_at)
    conn.execute(
        insert(t.history_chunks),
        {
            "project_id": packed.project,
            "first_seq": packed.first,
            "last_seq": packed.last,
            "started_at": packed.started_at,
            "ended_at": packed.ended_at,
            "prev_digest": prev,
            "last_digest": last,
            "plain_bytes": packed.made_of[2],
            "payload": packed.payload,
            "digest": chunk_digest(packed.project, *numbers, prev, last, *packed.made_of),
        },
    )


def _shrink_tail(
    conn: Connection, packed: Packed, document: LockedDocument, rows: int, size: int
) -> None:
    left_rows, left_bytes = document.tail_rows - rows, document.tail_bytes - size
    plain = packed.made_of[2]
    moved = {
        "project": packed.chunk.project,
        "new_head": document.head,
        "new_digest": document.digest,
        "new_tail_rows": left_rows,
        "new_tail_bytes": left_bytes,
        "new_checkpoint_bytes": plain,
        "new_due": is_due(left_rows, left_bytes, plain),
    }
    MOVE_DOCUMENTS.run(conn, [moved])
