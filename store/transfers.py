"""Whole projects out of this database and into it, with everything that is known of their past.

What is brought in gets an id of its own, so its rows are chained anew: the digests of rows that
were put away long ago cannot be made again, and what stands for them is made of the chunks
that hold them. What does not live here: the file, and whether it can be believed
(``server.room.transfer``).

Laws kept here: L3 and L4 (a project that was brought in verifies like any other), L11 (who
has an account here is called as that says, and not as a file says; who was forgotten is not
called anything).
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, bindparam, insert, literal, select

from server.protocol.errors import DocumentFault, Invalid
from server.protocol.ids import ProjectId, Seq, UserId
from server.room.ports import Batch, Clock, NewUpdate, Project
from server.room.transfer_ports import CarriedProject, CarriedSnapshot, CheckedProject
from store import tables as t
from store.appending import MOVE_DOCUMENTS, append_rows
from store.bases import PackedBase, pack_base, put_base
from store.compaction import PackedChunk, insert_checkpoint, insert_chunk, pack_chunk
from store.database import Database
from store.digests import GENESIS, fingerprint, values_digest
from store.faults import Rejected, Unreadable
from store.frames import THOROUGH, pack
from store.history import Past, named_authors, read_past, verified_past
from store.news import bump_directory
from store.projects import NewProject, add_project, chunks, new_project_id
from store.rows import contents
from store.snapshots import (
    OF_PROJECT_WITH_STATE,
    PackedSnapshot,
    insert_snapshot,
    new_snapshot_id,
    snapshot_of,
    verify_snapshot,
)
from store.tables import AnyRow

IN_LIST = 1000
"""Names in one statement."""

ABOUT = select(t.projects.c.title, t.projects.c.description).where(
    t.projects.c.id == bindparam("project")
)
ACCOUNTS = select(t.users.c.id, t.users.c.name).where(
    t.users.c.id.in_(bindparam("users", expanding=True))
)
FORGOTTEN = select(t.forgotten.c.user_id.label("id"), literal("").label("name")).where(
    t.forgotten.c.user_id.in_(bindparam("users", expanding=True))
)


@dataclass(frozen=True, slots=True)
class _Rows:
    """A project as it was read in one transaction."""

    title: str
    description: str
    past: Past
    snapshots: Sequence[AnyRow]
    named: dict[UserId, str]


@dataclass(frozen=True, slots=True)
class _States:
    """Each state of some snapshots once, decompressed when its turn comes."""

    rows: Sequence[AnyRow]

    def __iter__(self) -> Iterator[bytes]:
        seen: set[bytes] = set()
        for row in self.rows:
            if row.state_digest not in seen:
                seen.add(row.state_digest)
                yield verify_snapshot(row)


@dataclass(frozen=True, slots=True)
class _Packed:
    """A project ready to be written: compressed, and digested where that is slow."""

    new: NewProject
    carried: CarriedProject
    base: PackedBase | None
    chunks: tuple[PackedChunk, ...]
    checkpoints: dict[Seq, tuple[bytes, bytes]]
    states: dict[str, tuple[int, bytes]]


class SqlTransfers:
    """The ``Transfers`` port."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def carry(self, project: ProjectId) -> CarriedProject:
        """Everything, verified; names of those who have an account last."""
        rows = await self._db.read_at_leisure(_read, project)
        carried = await asyncio.to_thread(_carried, rows)
        names = await self._db.read_at_leisure(_names, sorted(_authors(carried)))
        # An account is asked first, and the empty name of a forgotten one is no name.
        known = {user: name for user, name in (rows.named | names).items() if name}
        return replace(carried, authors=known)

    async def bring(self, project: CheckedProject, *, owner: UserId) -> Project:
        """Make a project of it."""
        now, carried = self._clock.now(), project.carried
        new = NewProject(new_project_id(), carried.title, now, owner, None, carried.description)
        packed = await asyncio.to_thread(_pack, new, project)
        try:
            return await self._db.write_at_leisure(_bring, packed)
        except (Rejected, DocumentFault) as error:
            raise Invalid(f"the database cannot hold this: {error}") from error


def _read(conn: Connection, project: ProjectId) -> _Rows:
    past = read_past(conn, project)
    about = conn.execute(ABOUT, {"project": project}).one()
    snapshots = conn.execute(OF_PROJECT_WITH_STATE, {"project": project}).all()
    return _Rows(about.title, about.description, past, snapshots, named_authors(conn, project))


def _carried(rows: _Rows) -> CarriedProject:
    past = verified_past(rows.past)
    for row in rows.snapshots:
        try:
            verify_snapshot(row)
        except Unreadable as error:
            raise Unreadable(f"snapshot {row.id} does not verify: {error}") from error
    return CarriedProject(
        title=rows.title,
        description=rows.description,
        head=past.head,
        base=past.base,
        chunks=tuple(chunk.runs for chunk in past.chunks),
        tail=past.tail,
        authors={},
        snapshots=tuple(_carried_snapshot(row) for row in rows.snapshots),
        states=_States(rows.snapshots),
    )


def _carried_snapshot(row: AnyRow) -> CarriedSnapshot:
    one = snapshot_of(row)
    return CarriedSnapshot(
        one.seq, one.occasion, one.by, one.name, one.note, one.created_at, row.state_digest.hex()
    )


def _authors(carried: CarriedProject) -> set[UserId]:
    """Everybody who is named by an id."""
    base = carried.base
    runs = [run for chunk in carried.chunks for run in chunk]
    by = [one.by for one in runs] + [one.by for one in carried.tail]
    if base is not None:
        by += [one.by for one in base.sittings] + [one.by for one in base.recovered]
    authors = {one.user for one in by} | {one.by for one in carried.snapshots}
    return {user for user in authors if user is not None}


def _names(conn: Connection, users: Sequence[UserId]) -> dict[UserId, str]:
    """Of those who have an account here, or had one: a forgotten one's is empty."""
    return {
        UserId(row.id): row.name
        for some in chunks(users, IN_LIST)
        for query in (ACCOUNTS, FORGOTTEN)
        for row in conn.execute(query, {"users": some})
    }


def _pack(new: NewProject, project: CheckedProject) -> _Packed:
    carried = project.carried
    states: dict[str, tuple[int, bytes]] = {}
    for state in carried.states:
        states[fingerprint(state).hex()] = len(state), pack(state, THOROUGH)
    missing = {one.state for one in carried.snapshots} - states.keys()
    if missing:
        raise Invalid(f"the state of a snapshot is missing: {min(missing)}")
    base = carried.base
    return _Packed(
        new=new,
        carried=carried,
        base=None if base is None else pack_base(new.id, base, new.created_at),
        chunks=tuple(pack_chunk(new.id, chunk) for chunk in carried.chunks),
        checkpoints={seq: (state, pack(state)) for seq, state in project.checkpoints.items()},
        states=states,
    )


def _bring(conn: Connection, packed: _Packed) -> Project:
    made = add_project(conn, packed.new)
    _put_history(conn, packed)
    tail = packed.carried.tail
    if tail:
        updates = tuple(NewUpdate(row.payload, row.by, row.at) for row in tail)
        append_rows(conn, [Batch(made.id, updates)])
    for one in packed.carried.snapshots:
        _put_snapshot(conn, packed, one)
    _put_authors(conn, packed)
    bump_directory(conn)
    return Project(made.id, made.title, made.created_at, packed.carried.head)


def _put_history(conn: Connection, packed: _Packed) -> None:
    """Base, chunks and checkpoints; the document's row then stands where the last one ends."""
    digest, end = GENESIS, Seq(0)
    if packed.base is not None:
        digest, end = _anchor(digest, *packed.base.plain), packed.base.seq
        put_base(conn, packed.base, digest)
        _put_checkpoint(conn, packed, end, digest)
    for chunk in packed.chunks:
        before, digest = digest, _anchor(digest, chunk.payload)
        end = Seq(chunk.last)
        insert_chunk(conn, chunk, before, digest)
        _put_checkpoint(conn, packed, end, digest)
    if end:
        _move(conn, packed, end, digest)


def _anchor(before: bytes, *parts: bytes) -> bytes:
    """In place of the digest of a row that is not there any more."""
    return values_digest("brought", (before, *map(fingerprint, parts)))


def _put_checkpoint(conn: Connection, packed: _Packed, seq: Seq, digest: bytes) -> None:
    if seq in packed.checkpoints:
        plain, stored = packed.checkpoints[seq]
        made_of = contents(plain, stored)
        new = packed.new
        insert_checkpoint(conn, new.id, seq, new.created_at, digest, stored, made_of)


def _move(conn: Connection, packed: _Packed, end: Seq, digest: bytes) -> None:
    moved: dict[str, Any] = {
        "project": packed.new.id,
        "new_head": end,
        "new_digest": digest,
        "new_tail_rows": 0,
        "new_tail_bytes": 0,
        "new_checkpoint_bytes": len(packed.checkpoints[end][0]),
        "new_due": False,
    }
    MOVE_DOCUMENTS.run(conn, [moved])


def _put_snapshot(conn: Connection, packed: _Packed, one: CarriedSnapshot) -> None:
    size, payload = packed.states[one.state]
    snapshot = PackedSnapshot(
        new_snapshot_id(), packed.new.id, one.seq, one.occasion, one.by, one.name, one.note,
        one.created_at, bytes.fromhex(one.state), size, payload,
    )  # fmt: skip
    insert_snapshot(conn, snapshot)


def _put_authors(conn: Connection, packed: _Packed) -> None:
    """Only of those who have no account here, and had none."""
    names = packed.carried.authors
    here = _names(conn, sorted(names))
    rows = [
        {"project_id": packed.new.id, "user_id": user, "name": name}
        for user, name in names.items()
        if user not in here
    ]
    if rows:
        conn.execute(insert(t.project_authors), rows)
