"""SQLite: one writer thread with one connection, and a few threads that read.

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
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from operator import methodcaller
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import SQLAlchemyError

from server.protocol.errors import StoreUnavailable
from server.room.ports import Clock
from store import database
from store.database import Database
from store.faults import DRIVER_ERRORS, Verdict, judge

R = TypeVar("R")

READERS = 4
SYNCHRONOUS_FULL = 2
WAL_PAGES = 4000
"""Of 4 KiB, before they are brought into the file. With four times the usual number a page that
many commits touch is brought home once and not four times."""


@dataclass(frozen=True, slots=True)
class SqliteOptions:
    """What tests turn down; the defaults are for production.

    ``max_pages`` bounds the file, as a full disk would.
    """

    busy_milliseconds: int = 1000
    max_pages: int | None = None


class SqliteDatabase(Database):
    """A database file, with this process's one writer and its few readers."""

    def __init__(self, path: str, clock: Clock, options: SqliteOptions) -> None:
        super().__init__(clock)
        self.path = path
        configure = partial(_configure, options)
        self._writer = _Worker("sqlite-writer", SimpleQueue(), path, configure, _begin_immediate)
        # Whichever is free takes the next one.
        jobs: SimpleQueue[_Job | None] = SimpleQueue()
        configure = partial(_configure_reader, options)
        self._readers = [
            _Worker(f"sqlite-reader-{number}", jobs, path, configure, _begin)
            for number in range(READERS)
        ]

    async def peek(self, fn: Callable[[sqlite3.Connection], R]) -> tuple[int, R]:
        """Run ``fn`` on the writer's own connection, outside any transaction.

        Also says which connection that was, counted from one: ``PRAGMA data_version``
        means nothing beyond the connection that it was asked of.
        """
        work = self._retrying(lambda: self._writer.submit(lambda worker: worker.peek(fn)))
        return await self._shielded(work, database.PATIENCE)

    async def _read(self, fn: Callable[[Connection], R]) -> R:
        return await self._readers[0].submit(lambda worker: worker.transact(fn))

    async def _write(self, fn: Callable[[Connection], R]) -> R:
        return await self._writer.submit(lambda worker: worker.transact(fn))

    def _abandon(self, flight: "asyncio.Task[object]") -> None:
        # What a thread has begun goes on, and may land; what still waits for it does not.
        flight.cancel()

    async def _close(self) -> None:
        workers = (self._writer, *self._readers)
        for worker in workers:
            worker.end()
        # Whoever closes the last connection brings the WAL into the file.
        for worker in workers:
            await asyncio.wrap_future(worker.ended)


class _Worker:
    """A thread with a connection of its own. All but ``submit`` and ``end`` runs there."""

    def __init__(
        self,
        name: str,
        jobs: "SimpleQueue[_Job | None]",
        path: str,
        configure: Callable[[DBAPIConnection, object], None],
        begin: Callable[[Connection], None],
    ) -> None:
        self._jobs = jobs
        self._engine: Engine = create_engine(
            f"sqlite+pysqlite:///{path}", poolclass=NullPool, hide_parameters=True
        )
        event.listen(self._engine, "connect", configure)
        event.listen(self._engine, "begin", begin)
        self._conn: Connection | None = None
        self._opened = 0
        self.ended: Future[None] = Future()
        """Done when the thread has given up its connection."""
        self.ended.set_running_or_notify_cancel()  # So that nobody's impatience cancels it.
        # A daemon, unlike the threads of an executor: the interpreter does not wait for it.
        Thread(target=self._work, name=name, daemon=True).start()

    async def submit(self, work: "Callable[[_Worker], R]") -> R:
        """Do ``work`` on a thread that takes these jobs, after what was submitted before."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[R] = loop.create_future()
        self._jobs.put(_Job(work, loop, done))
        return await done

    def end(self) -> None:
        """Let a thread end, once it has done what it has begun."""
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            if not job.done.cancelled():
                job.do(self)
            # Or the last answer would be kept until there is another one.
            del job
        self.close()
        self.ended.set_result(None)

    def transact(self, fn: Callable[[Connection], R]) -> R:
        try:
            conn = self._connection()
            with conn.begin():
                return fn(conn)
        except DRIVER_ERRORS as error:
            # After a full disk or an I/O error the connection's state is not to be
            # relied upon; a fresh one is cheap.
            if judge(error) is Verdict.UNAVAILABLE:
                self._drop()
            raise

    def peek(self, fn: Callable[[sqlite3.Connection], R]) -> tuple[int, R]:
        raw = _driver_of(self._connection())
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


@dataclass(frozen=True, slots=True)
class _Job:
    """Something to do on a worker's thread, and who waits for it on which loop."""

    work: Callable[[_Worker], object]
    loop: asyncio.AbstractEventLoop
    done: "asyncio.Future[Any]"

    def do(self, worker: _Worker) -> None:
        """Do it, and say how it went."""
        try:
            result = self.work(worker)
        except BaseException as error:
            self._tell(self._fail, error)
        else:
            self._tell(self._succeed, result)

    def _tell(self, how: Callable[[Any], None], what: object) -> None:
        with suppress(RuntimeError):  # The loop has been closed: nobody waits any more.
            self.loop.call_soon_threadsafe(how, what)

    def _succeed(self, result: object) -> None:
        if not self.done.done():
            self.done.set_result(result)

    def _fail(self, error: BaseException) -> None:
        if not self.done.done():
            self.done.set_exception(error)


def _begin_immediate(conn: Connection) -> None:
    _driver_of(conn).execute("BEGIN IMMEDIATE")


def _begin(conn: Connection) -> None:
    _driver_of(conn).execute("BEGIN")


def _driver_of(conn: Connection) -> sqlite3.Connection:
    raw = conn.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def _configure(options: SqliteOptions, connection: DBAPIConnection, _record: object) -> None:
    """Set what durability needs, and read it back (L1)."""
    connection.isolation_level = None
    cursor = connection.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {options.busy_milliseconds}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
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
    assert isinstance(connection, sqlite3.Connection)
    connection.text_factory = methodcaller("decode", "utf-8", "surrogateescape")
