"""Snapshots of projects: rows that name states, and each state once.

What does not live here: when snapshots are taken, and what their bytes mean.

Laws kept here: digests are over the plain bytes and over the whole row (L4), so that a
restore never brings back what was not stored.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, bindparam, delete, exists, func, insert, select

from server.protocol.errors import DocumentDamaged, NotFound
from server.protocol.ids import Millis, ProjectId, Seq, SnapshotId, UserId
from server.room.event_ports import EventData, EventKind, NewEvent
from server.room.history_ports import NewSnapshot, Occasion, Snapshot
from server.room.ports import Clock
from store import tables as t
from store.appending import lock_documents
from store.database import Database
from store.digests import fingerprint, values_digest
from store.events import note
from store.faults import Unreadable
from store.frames import THOROUGH, pack, unpack
from store.rows import require
from store.tables import AnyRow
from store.view import off_loop

OCCASIONS = {occasion.value: occasion for occasion in Occasion}

SELECT_SNAPSHOTS = select(
    t.snapshots, t.snapshot_states.c.plain_bytes, t.snapshot_states.c.payload
).join_from(t.snapshots, t.snapshot_states)
LISTED = select(t.snapshots, t.snapshot_states.c.plain_bytes).join_from(
    t.snapshots, t.snapshot_states
)
NEWEST_FIRST = (t.snapshots.c.created_at.desc(), t.snapshots.c.seq.desc(), t.snapshots.c.id)
OF_PROJECT = LISTED.where(t.snapshots.c.project_id == bindparam("project")).order_by(*NEWEST_FIRST)
OF_PROJECT_WITH_STATE = SELECT_SNAPSHOTS.where(
    t.snapshots.c.project_id == bindparam("project")
).order_by(*NEWEST_FIRST)
IS_LIVE = exists().where(
    t.documents.c.project_id == t.snapshots.c.project_id, t.documents.c.is_open
)
ONE = LISTED.where(t.snapshots.c.id == bindparam("snapshot"), IS_LIVE)
ONE_WITH_STATE = SELECT_SNAPSHOTS.where(t.snapshots.c.id == bindparam("snapshot"), IS_LIVE)
HAS_STATE = select(t.snapshot_states.c.plain_bytes).where(
    t.snapshot_states.c.project_id == bindparam("project"),
    t.snapshot_states.c.state_digest == bindparam("digest"),
)
DELETE_SNAPSHOTS = delete(t.snapshots).where(
    t.snapshots.c.id.in_(bindparam("snapshots", expanding=True))
)
DELETE_STATES = delete(t.snapshot_states).where(
    t.snapshot_states.c.project_id == bindparam("project"),
    ~exists().where(
        t.snapshots.c.project_id == t.snapshot_states.c.project_id,
        t.snapshots.c.state_digest == t.snapshot_states.c.state_digest,
    ),
)


def _newest_of(column: ColumnElement[int]) -> ColumnElement[int | None]:
    """Of the document's own snapshots: looked up, so that a page costs what it shows."""
    own = t.snapshots.c.project_id == t.documents.c.project_id
    return select(func.max(column)).where(own).correlate(t.documents).scalar_subquery()


DUE = (
    select(t.documents.c.project_id)
    .join_from(t.documents, t.projects)
    .where(
        t.documents.c.is_open,
        t.documents.c.project_id > bindparam("after"),
        t.documents.c.head > func.coalesce(_newest_of(t.snapshots.c.seq), 0),
        func.coalesce(_newest_of(t.snapshots.c.created_at), t.projects.c.created_at)
        <= bindparam("before"),
    )
    .order_by(t.documents.c.project_id)
    .limit(bindparam("limit"))
)


@dataclass(frozen=True, slots=True)
class PackedSnapshot:
    """A snapshot ready to be written. ``digest`` and ``size`` are those of its state, ``payload``
    is the state compressed."""

    id: str
    project: ProjectId
    seq: Seq
    occasion: Occasion
    by: UserId | None
    name: str | None
    note: str
    at: Millis
    digest: bytes
    size: int
    payload: bytes


class SqlSnapshots:
    """Where snapshots are kept."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def add(self, new: NewSnapshot, *, keep: int) -> Snapshot:
        """Keep one, and let go of automatic ones that are too many."""
        packed = await asyncio.to_thread(_pack, new, self._clock.now())
        return await self._db.write(_add, packed, keep)

    async def list(self, project: ProjectId) -> Sequence[Snapshot]:
        """Newest first."""
        return await self._db.read(_list, project)

    async def newest(self, project: ProjectId) -> Snapshot | None:
        """The first of them, if there is one."""
        return await self._db.read(_newest, project)

    async def get(self, snapshot: SnapshotId) -> Snapshot:
        """One, without its state."""
        return snapshot_of(await self._db.read(_one, ONE, snapshot))

    async def state(self, snapshot: SnapshotId) -> bytes:
        """The state, verified."""
        row = await self._db.read(_one, ONE_WITH_STATE, snapshot)
        try:
            return await off_loop(len(row.payload) * 4, verify_snapshot, row)
        except Unreadable as error:
            raise DocumentDamaged(f"snapshot {snapshot} does not verify: {error}") from error

    async def remove(self, snapshot: SnapshotId) -> None:
        """Let go of one, and of its state if it was the last."""
        await self._db.write(_remove, snapshot, self._clock.now())

    async def due(self, before: Millis, after: ProjectId, limit: int) -> Sequence[ProjectId]:
        """Projects whose daily snapshot is due."""
        return await self._db.read_at_leisure(_due, before, after, limit)


def verify_snapshot(row: AnyRow) -> bytes:
    """The state of a row of ``SELECT_SNAPSHOTS``, if all of it verifies. Raises ``Unreadable``."""
    require(
        row,
        ints=("seq", "created_at", "plain_bytes"),
        texts=("id", "project_id", "occasion", "note"),
        blobs=("payload",),
        digests=("state_digest", "digest"),
    )
    if _row_digest(row._mapping) != row.digest:
        raise Unreadable("the digest does not match the row")
    plain = unpack(row.payload, row.plain_bytes)
    if fingerprint(plain) != row.state_digest:
        raise Unreadable("the state is not the one that was stored")
    return plain


def _pack(new: NewSnapshot, now: Millis) -> PackedSnapshot:
    return PackedSnapshot(
        new_snapshot_id(), new.project, new.seq, new.occasion, new.by, new.name, new.note, now,
        fingerprint(new.state), len(new.state), pack(new.state, THOROUGH),
    )  # fmt: skip


def new_snapshot_id() -> SnapshotId:
    """Random."""
    return SnapshotId(uuid4().hex)


def _add(conn: Connection, new: PackedSnapshot, keep: int) -> Snapshot:
    document = lock_documents(conn, [new.project]).get(new.project)
    if document is None or not document.is_open:
        raise NotFound("no such project")
    known = conn.execute(OF_PROJECT.limit(1), {"project": new.project}).one_or_none()
    unchanged = known is not None and (known.state_digest == new.digest or known.seq == new.seq)
    if known is not None and unchanged and new.occasion is not Occasion.NAMED:
        return snapshot_of(known)
    insert_snapshot(conn, new)
    _prune(conn, new.project, keep)
    data: EventData = {
        "snapshot": new.id, "seq": new.seq, "occasion": new.occasion.value, "name": new.name,
    }  # fmt: skip
    note(conn, NewEvent(new.project, EventKind.SNAPSHOT_TAKEN, new.by, data), new.at)
    return snapshot_of(conn.execute(ONE, {"snapshot": new.id}).one())


def insert_snapshot(conn: Connection, new: PackedSnapshot) -> None:
    """Record a snapshot, and its state unless that is there."""
    where = {"project": new.project, "digest": new.digest}
    if conn.execute(HAS_STATE, where).one_or_none() is None:
        state = {
            "project_id": new.project, "state_digest": new.digest,
            "plain_bytes": new.size, "payload": new.payload,
        }  # fmt: skip
        conn.execute(insert(t.snapshot_states), state)
    row: dict[str, Any] = {
        "id": new.id,
        "project_id": new.project,
        "seq": new.seq,
        "occasion": new.occasion.value,
        "user_id": new.by,
        "name": new.name,
        "note": new.note,
        "created_at": new.at,
        "state_digest": new.digest,
    }
    conn.execute(insert(t.snapshots), {**row, "digest": _row_digest(row)})


def _prune(conn: Connection, project: ProjectId, keep: int) -> None:
    found = conn.execute(OF_PROJECT, {"project": project})
    automatic = [row for row in found if row.occasion != Occasion.NAMED.value]
    # Newest first, so that what stays in the end is the newest of each occasion.
    newest = {row.occasion: row.id for row in reversed(automatic)}
    surplus = [row.id for row in automatic[keep:] if row.id not in newest.values()]
    _delete(conn, project, surplus)


def _delete(conn: Connection, project: ProjectId, snapshots: Sequence[str]) -> None:
    if snapshots:
        conn.execute(DELETE_SNAPSHOTS, {"snapshots": list(snapshots)})
        conn.execute(DELETE_STATES, {"project": project})


def _remove(conn: Connection, snapshot: SnapshotId, now: Millis) -> None:
    row = _one(conn, ONE, snapshot)
    lock_documents(conn, [row.project_id])
    _delete(conn, row.project_id, [snapshot])
    gone = NewEvent(row.project_id, EventKind.SNAPSHOT_REMOVED, None, {"snapshot": snapshot})
    note(conn, gone, now)


def _list(conn: Connection, project: ProjectId) -> Sequence[Snapshot]:
    _require_live(conn, project)
    return [snapshot_of(row) for row in conn.execute(OF_PROJECT, {"project": project})]


def _newest(conn: Connection, project: ProjectId) -> Snapshot | None:
    _require_live(conn, project)
    row = conn.execute(OF_PROJECT.limit(1), {"project": project}).one_or_none()
    return None if row is None else snapshot_of(row)


def _require_live(conn: Connection, project: ProjectId) -> None:
    document = select(t.documents.c.is_open).where(t.documents.c.project_id == project)
    if not conn.execute(document).scalar_one_or_none():
        raise NotFound("no such project")


def _one(conn: Connection, statement: Any, snapshot: SnapshotId) -> AnyRow:
    row: AnyRow | None = conn.execute(statement, {"snapshot": snapshot}).one_or_none()
    if row is None:
        raise NotFound("there is no such snapshot")
    return row


def _due(conn: Connection, before: Millis, after: ProjectId, limit: int) -> Sequence[ProjectId]:
    found = conn.execute(DUE, {"before": before, "after": after, "limit": limit})
    return [ProjectId(row.project_id) for row in found]


def snapshot_of(row: AnyRow) -> Snapshot:
    """What a row says, without its state. Raises ``Unreadable``."""
    occasion = OCCASIONS.get(row.occasion)
    if occasion is None:
        raise Unreadable(f"snapshot {row.id}: occasion is {row.occasion!r}")
    return Snapshot(
        id=SnapshotId(row.id),
        project=ProjectId(row.project_id),
        seq=Seq(row.seq),
        occasion=occasion,
        by=None if row.user_id is None else UserId(row.user_id),
        name=row.name,
        note=row.note,
        created_at=Millis(row.created_at),
        size=row.plain_bytes,
    )


def _row_digest(row: Any) -> bytes:
    """Without the author, who may have to be forgotten."""
    names = ("id", "project_id", "seq", "occasion", "name", "note", "created_at", "state_digest")
    return values_digest("snapshot", [row[name] for name in names])
