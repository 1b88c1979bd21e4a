"""One-time links, by the digest of their text (L11).

Following a link deletes its row: of two who follow it at once, one finds it. What does not
live here: what a link does, and who is told of it.
"""

from sqlalchemy import Connection, bindparam, delete, insert, select

from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import Millis, UserId
from server.room.account_ports import Link, Purpose
from server.room.ports import Clock
from store import tables as t
from store.database import Database
from store.faults import Rejected
from store.people import SHA256_BYTES

ROW = t.links.c
LIVE = (
    (ROW.digest == bindparam("digest"))
    & (ROW.purpose == bindparam("wanted"))
    & (ROW.expires_at > bindparam("now"))
)
SHOW = select(ROW.user_id, ROW.email, ROW.expires_at).where(LIVE)
USE = delete(t.links).where(LIVE)
SWEEP = delete(t.links).where(ROW.expires_at <= bindparam("now"))


class SqlLinks:
    """One-time secrets."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def add(self, digest: bytes, link: Link) -> None:
        """Record a link."""
        if len(digest) != SHA256_BYTES:
            raise Invalid(f"expected a SHA-256 digest of {SHA256_BYTES} bytes")
        await self._db.write(_add, digest, link, self._clock.now())

    async def show(self, digest: bytes, purpose: Purpose) -> Link:
        """An unused link, left unused."""
        return await self._db.read(_show, digest, purpose, self._clock.now())

    async def use(self, digest: bytes, purpose: Purpose) -> Link:
        """The link, once."""
        try:
            return await self._db.write(_use, digest, purpose, self._clock.now())
        except Rejected as error:
            raise _no_such_link() from error


def _add(conn: Connection, digest: bytes, link: Link, now: Millis) -> None:
    conn.execute(SWEEP, {"now": now})
    conn.execute(
        insert(t.links),
        {
            "digest": digest,
            "purpose": link.purpose.value,
            "user_id": link.user,
            "email": link.email,
            "expires_at": link.expires_at,
        },
    )


def _show(conn: Connection, digest: bytes, purpose: Purpose, now: Millis) -> Link:
    asked = {"digest": digest, "wanted": purpose.value, "now": now}
    row = conn.execute(SHOW, asked).one_or_none()
    if row is None:
        raise _no_such_link()
    user = None if row.user_id is None else UserId(row.user_id)
    return Link(purpose, user, row.email, Millis(row.expires_at))


def _use(conn: Connection, digest: bytes, purpose: Purpose, now: Millis) -> Link:
    link = _show(conn, digest, purpose, now)
    used = conn.execute(USE, {"digest": digest, "wanted": purpose.value, "now": now})
    if used.rowcount == 0:
        raise _no_such_link()
    return link


def _no_such_link() -> NotFound:
    return NotFound("this link is not valid: it was used, or its time is over")
