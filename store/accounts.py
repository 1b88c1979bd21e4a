"""Accounts, as those see them who log people in (L11: hashes and digests only).

What does not live here: sessions and tokens as credentials (``store.people``), links
(``store.links``), and what an account may do.
"""

from sqlalchemy import Connection, bindparam, delete, select, update

from server.protocol.addresses import normalised
from server.protocol.credentials import TokenKind
from server.protocol.errors import Conflict, Invalid, NotFound
from server.protocol.ids import Millis, TokenId, UserId
from server.room.account_ports import Account
from server.room.ports import Clock, User
from store import forgetting, people
from store import tables as t
from store.changing import change
from store.database import Database
from store.tables import AnyRow

ACCOUNTS = select(
    *people.USER_COLUMNS,
    t.users.c.password_hash,
    t.users.c.email_verified,
    people.HAS_SECOND_FACTOR.label("second_factor"),
)
BY_EMAIL = ACCOUNTS.where(t.users.c.email == bindparam("address"))
BY_ID = ACCOUNTS.where(t.users.c.id == bindparam("user"), people.REMEMBERED)
THIS_USER = t.users.c.id == bindparam("user")
RENAME = update(t.users).where(THIS_USER).values(name=bindparam("new_name"))
SET_EMAIL = update(t.users).where(THIS_USER).values(email=bindparam("address"), email_verified=True)
SET_PASSWORD = update(t.users).where(THIS_USER).values(password_hash=bindparam("hash"))
SET_DISABLED = update(t.users).where(THIS_USER).values(disabled=bindparam("is_disabled"))
END_CREDENTIAL = (
    update(t.tokens)
    .where(
        t.tokens.c.id == bindparam("token"),
        t.tokens.c.user_id == bindparam("user"),
        people.token_lives(),
    )
    .values(revoked_at=bindparam("now"))
)
END_SESSIONS = (
    update(t.tokens)
    .where(
        t.tokens.c.user_id == bindparam("user"),
        t.tokens.c.kind == TokenKind.SESSION.value,
        t.tokens.c.id != bindparam("kept"),
        people.token_lives(),
    )
    .values(revoked_at=bindparam("now"))
)
VOID_LINKS = delete(t.links).where(t.links.c.user_id == bindparam("user"))

NO_TOKEN = ""
"""The id of no token."""


class SqlAccounts:
    """Accounts of people who log in."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def by_email(self, email: str) -> Account | None:
        """The account with this address."""
        try:
            return await self._db.read(_by_email, normalised(email))
        except (Invalid, NotFound):
            return None

    async def by_id(self, user: UserId) -> Account:
        """One account."""
        return await self._db.read(_by_id, user)

    async def register(
        self, *, email: str, name: str, password_hash: str | None, verified: bool
    ) -> User:
        """A new account."""
        address = normalised(email)
        user = User(people.new_user_id(), address, name, False, False, self._clock.now())
        return await change(self._db, people.add_user, user, password_hash, verified=verified)

    async def rename(self, user: UserId, name: str) -> None:
        """Another name."""
        await change(self._db, _rename, user, name)

    async def set_email(self, user: UserId, email: str) -> None:
        """Another address, verified."""
        await change(self._db, _set_email, user, normalised(email))

    async def set_password(self, user: UserId, password_hash: str, keep: TokenId | None) -> None:
        """Another password; sessions but one and open links end."""
        await change(self._db, _set_password, user, password_hash, keep, self._clock.now())

    async def set_disabled(self, user: UserId, disabled: bool) -> None:
        """End every right, or give it back."""
        await change(self._db, _set_disabled, user, disabled)

    async def end_credential(self, user: UserId, token: TokenId) -> None:
        """End one session or token."""
        await change(self._db, _end_credential, user, token, self._clock.now())

    async def end_sessions(self, user: UserId, keep: TokenId | None) -> None:
        """End all sessions but one."""
        await change(self._db, _end_sessions, user, keep, self._clock.now())

    async def forget(self, user: UserId) -> None:
        """Nothing of a person stays but their id."""
        await change(self._db, forgetting.forget, user, self._clock.now())


def _account_of(row: AnyRow) -> Account:
    user = people.user_of(row)
    return Account(user, row.password_hash, row.email_verified, bool(row.second_factor))


def _by_email(conn: Connection, address: str) -> Account | None:
    row = conn.execute(BY_EMAIL, {"address": address}).one_or_none()
    return None if row is None else _account_of(row)


def _by_id(conn: Connection, user: UserId) -> Account:
    row = conn.execute(BY_ID, {"user": user}).one_or_none()
    if row is None:
        raise NotFound("no such user")
    return _account_of(row)


def _rename(conn: Connection, user: UserId, name: str) -> None:
    people.require_user(conn, user)
    conn.execute(RENAME, {"user": user, "new_name": name})


def _set_email(conn: Connection, user: UserId, address: str) -> None:
    people.require_user(conn, user)
    taken = _by_email(conn, address)
    if taken is not None and taken.user.id != user:
        raise Conflict("this address has an account already")
    conn.execute(SET_EMAIL, {"user": user, "address": address})


def _set_password(
    conn: Connection, user: UserId, password_hash: str, keep: TokenId | None, now: Millis
) -> None:
    people.require_user(conn, user)
    conn.execute(SET_PASSWORD, {"user": user, "hash": password_hash})
    conn.execute(VOID_LINKS, {"user": user})
    _end_sessions(conn, user, keep, now)


def _set_disabled(conn: Connection, user: UserId, disabled: bool) -> None:
    people.require_user(conn, user)
    conn.execute(SET_DISABLED, {"user": user, "is_disabled": disabled})


def _end_credential(conn: Connection, user: UserId, token: TokenId, now: Millis) -> None:
    ended = conn.execute(END_CREDENTIAL, {"user": user, "token": token, "now": now})
    if ended.rowcount == 0:
        raise NotFound("you have no such session or token")


def _end_sessions(conn: Connection, user: UserId, keep: TokenId | None, now: Millis) -> None:
    conn.execute(END_SESSIONS, {"user": user, "kept": keep or NO_TOKEN, "now": now})
