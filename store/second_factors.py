"""TOTP seeds (sealed, L11), the time steps that were used, and recovery codes.

What does not live here: codes and their time (the edge). A time step or code is used by the
statement that finds it unused, so that nobody uses one twice, in whatever process.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from server.protocol.errors import Conflict
from server.protocol.ids import UserId
from server.room.account_ports import SecondFactor
from store import tables as t
from store.database import Database

FACTOR = t.second_factors.c
CODE = t.recovery_codes.c
OF_USER = FACTOR.user_id == bindparam("user")
FIND = select(FACTOR.sealed_seed, FACTOR.confirmed).where(OF_USER)
COUNT_CODES = select(func.count()).where(CODE.user_id == bindparam("user"))
FORGET_UNCONFIRMED = delete(t.second_factors).where(OF_USER, ~FACTOR.confirmed)
REMOVE = delete(t.second_factors).where(OF_USER)
REMOVE_CODES = delete(t.recovery_codes).where(CODE.user_id == bindparam("user"))
CONFIRM = (
    update(t.second_factors)
    .where(OF_USER, ~FACTOR.confirmed)
    .values(confirmed=True, counter=bindparam("step"))
)
SPEND_COUNTER = (
    update(t.second_factors)
    .where(OF_USER, FACTOR.confirmed, FACTOR.counter < bindparam("step"))
    .values(counter=bindparam("step"))
)
SPEND_CODE = delete(t.recovery_codes).where(
    CODE.user_id == bindparam("user"), CODE.digest == bindparam("spent")
)


class SqlSecondFactors:
    """Second factors."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def of(self, user: UserId) -> SecondFactor | None:
        """The one of this user."""
        return await self._db.read(_of, user)

    async def begin(self, user: UserId, sealed_seed: bytes) -> None:
        """Keep a seed to be confirmed."""
        await self._db.write(_begin, user, sealed_seed)

    async def confirm(self, user: UserId, counter: int, codes: Sequence[bytes]) -> None:
        """Ask for it from now on."""
        await self._db.write(_confirm, user, counter, codes)

    async def spend_counter(self, user: UserId, counter: int) -> bool:
        """Use a time step."""
        return await self._db.write(_spend_counter, user, counter)

    async def spend_code(self, user: UserId, digest: bytes) -> bool:
        """Use a recovery code."""
        return await self._db.write(_spend_code, user, digest)

    async def replace_codes(self, user: UserId, codes: Sequence[bytes]) -> None:
        """Other recovery codes."""
        await self._db.write(_replace_codes, user, codes)

    async def remove(self, user: UserId) -> None:
        """Ask for it no longer."""
        await self._db.write(_remove, user)


def _of(conn: Connection, user: UserId) -> SecondFactor | None:
    row = conn.execute(FIND, {"user": user}).one_or_none()
    if row is None:
        return None
    left = conn.execute(COUNT_CODES, {"user": user}).scalar_one()
    return SecondFactor(bytes(row.sealed_seed), row.confirmed, left)


def _begin(conn: Connection, user: UserId, sealed_seed: bytes) -> None:
    conn.execute(FORGET_UNCONFIRMED, {"user": user})
    if conn.execute(FIND, {"user": user}).first() is not None:
        raise Conflict("there is a second factor already: remove it first")
    conn.execute(
        insert(t.second_factors),
        {"user_id": user, "sealed_seed": sealed_seed, "confirmed": False, "counter": 0},
    )


def _confirm(conn: Connection, user: UserId, counter: int, codes: Sequence[bytes]) -> None:
    if conn.execute(CONFIRM, {"user": user, "step": counter}).rowcount == 0:
        raise Conflict("there is no second factor to confirm")
    _replace_codes(conn, user, codes)


def _spend_counter(conn: Connection, user: UserId, counter: int) -> bool:
    return conn.execute(SPEND_COUNTER, {"user": user, "step": counter}).rowcount == 1


def _spend_code(conn: Connection, user: UserId, digest: bytes) -> bool:
    return conn.execute(SPEND_CODE, {"user": user, "spent": digest}).rowcount == 1


def _replace_codes(conn: Connection, user: UserId, codes: Sequence[bytes]) -> None:
    conn.execute(REMOVE_CODES, {"user": user})
    conn.execute(insert(t.recovery_codes), [{"user_id": user, "digest": code} for code in codes])


def _remove(conn: Connection, user: UserId) -> None:
    conn.execute(REMOVE_CODES, {"user": user})
    conn.execute(REMOVE, {"user": user})
