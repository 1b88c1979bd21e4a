"""Attempts, counted in SQL so that all processes see them.

Each key is one number: the time at which all its attempts are forgotten, pushed on by each
attempt (the generic cell rate algorithm, ITU-T I.371). Keys are hashed: they hold addresses.
What does not live here: what is counted and how much is allowed (the edge).
"""

import hashlib
from collections.abc import Sequence

from sqlalchemy import BigInteger, Connection, LargeBinary, bindparam, delete, select, text, update

from server.protocol.ids import Millis
from server.room.account_ports import Allowance
from server.room.ports import Clock
from store import tables as t
from store.database import Database

ROW = t.throttles.c
SWEEP_MILLIS = 60 * 60 * 1000
"""Rows rest for so long before they are swept: nobody is about to lock them."""

APPEAR = text(
    "INSERT INTO throttles (key, free_at) VALUES (:name, :now) ON CONFLICT DO NOTHING"
).bindparams(bindparam("name", type_=LargeBinary), bindparam("now", type_=BigInteger))
"""Of two who are first at once, both go on and one waits for the other's lock."""
FIND = select(ROW.free_at).where(ROW.key == bindparam("name")).with_for_update()
MOVE = update(t.throttles).where(ROW.key == bindparam("name")).values(free_at=bindparam("until"))
SWEEP = delete(t.throttles).where(ROW.free_at <= bindparam("now"))


class SqlThrottle:
    """Attempts."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    async def charge(self, allowances: Sequence[Allowance]) -> float:
        """Charge one attempt to each, or none to any."""
        return await self._db.write(_charge, _in_order(allowances), self._clock.now())

    async def refund(self, allowances: Sequence[Allowance]) -> None:
        """Give an attempt back."""
        await self._db.write(_refund, _in_order(allowances), self._clock.now())


def _in_order(allowances: Sequence[Allowance]) -> list[tuple[bytes, Allowance]]:
    """With their keys hashed, in one order for all: who locks in another deadlocks."""
    hashed = [(hashlib.sha256(one.key.encode()).digest(), one) for one in allowances]
    return sorted(hashed, key=lambda pair: pair[0])


def _charge(conn: Connection, keys: list[tuple[bytes, Allowance]], now: Millis) -> float:
    conn.execute(SWEEP, {"now": now - SWEEP_MILLIS})
    found = {name: max(now, _free_at(conn, name, now)) for name, _ in keys}
    wait = max(_wait(one, found[name], now) for name, one in keys)
    if wait == 0:
        for name, one in keys:
            conn.execute(MOVE, {"name": name, "until": found[name] + _step(one)})
    return wait


def _free_at(conn: Connection, name: bytes, now: Millis) -> int:
    conn.execute(APPEAR, {"name": name, "now": now})
    free_at: int = conn.execute(FIND, {"name": name}).scalar_one()
    return free_at


def _wait(allowance: Allowance, free_at: int, now: Millis) -> float:
    """Seconds until one more attempt fits."""
    return max(0, free_at - now - (allowance.burst - 1) * _step(allowance)) / 1000


def _step(allowance: Allowance) -> int:
    return round(allowance.seconds * 1000)


def _refund(conn: Connection, keys: list[tuple[bytes, Allowance]], now: Millis) -> None:
    for name, one in keys:
        free_at = _free_at(conn, name, now)
        conn.execute(MOVE, {"name": name, "until": max(now, free_at - _step(one))})
