"""Answers kept for repeated requests, in SQL. What a request is, the edge knows.

Law kept here: of two that claim a key at once, one gets it: the primary key decides.
"""

from uuid import uuid4

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from server.protocol.ids import Millis
from server.room.kept_answers import (
    CLAIM_MILLIS,
    KEPT_MILLIS,
    Claimed,
    Differs,
    Found,
    Kept,
    Running,
)
from store import tables as t
from store.database import Database
from store.faults import Rejected

ROW = t.kept_answers.c
FORGET = delete(t.kept_answers).where(ROW.claimed_at <= bindparam("before"))
LOOK = (
    select(ROW.request, ROW.claimed_at, ROW.sealed)
    .where(ROW.key == bindparam("wanted"))
    .with_for_update()
)
OF_A_CLAIM = (ROW.key == bindparam("wanted")) & (ROW.claim == bindparam("held"))
TAKE_OVER = (
    update(t.kept_answers)
    .where(ROW.key == bindparam("wanted"))
    .values(claim=bindparam("new_claim"), claimed_at=bindparam("now"))
)
KEEP = update(t.kept_answers).where(OF_A_CLAIM).values(sealed=bindparam("answer"))
RELEASE = delete(t.kept_answers).where(OF_A_CLAIM)


class SqlKeptAnswers:
    """The ``KeptAnswers`` port."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def claim(self, key: bytes, request: bytes, *, now: Millis) -> Found:
        """What is known of this key; if nothing, it is the caller's from now on."""
        try:
            return await self._db.write(_claim, key, request, now, uuid4().hex)
        except Rejected:
            # Somebody else has just put the row there: they came first.
            return await self._db.write(_claim, key, request, now, uuid4().hex)

    async def keep(self, key: bytes, claim: str, sealed: bytes) -> None:
        """The answer of a claimed attempt."""
        await self._db.write(_keep, key, claim, sealed)

    async def release(self, key: bytes, claim: str) -> None:
        """Whoever comes next may try."""
        await self._db.write(_release, key, claim)


def _claim(conn: Connection, key: bytes, request: bytes, now: Millis, claim: str) -> Found:
    conn.execute(FORGET, {"before": now - KEPT_MILLIS})
    row = conn.execute(LOOK, {"wanted": key}).one_or_none()
    if row is None:
        values = {"key": key, "request": request, "claimed_at": now, "claim": claim}
        conn.execute(insert(t.kept_answers), values)
        return Claimed(claim)
    if row.request != request:
        return Differs()
    if row.sealed is not None:
        return Kept(row.sealed)
    if row.claimed_at > now - CLAIM_MILLIS:
        return Running()
    conn.execute(TAKE_OVER, {"wanted": key, "new_claim": claim, "now": now})
    return Claimed(claim)


def _keep(conn: Connection, key: bytes, claim: str, sealed: bytes) -> None:
    conn.execute(KEEP, {"wanted": key, "held": claim, "answer": sealed})


def _release(conn: Connection, key: bytes, claim: str) -> None:
    conn.execute(RELEASE, {"wanted": key, "held": claim})
