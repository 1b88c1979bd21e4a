"""One document as one moment's rows, and the same verified (L2, L4).

Reading happens in a transaction and keeps it short; verifying and decompressing is
pure and happens after it, away from the event loop when there is much of it. What
does not live here: appending, compaction.

Law kept here: rows that do not verify are ``DocumentDamaged``, an absent project is
``NotFound``, and neither is ever an empty document.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, bindparam, select

from server.protocol.errors import DocumentDamaged, NotFound
from server.protocol.ids import ProjectId, Seq
from server.room.ports import LoggedUpdate
from store import tables as t
from store.database import Database
from store.digests import GENESIS
from store.faults import Unreadable
from store.rows import (
    SELECT_CHECKPOINTS,
    SELECT_UPDATES,
    Checkpoint,
    limit_of,
    require,
    verify_checkpoint,
    verify_update,
)
from store.tables import AnyRow

R = TypeVar("R")

INLINE_BYTES = 256 * 1024
"""Up to here verifying takes about a millisecond, less than a thread costs."""

DOCUMENT = select(
    t.documents.c.is_open,
    t.documents.c.head,
    t.documents.c.digest,
    t.documents.c.tail_bytes,
    t.documents.c.checkpoint_bytes,
    t.documents.c.max_bytes,
).where(t.documents.c.project_id == bindparam("project"))
CHECKPOINT = (
    SELECT_CHECKPOINTS.where(t.checkpoints.c.project_id == bindparam("project"))
    .order_by(t.checkpoints.c.seq.desc())
    .limit(1)
)
UPDATES_FROM = SELECT_UPDATES.where(
    t.updates.c.project_id == bindparam("project"), t.updates.c.seq >= bindparam("first")
).order_by(t.updates.c.seq)
ALL_UPDATES = SELECT_UPDATES.where(t.updates.c.project_id == bindparam("project")).order_by(
    t.updates.c.seq
)


@dataclass(frozen=True, slots=True)
class View:
    """A document's rows as they were read, not yet verified.

    ``after`` is the seq that the reader has already; ``rows`` then starts with that
    row, whose digest the next one continues. ``checkpoint`` is absent when the rows
    alone are enough.
    """

    project: ProjectId
    document: AnyRow
    after: Seq
    checkpoint: AnyRow | None
    rows: Sequence[AnyRow]

    @property
    def weight(self) -> int:
        """Bytes to go through."""
        sizes = (self.document.tail_bytes, self.document.checkpoint_bytes)
        return sum(size for size in sizes if isinstance(size, int))


@dataclass(frozen=True, slots=True)
class Verified:
    """The same, decoded; digests match from start to head."""

    head: Seq
    checkpoint: Checkpoint | None
    updates: tuple[LoggedUpdate, ...]
    max_bytes: int | None


def read_view(conn: Connection, project: ProjectId) -> View:
    """Everything of one document. Raises ``NotFound``."""
    document = _document(conn, project)
    checkpoint = conn.execute(CHECKPOINT, {"project": project}).one_or_none()
    # Not only rows beyond the checkpoint: what is in the log is not yet let go of.
    rows = conn.execute(ALL_UPDATES, {"project": project}).all()
    return View(project, document, Seq(0), checkpoint, rows)


def read_view_after(conn: Connection, project: ProjectId, seq: Seq) -> View:
    """What came after ``seq``, or everything when that has been compacted away."""
    document = _document(conn, project)
    rows = conn.execute(UPDATES_FROM, {"project": project, "first": seq}).all()
    known = seq > 0 and bool(rows) and rows[0].seq == seq
    nothing_new = not rows and document.head == seq
    if known or nothing_new:
        return View(project, document, seq, None, rows)
    return read_view(conn, project)


def _document(conn: Connection, project: ProjectId) -> AnyRow:
    document = conn.execute(DOCUMENT, {"project": project}).one_or_none()
    if document is None or not document.is_open:
        raise NotFound("no such project")
    return document


async def load_verified(db: Database, project: ProjectId) -> Verified:
    """Everything of one document. Raises ``NotFound`` or ``DocumentDamaged``."""
    return await _verified(await _read(db, project, read_view, project))


async def load_verified_after(db: Database, project: ProjectId, seq: Seq) -> Verified:
    """What came after ``seq``, and the checkpoint when that is needed for it."""
    return await _verified(await _read(db, project, read_view_after, project, seq))


async def _read(db: Database, project: ProjectId, fn: Callable[..., View], *args: object) -> View:
    try:
        return await db.read(fn, *args)
    except Unreadable as error:
        raise DocumentDamaged(f"document {project} does not read: {error}") from error


async def _verified(view: View) -> Verified:
    return await off_loop(view.weight, verify, view)


async def off_loop(weight: int, fn: Callable[..., R], *args: object) -> R:
    """Run a pure function of ``weight`` bytes here, or in a thread if they are many."""
    if weight <= INLINE_BYTES:
        return fn(*args)
    return await asyncio.to_thread(fn, *args)


def verify(view: View) -> Verified:
    """Decode the view and check the chain of digests up to the head."""
    try:
        return _verify(view)
    except Unreadable as error:
        raise DocumentDamaged(f"document {view.project} does not verify: {error}") from error


def _verify(view: View) -> Verified:
    require(view.document, ints=("head",), digests=("digest",))
    head, rows = view.document.head, view.rows
    checkpoint = None if view.checkpoint is None else _readable_checkpoint(view.checkpoint)
    if view.after:
        return _verify_known(view, head)
    start, digest = (0, GENESIS) if checkpoint is None else (checkpoint.seq, checkpoint.row_digest)
    updates, last = _follow(view.project, rows, start, digest)
    _check_end(view.document, start + len(rows), last)
    return Verified(Seq(head), checkpoint, updates, limit_of(view.document))


def _verify_known(view: View, head: int) -> Verified:
    """Rows after one that the reader has; none at all when it has the head."""
    if not view.rows:
        return Verified(Seq(head), None, (), limit_of(view.document))
    known = view.rows[0]
    require(known, ints=("seq",), digests=("digest",))
    updates, last = _follow(view.project, view.rows[1:], known.seq, known.digest)
    _check_end(view.document, known.seq + len(updates), last)
    return Verified(Seq(head), None, updates, limit_of(view.document))


def _readable_checkpoint(row: AnyRow) -> Checkpoint:
    try:
        return verify_checkpoint(row)
    except Unreadable as error:
        raise Unreadable(f"checkpoint at {row.seq!r}: {error}") from error


def _follow(
    project: ProjectId, rows: Sequence[AnyRow], seq: int, digest: bytes
) -> tuple[tuple[LoggedUpdate, ...], bytes]:
    """All rows decoded, and the last digest, if they continue from ``seq`` without gap."""
    updates: list[LoggedUpdate] = []
    for row in rows:
        seq += 1
        if row.seq != seq:
            raise Unreadable(f"row {seq} is missing; found {row.seq!r} in its place")
        try:
            updates.append(verify_update(row, project, digest))
        except Unreadable as error:
            raise Unreadable(f"row {seq}: {error}") from error
        digest = row.digest
    return tuple(updates), digest


def _check_end(document: AnyRow, seq: int, digest: bytes) -> None:
    if (seq, digest) != (document.head, document.digest):
        raise Unreadable(f"the log ends at {seq}, the head is {document.head}")
