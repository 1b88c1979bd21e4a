"""The past of a document: read whole, and thinned where it is old (L3, L4).

What does not live here: what thinning makes of it (``server.document.thinning``), the
log's other end (``store.view``), and putting rows into chunks (``store.compaction``).

Laws kept here: exactly the chunks that were read are deleted, or nothing happens; the chain
of digests goes on from the base as it did from the last chunk in it.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, bindparam, cast, delete, func, or_, select

from server.protocol.errors import DocumentDamaged, DocumentFault
from server.protocol.ids import ProjectId, Seq, UserId
from server.room.history_ports import History, HistoryBase, Retention
from server.room.ports import Clock, HistoryRun, LoggedUpdate
from store import tables as t
from store.appending import lock_documents
from store.bases import BASE, PackedBase, StoredBase, pack_base, put_base, verify_base
from store.compaction import CHUNKS
from store.database import Database
from store.faults import Rejected, Unreadable
from store.rows import Chunk, verify_chunk
from store.tables import AnyRow
from store.view import View, off_loop, read_view, verify

FLOOR_BYTES = 16 * 1024
"""History that even the smallest document may have."""

SIZES = (
    select(
        t.documents.c.project_id,
        func.sum(func.length(t.history_chunks.c.payload)).label("size"),
        func.min(t.history_chunks.c.ended_at).label("oldest"),
        t.documents.c.checkpoint_bytes,
    )
    .join_from(t.documents, t.history_chunks)
    .where(t.documents.c.is_open, t.documents.c.project_id > bindparam("after"))
    .group_by(t.documents.c.project_id, t.documents.c.checkpoint_bytes)
    .having(func.count() > 1)
    .subquery()
)
OVERGROWN = (
    select(SIZES.c.project_id)
    .where(
        or_(
            SIZES.c.oldest < bindparam("before"),
            (SIZES.c.size > FLOOR_BYTES)
            & (
                cast(SIZES.c.size, BigInteger) * 100
                > SIZES.c.checkpoint_bytes * bindparam("percent", type_=BigInteger)
            ),
        )
    )
    .order_by(SIZES.c.project_id)
    .limit(bindparam("limit"))
)
NAMED = select(t.project_authors.c.user_id, t.project_authors.c.name).where(
    t.project_authors.c.project_id == bindparam("project")
)
DELETE_CHUNKS = delete(t.history_chunks).where(
    t.history_chunks.c.project_id == bindparam("project"),
    t.history_chunks.c.last_seq <= bindparam("last"),
)
LAST_DIGEST = select(t.history_chunks.c.last_digest).where(
    t.history_chunks.c.project_id == bindparam("project"),
    t.history_chunks.c.last_seq == bindparam("last"),
)
FIRST_SEQ = select(func.min(t.history_chunks.c.first_seq)).where(
    t.history_chunks.c.project_id == bindparam("project")
)


class _Moved(Exception):
    """What was read is not what is there any more."""


@dataclass(frozen=True, slots=True)
class Past:
    """Rows as they were read, not yet verified."""

    view: View
    base: AnyRow | None
    chunks: Sequence[AnyRow]

    @property
    def weight(self) -> int:
        """Bytes to go through."""
        base = 0 if self.base is None else self.base.state_bytes + self.base.sittings_bytes
        return self.view.weight + int(base) + sum(int(one.plain_bytes) for one in self.chunks)


class SqlHistoryLog:
    """Where history is read from."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def read(self, project: ProjectId) -> History:
        """Everything, verified."""
        past = await self._db.read_at_leisure(read_past, project)
        return await off_loop(past.weight, _verified, past)

    async def authors(self, project: ProjectId) -> Mapping[UserId, str]:
        """What authors are called who have no account here."""
        return await self._db.read(named_authors, project)

    async def overgrown(self, keep: Retention, after: ProjectId, limit: int) -> Sequence[ProjectId]:
        """Documents with more history than is to be kept."""
        return await self._db.read_at_leisure(_overgrown, keep, after, limit)

    async def read_old(self, project: ProjectId, keep: Retention) -> History:
        """The base and what is to be thinned into it, verified."""
        past = await self._db.read_at_leisure(read_past, project)
        old = tuple(_old(past, keep))
        return await off_loop(past.weight, _verified_old, past, old)

    async def replace_old(self, old: History, base: HistoryBase) -> bool:
        """Put a base in place of what was read."""
        packed = await asyncio.to_thread(pack_base, old.project, base, self._clock.now())
        first = Seq(1 if old.base is None else old.base.seq + 1)
        try:
            await self._db.write(_replace, packed, first)
        except _Moved:
            return False
        except Rejected as error:
            raise DocumentFault(old.project, f"refused: {error}") from error
        return True


def named_authors(conn: Connection, project: ProjectId) -> dict[UserId, str]:
    """What authors are called who came with an imported history and have no account here."""
    found = conn.execute(NAMED, {"project": project})
    return {UserId(row.user_id): row.name for row in found}


def _overgrown(
    conn: Connection, keep: Retention, after: ProjectId, limit: int
) -> Sequence[ProjectId]:
    asked = {"before": keep.before, "percent": keep.percent, "after": after, "limit": limit}
    return [ProjectId(row.project_id) for row in conn.execute(OVERGROWN, asked)]


def read_past(conn: Connection, project: ProjectId) -> Past:
    """Everything of one document's past. Raises ``NotFound``."""
    view = read_view(conn, project)
    base = conn.execute(BASE, {"project": project}).one_or_none()
    return Past(view, base, conn.execute(CHUNKS, {"project": project}).all())


def _old(past: Past, keep: Retention) -> Iterator[AnyRow]:
    """The chunks that are too old or too many: from the oldest on, and never the newest."""
    left = sum(len(chunk.payload) for chunk in past.chunks)
    most = max(FLOOR_BYTES, past.view.document.checkpoint_bytes * keep.percent // 100)
    for chunk in past.chunks[:-1]:
        if left <= most and chunk.ended_at >= keep.before:
            return
        left -= len(chunk.payload)
        yield chunk


@dataclass(frozen=True, slots=True)
class VerifiedPast:
    """The same, decoded: without gap from the base to the head."""

    head: Seq
    base: HistoryBase | None
    chunks: Sequence[Chunk]
    tail: tuple[LoggedUpdate, ...]


def verified_past(past: Past) -> VerifiedPast:
    """Raises ``DocumentDamaged``."""
    verified = verify(past.view)
    base, chunks, end = _verified_chunks(past, past.chunks)
    if end != (0 if verified.checkpoint is None else verified.checkpoint.seq):
        raise DocumentDamaged(f"the history of {past.view.project} ends at {end}")
    return VerifiedPast(verified.head, base, chunks, verified.updates)


def _verified(past: Past) -> History:
    found = verified_past(past)
    return History(past.view.project, found.head, found.base, _runs(found.chunks), found.tail)


def _verified_old(past: Past, old: Sequence[AnyRow]) -> History:
    base, chunks, end = _verified_chunks(past, old)
    return History(past.view.project, Seq(end), base, _runs(chunks), ())


def _runs(chunks: Sequence[Chunk]) -> tuple[HistoryRun, ...]:
    return tuple(run for chunk in chunks for run in chunk.runs)


def _verified_chunks(
    past: Past, rows: Sequence[AnyRow]
) -> tuple[HistoryBase | None, Sequence[Chunk], int]:
    """Base and chunks, and where they end. Raises ``DocumentDamaged``."""
    try:
        stored = None if past.base is None else verify_base(past.base)
        chunks = [verify_chunk(row) for row in rows]
        end = _require_unbroken(stored, chunks)
    except Unreadable as error:
        raise DocumentDamaged(f"history of {past.view.project} does not verify: {error}") from error
    return None if stored is None else stored.base, chunks, end


def _require_unbroken(base: StoredBase | None, chunks: Sequence[Chunk]) -> int:
    end = 0 if base is None else base.base.seq
    digest = None if base is None else base.row_digest
    for chunk in chunks:
        if chunk.first != end + 1 or digest not in (None, chunk.prev_digest):
            raise Unreadable(f"the chunk at {chunk.first} does not continue row {end}")
        end, digest = chunk.last, chunk.last_digest
    return end


def _replace(conn: Connection, packed: PackedBase, first: Seq) -> None:
    project = packed.project
    document = lock_documents(conn, [project]).get(project)
    if document is None or not document.is_open:
        raise _Moved
    where = {"project": project, "last": packed.seq}
    digest = conn.execute(LAST_DIGEST, where).scalar_one_or_none()
    # Chunks follow each other without gap, so these two are all that can have changed.
    if digest is None or conn.execute(FIRST_SEQ, {"project": project}).scalar_one() != first:
        raise _Moved
    conn.execute(DELETE_CHUNKS, where)
    put_base(conn, packed, digest)
