"""PostgreSQL through asyncpg: two pools, and the settings that durability needs.

Writes run READ COMMITTED and lock what they depend on; reads run REPEATABLE READ,
so that all statements of one read see one moment. Writers have a pool of their own,
which no number of readers exhausts. What does not live here: any statement about
documents, and notifications (``store.feed``).

Law kept here (L1): a server that may lose a commit it has confirmed is refused.
``fsync`` and ``full_page_writes`` must be on, ``synchronous_commit`` anything but
off: even ``local`` waits until this server's own disk has the commit.

Law kept here (L2): a server that does not answer is cut off by ``terminate``, which
needs no answer. asyncpg's own time limit for a statement ends in a polite request to
cancel it, which would wait for the same server again; so it is not used.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from weakref import WeakSet

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from server.protocol.errors import StoreUnavailable
from server.room.ports import Clock
from store.database import Database

R = TypeVar("R")

READERS = 8
WRITERS = 4
"""The committer, the compactor, and two for changes of the directory and probes."""

CONNECT_SECONDS = 5.0
POOL_SECONDS = 5.0
"""For a connection of the pool to come free; then the store is busy, not broken."""

SETTINGS = {
    "application_name": "8gentc",
    "lock_timeout": "1000",
    "statement_timeout": "10000",
    "idle_in_transaction_session_timeout": "10000",
    "timezone": "UTC",
}
"""Times in milliseconds. A waiter for a lock gives up and comes back with backoff; the
other two let the server free the locks of a process that it has lost."""

DURABLE: dict[str, frozenset[str]] = {
    "fsync": frozenset({"on"}),
    "full_page_writes": frozenset({"on"}),
    "synchronous_commit": frozenset({"on", "remote_apply", "remote_write", "local"}),
}

LOST = ("57P01", "57P02", "57P03", "08")
"""SQLSTATEs of a server that says goodbye: admin_shutdown, crash_shutdown,
cannot_connect_now, and the class of connection exceptions."""


class PostgresDatabase(Database):
    """One database of a PostgreSQL server."""

    def __init__(self, dsn: str, clock: Clock, sender: str) -> None:
        super().__init__(clock)
        self._dsn = dsn
        self._open: WeakSet[asyncpg.Connection] = WeakSet()
        self._lent: dict[asyncio.Task[Any] | None, asyncpg.Connection] = {}
        self._write_pool = self._pool(WRITERS)
        self._read_pool = self._pool(READERS)
        self._writers = self._write_pool.execution_options(sender=sender)
        self._readers = self._read_pool.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )

    def _pool(self, size: int) -> AsyncEngine:
        engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            pool_size=size,
            max_overflow=0,
            pool_timeout=POOL_SECONDS,
            hide_parameters=True,
        )
        event.listen(engine.sync_engine, "checkout", self._note_lent)
        event.listen(engine.sync_engine, "handle_error", _note_lost)
        return engine

    async def _connect(self) -> asyncpg.Connection:
        async with asyncio.timeout(CONNECT_SECONDS):
            # asyncpg reads the URL itself, so that sslmode and its like mean what they mean
            # to every other client of PostgreSQL.
            connection = await asyncpg.connect(self._dsn, server_settings=SETTINGS)
            try:
                await _check_durability(connection)
            except BaseException:
                connection.terminate()
                raise
        self._open.add(connection)
        return connection

    async def _read(self, fn: Callable[[Connection], R]) -> R:
        return await self._transact(self._readers, fn)

    async def _write(self, fn: Callable[[Connection], R]) -> R:
        return await self._transact(self._writers, fn)

    async def _transact(self, engine: AsyncEngine, fn: Callable[[Connection], R]) -> R:
        """Twice, if the first connection turns out to be dead before COMMIT was sent:
        connections die while they lie idle, and their pool has just been emptied of the
        others. After that, whether the commit has happened is not known."""
        stage = _Stage()
        try:
            return await self._attempt(engine, fn, stage)
        except DBAPIError as error:
            if stage.committing or not error.connection_invalidated or self._is_abandoned():
                raise
        return await self._attempt(engine, fn, stage)

    async def _attempt(
        self, engine: AsyncEngine, fn: Callable[[Connection], R], stage: "_Stage"
    ) -> R:
        try:
            async with engine.connect() as conn, conn.begin():
                result = await conn.run_sync(fn)
                stage.committing = True
            return result
        finally:
            self._lent.pop(asyncio.current_task(), None)

    def _note_lent(self, connection: DBAPIConnection, _record: object, _proxy: object) -> None:
        self._lent[asyncio.current_task()] = connection.driver_connection

    def _abandon(self, flight: "asyncio.Task[object]") -> None:
        # Whoever has no connection yet waits for one, in bounded time.
        if (connection := self._lent.get(flight)) is not None:
            connection.terminate()

    async def _close(self) -> None:
        try:
            await self._write_pool.dispose()
            await self._read_pool.dispose()
        finally:
            for connection in tuple(self._open):
                connection.terminate()


@dataclass(slots=True)
class _Stage:
    """How far a transaction has come."""

    committing: bool = False


def _note_lost(context: ExceptionContext) -> None:
    """A server's goodbye stands for a lost connection, for it, and for the whole pool."""
    state = getattr(context.original_exception, "sqlstate", None)
    if isinstance(state, str) and state.startswith(LOST):
        context.is_disconnect = True


async def _check_durability(connection: asyncpg.Connection) -> None:
    for setting, wanted in DURABLE.items():
        found = await connection.fetchval(f"SHOW {setting}")
        if found not in wanted:
            raise StoreUnavailable(
                f"PostgreSQL has {setting} = {found}, needed: {' or '.join(sorted(wanted))}"
            )
