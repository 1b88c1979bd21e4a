"""SQLite: one writer thread with one connection, readers through aiosqlite.

SQLite has one writer at a time anyway; giving it one thread and one connection
keeps other processes the only source of conflicts, and saves a thread hop for each
statement of the hot path. A disk that does not answer holds that thread for ever, and
nothing else: no caller, and not the end of the process. What does not live here: any
statement about documents.

Law kept here (L1): a commit is on the disk when it returns. ``journal_mode=WAL``
and ``synchronous=FULL`` are read back on every connection; a database that does
not take them is refused.
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from operator import methodcaller
from threading import Thread
from typing import TypeVar

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from server.protocol.errors import StoreUnavailable
from server.room.ports import Clock
from store import database
from store.database import Database
from store.faults import Verdict, judge

R = TypeVar("R")

READERS = 4
SYNCHRONOUS_FULL = 2


@dataclass(frozen=True, slots=True)
class SqliteOptions:
    """What tests turn down; the defaults are for production.

    ``max_pages`` bounds the file, as a full disk would.
    """

    busy_milliseconds: int = 1000
    max_pages: int | None = None


class SqliteDatabase(Database):
    """A database file, with this process's one writer."""

    def __init__(self, path: str, clock: Clock, options: SqliteOptions) -> None:
        super().__init__(clock)
        self.path = path
        self._writer = _Writer(path, options)
        # SQLAlchemy's pool of readers is bounded and without overflow: a thread each.
        self._readers = create_async_engine(
            f"sqlite+aiosqlite:///{path}", pool_size=READERS, max_overflow=0, hide_parameters=True
        )
        configure = partial(_configure_reader, options)
        event.listen(self._readers.sync_engine, "connect", configure)
        event.listen(self._readers.sync_engine, "begin", _begin)

    async def peek(self, fn: Callable[[sqlite3.Connection], R]) -> tuple[int, R]:
        """Run ``fn`` on the writer's own connection, outside any transaction.

        Also says which connection that was, counted from one: ``PRAGMA data_version``
        means nothing beyond the connection that it was asked of.
        """
        work = self._retrying(lambda: self._writer.submit(self._writer.peek, fn))
        return await self._shielded(work, database.PATIENCE)

    async def _read(self, fn: Callable[[Connection], R]) -> R:
        async with self._readers.connect() as conn, conn.begin():
            return await conn.run_sync(fn)

    async def _write(self, fn: Callable[[Connection], R]) -> R:
        return await self._writer.submit(self._writer.transact, fn)

    def _abandon(self, flight: "asyncio.Task[object]") -> None:
        # What the writer has begun goes on, and may land; what still waits for it does not.
        flight.cancel()

    async def _close(self) -> None:
        try:
            await self._readers.dispose()
            await self._writer.submit(self._writer.close)
        finally:
            self._writer.end()


class _Writer:
    """The writer's thread and connection. All but ``submit`` and ``end`` runs there."""

    def __init__(self, path: str, options: SqliteOptions) -> None:
        self._jobs = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        # A daemon, unlike the threads of an executor: the interpreter does not wait for it.
        Thread(target=self._work, name="sqlite-writer", daemon=True).start()
        self._engine: Engine = create_engine(
            f"sqlite+pysqlite:///{path}", poolclass=NullPool, hide_parameters=True
        )
        event.listen(self._engine, "connect", partial(_configure, options))
        event.listen(self._engine, "begin", _begin_immediate)
        self._conn: Connection | None = None
        self._opened = 0

    async def submit(self, fn: Callable[..., R], *args: object) -> R:
        """Run ``fn`` on the writer's thread, after what was submitted before."""
        job = asyncio.run_coroutine_threadsafe(_run(fn, *args), self._jobs)
        return await asyncio.wrap_future(job)

    def end(self) -> None:
        """Let the thread end, once it has done what it has begun."""
        self._jobs.call_soon_threadsafe(self._ended.set)

    def _work(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._jobs) as runner:
            runner.run(self._until_ended())

    async def _until_ended(self) -> None:
        await self._ended.wait()

    def transact(self, fn: Callable[[Connection], R]) -> R:
        try:
            conn = self._connection()
            with conn.begin():
                return fn(conn)
        except (SQLAlchemyError, OSError) as error:
            # After a full disk or an I/O error the connection's state is not to be
            # relied upon; a fresh one is cheap.
            if judge(error) is Verdict.UNAVAILABLE:
                self._drop()
            raise

    def peek(self, fn: Callable[[sqlite3.Connection], R]) -> tuple[int, R]:
        raw = self._connection().connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)
        return self._opened, fn(raw)

    def close(self) -> None:
        self._drop()
        self._engine.dispose()

    def _connection(self) -> Connection:
        if self._conn is None:
            self._conn = self._engine.connect()
            self._opened += 1
        return self._conn

    def _drop(self) -> None:
        conn, self._conn = self._conn, None
        if conn is not None:
            with suppress(SQLAlchemyError):
                conn.close()


async def _run(fn: Callable[..., R], *args: object) -> R:
    return fn(*args)


def _begin_immediate(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE")


def _begin(conn: Connection) -> None:
    conn.exec_driver_sql("BEGIN")


def _configure(options: SqliteOptions, connection: DBAPIConnection, _record: object) -> None:
    """Set what durability needs, and read it back (L1)."""
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {options.busy_milliseconds}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA journal_mode = WAL")
        if options.max_pages is not None:
            cursor.execute(f"PRAGMA max_page_count = {options.max_pages}")
        for pragma, wanted in (
            ("journal_mode", "wal"),
            ("synchronous", SYNCHRONOUS_FULL),
            ("foreign_keys", 1),
        ):
            cursor.execute(f"PRAGMA {pragma}")
            (found,) = cursor.fetchone() or (None,)
            if found != wanted:
                raise StoreUnavailable(f"SQLite keeps {pragma} at {found}, needed: {wanted}")
    finally:
        cursor.close()


def _configure_reader(options: SqliteOptions, connection: DBAPIConnection, record: object) -> None:
    """A reader cannot write, and survives text that is not UTF-8: one damaged byte
    must read as a row that does not verify, not as a failing statement."""
    _configure(options, connection, record)
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA query_only = ON")
    finally:
        cursor.close()
    connection.driver_connection.text_factory = methodcaller("decode", "utf-8", "surrogateescape")
