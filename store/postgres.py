"""PostgreSQL through asyncpg: a pool, and the settings that durability needs.

Writes run READ COMMITTED and lock what they depend on; reads run REPEATABLE READ,
so that all statements of one read see one moment. What does not live here: any
statement about documents, and notifications (``store.feed``).

Law kept here (L1): a server that may lose a commit it has confirmed is refused.
``fsync`` and ``full_page_writes`` must be on, ``synchronous_commit`` anything but
off: even ``local`` waits until this server's own disk has the commit.
"""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import create_async_engine

from server.protocol.errors import StoreUnavailable
from server.room.ports import Clock
from store.database import Database

R = TypeVar("R")

POOL = 8
SETTINGS = {"application_name": "8gentc", "lock_timeout": "2000", "timezone": "UTC"}
"""``lock_timeout`` in milliseconds: a waiter gives up and comes back with backoff."""

DURABLE: dict[str, frozenset[str]] = {
    "fsync": frozenset({"on"}),
    "full_page_writes": frozenset({"on"}),
    "synchronous_commit": frozenset({"on", "remote_apply", "remote_write", "local"}),
}


class PostgresDatabase(Database):
    """One database of a PostgreSQL server."""

    def __init__(self, dsn: str, clock: Clock, sender: str) -> None:
        super().__init__(clock)
        # asyncpg reads the URL itself, so that sslmode and its like mean what they mean
        # to every other client of PostgreSQL.
        connect = partial(asyncpg.connect, dsn, server_settings=SETTINGS)
        engine = create_async_engine(
            "postgresql+asyncpg://", async_creator=connect, pool_size=POOL, max_overflow=0
        )
        event.listen(engine.sync_engine, "connect", _check_durability)
        self._writers = engine.execution_options(sender=sender)
        self._readers = engine.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        self._engine = engine

    async def _read(self, fn: Callable[[Connection], R]) -> R:
        async with self._readers.connect() as conn, conn.begin():
            return await conn.run_sync(fn)

    async def _write(self, fn: Callable[[Connection], R]) -> R:
        async with self._writers.connect() as conn, conn.begin():
            return await conn.run_sync(fn)

    async def _close(self) -> None:
        await self._engine.dispose()


def _check_durability(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    try:
        for setting, wanted in DURABLE.items():
            cursor.execute(f"SHOW {setting}")
            (found,) = cursor.fetchone() or (None,)
            if found not in wanted:
                raise StoreUnavailable(
                    f"PostgreSQL has {setting} = {found}, needed: {' or '.join(sorted(wanted))}"
                )
    finally:
        cursor.close()
