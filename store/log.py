"""The append-only log of every document, in SQL (L1-L3).

:class:`SqlUpdateLog` is the room's port. The statements are in ``store.appending``
(the way in) and ``store.view`` (the way out). What does not live here: which edits
share a commit (the room's committer), what the bytes mean, compaction.
"""

from collections.abc import Mapping, Sequence
from itertools import islice

from sqlalchemy import Connection, bindparam, select, update

from server.protocol.ids import Millis, ProjectId, Seq
from server.room.ports import Appended, Batch, Clock, StoredDocument, Tail
from store import tables as t
from store.appending import append_rows, blame
from store.database import Database
from store.faults import Rejected
from store.view import load_verified, load_verified_after

IN_LIST = 1000
"""Names in one statement; both databases allow some 32,000 parameters."""

BALLAST = bytes(32 * 1024)
"""A probe must need room: an almost full disk still takes a change of a few bytes."""

HEADS = select(t.documents.c.project_id, t.documents.c.head).where(
    t.documents.c.is_open, t.documents.c.project_id.in_(bindparam("projects", expanding=True))
)
PROBE = update(t.probe).values(at=bindparam("now"), ballast=bindparam("filler"))


class SqlUpdateLog:
    """The durable truth of every document."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def append(self, batches: Sequence[Batch]) -> Sequence[Appended]:
        """Commit all batches in one transaction."""
        try:
            return await self._db.write(append_rows, batches)
        except Rejected:
            await self._db.write(blame, batches)
            raise AssertionError("blame always raises") from None

    async def load(self, project: ProjectId) -> StoredDocument:
        """Everything of one document, verified."""
        view = await load_verified(self._db, project)
        checkpoint = None if view.checkpoint is None else view.checkpoint.payload
        size = len(checkpoint or b"") + sum(len(row.payload) for row in view.updates)
        return StoredDocument(view.head, checkpoint, view.updates, size, view.max_bytes)

    async def read_after(self, project: ProjectId, seq: Seq) -> Tail:
        """What was committed after ``seq``, verified."""
        view = await load_verified_after(self._db, project, seq)
        checkpoint = view.checkpoint
        if checkpoint is None or checkpoint.seq <= seq:
            fresh = tuple(row for row in view.updates if row.seq > seq)
            return Tail(view.head, None, fresh)
        return Tail(view.head, checkpoint.payload, view.updates)

    async def heads(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, Seq]:
        """The newest seq of each live project."""
        return await self._db.read(_read_heads, projects)

    async def probe(self) -> None:
        """One small durable write that needs room."""
        await self._db.write(_probe, self._clock.now())


def _read_heads(conn: Connection, projects: Sequence[ProjectId]) -> dict[ProjectId, Seq]:
    heads: dict[ProjectId, Seq] = {}
    names = iter(projects)
    while chunk := list(islice(names, IN_LIST)):
        for row in conn.execute(HEADS, {"projects": chunk}):
            heads[row.project_id] = Seq(row.head)
    return heads


def _probe(conn: Connection, now: Millis) -> None:
    conn.execute(PROBE, {"now": now, "filler": BALLAST})
    conn.execute(PROBE, {"now": now, "filler": None})
