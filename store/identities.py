"""Which accounts log in through which identities of other providers.

What does not live here: how an identity is proved, and when one may be linked (the edge).
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, insert, select

from server.protocol.errors import Conflict, NotFound
from server.protocol.ids import Millis, UserId
from server.room.account_ports import Identity, LinkedIdentity
from server.room.ports import Clock, User
from store import people
from store import tables as t
from store.changing import change
from store.database import Database

ROW = t.identities.c
THIS = (ROW.issuer == bindparam("iss")) & (ROW.subject == bindparam("sub"))
OWNER = select(*people.USER_COLUMNS).join_from(t.identities, t.users).where(THIS)
OF_USER = (
    select(ROW.issuer, ROW.subject, ROW.label, ROW.created_at)
    .where(ROW.user_id == bindparam("user"))
    .order_by(ROW.created_at, ROW.issuer, ROW.subject)
)
UNLINK = delete(t.identities).where(THIS, ROW.user_id == bindparam("user"))


class SqlIdentities:
    """Identities."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def owner(self, identity: Identity) -> User | None:
        """Whose it is."""
        return await self._db.read(_owner, identity)

    async def of(self, user: UserId) -> Sequence[LinkedIdentity]:
        """All of one account."""
        return await self._db.read(_of, user)

    async def link(self, user: UserId, identity: Identity, label: str) -> None:
        """Let it log in to this account."""
        await change(self._db, _link, user, identity, label, self._clock.now())

    async def unlink(self, user: UserId, identity: Identity) -> None:
        """Let it log in no longer."""
        await change(self._db, _unlink, user, identity)


def _owner(conn: Connection, identity: Identity) -> User | None:
    asked = {"iss": identity.issuer, "sub": identity.subject}
    row = conn.execute(OWNER, asked).one_or_none()
    return None if row is None else people.user_of(row)


def _of(conn: Connection, user: UserId) -> Sequence[LinkedIdentity]:
    rows = conn.execute(OF_USER, {"user": user})
    return [
        LinkedIdentity(Identity(row.issuer, row.subject), row.label, Millis(row.created_at))
        for row in rows
    ]


def _link(conn: Connection, user: UserId, identity: Identity, label: str, now: Millis) -> None:
    people.require_user(conn, user)
    if _owner(conn, identity) is not None:
        raise Conflict("this identity is linked to an account already")
    conn.execute(
        insert(t.identities),
        {
            "issuer": identity.issuer,
            "subject": identity.subject,
            "user_id": user,
            "label": label,
            "created_at": now,
        },
    )


def _unlink(conn: Connection, user: UserId, identity: Identity) -> None:
    asked = {"iss": identity.issuer, "sub": identity.subject, "user": user}
    if conn.execute(UNLINK, asked).rowcount == 0:
        raise NotFound("your account has no such identity")
