"""News that somebody has written to the database (section 8 of the design).

One feed per process, with one reader. What does not live here: saying it
(``store.news``), and acting on it (rooms compare heads, sessions compare roles).

What a feed cannot know it reports as "any": after a reconnect, after the writer's
connection was replaced, and every ten seconds, because a notification may be lost and
because a token that expires is nobody's write. Own edits are not news; own changes of
the directory and own events are, since live connections of this very process hang on them.
"""

import asyncio
import sqlite3
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import dataclass

import asyncpg
from asyncpg import Connection as Listening

from server.protocol.errors import StoreUnavailable
from server.protocol.ids import ProjectId
from server.room.ports import Changes, Clock
from store.news import CHANNEL, parse
from store.sqlite import SqliteDatabase

POLL_SECONDS = 0.25
SWEEP_SECONDS = 10.0
CONNECT_SECONDS = 10.0

NAMED = 5000
"""More documents than this in one report are "any": the reader looks at all heads."""

CONNECTION_ERRORS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)

ANY = Changes(documents=None, directory=True, events=True)
"""Also true when nothing has changed."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """What two polls of SQLite are compared by."""

    connection: int
    data: int
    directory: int
    events: int


class SqliteFeed:
    """Polls ``PRAGMA data_version``, which moves when another connection has committed.

    It must be asked of the writer's own connection: on any other, each of this
    process's commits would look like news.
    """

    def __init__(self, db: SqliteDatabase, clock: Clock, pulse: Pulse) -> None:
        self._db = db
        self._clock = clock
        self._seen = pulse
        self._swept = clock.monotonic()

    @classmethod
    async def open(cls, db: SqliteDatabase, clock: Clock) -> "SqliteFeed":
        """A feed of everything that happens from now on."""
        return cls(db, clock, await _pulse(db))

    async def next(self) -> Changes:
        """Poll until something has changed, or may have: time alone ends a token."""
        while True:
            pulse = await _pulse(self._db)
            # No await between reading and remembering: a cancelled poll is repeated.
            changes, self._seen = _compare(self._seen, pulse), pulse
            if self._clock.monotonic() - self._swept >= SWEEP_SECONDS:
                self._swept = self._clock.monotonic()
                return ANY
            if changes is not None:
                return changes
            await self._clock.sleep(POLL_SECONDS)

    async def close(self) -> None:
        """Nothing is held."""


async def _pulse(db: SqliteDatabase) -> Pulse:
    connection, versions = await db.peek(_versions)
    return Pulse(connection, *versions)


def _versions(raw: sqlite3.Connection) -> tuple[int, int, int]:
    # First data_version: a commit between the two is then seen by the next poll.
    (data,) = raw.execute("PRAGMA data_version").fetchone()
    (directory,) = raw.execute("SELECT version FROM directory_version").fetchone()
    # Grows with each event, for the newest are kept; looked up at the end of the table.
    (events,) = raw.execute("SELECT coalesce(max(rowid), 0) FROM project_events").fetchone()
    return data, directory, events


def _compare(seen: Pulse, now: Pulse) -> Changes | None:
    directory, events = now.directory != seen.directory, now.events != seen.events
    if (now.connection, now.data) != (seen.connection, seen.data):
        return Changes(documents=None, directory=directory, events=events)
    if directory or events:
        return Changes(documents=frozenset(), directory=directory, events=events)
    return None


class PostgresFeed:
    """LISTEN on a connection of its own, which comes back by itself."""

    def __init__(self, dsn: str, clock: Clock, sender: str) -> None:
        self._dsn = dsn
        self._clock = clock
        self._sender = sender
        self._connection: Listening | None = None
        self._wake = asyncio.Event()
        self._documents: set[ProjectId] = set()
        self._directory = False
        self._events = False
        self._swept = clock.monotonic()

    @classmethod
    async def open(cls, dsn: str, clock: Clock, sender: str) -> "PostgresFeed":
        """A feed of everything that happens from now on."""
        feed = cls(dsn, clock, sender)
        await feed._connect()
        return feed

    async def next(self) -> Changes:
        """Wait for a notification, a sweep or a new connection.

        Raises ``StoreUnavailable`` each time that the database lets nobody listen.
        """
        while True:
            if self._connection is None or self._connection.is_closed():
                await self._connect()
                return ANY
            if self._wake.is_set():
                return self._collected()
            due = self._swept + SWEEP_SECONDS - self._clock.monotonic()
            if due <= 0:
                return await self._sweep(self._connection)
            await first_of(self._wake.wait(), self._clock.sleep(due))

    async def close(self) -> None:
        """Stop listening."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*CONNECTION_ERRORS):
                await connection.close(timeout=1)

    async def _sweep(self, connection: Listening) -> Changes:
        """A connection that died without a word is found out here."""
        try:
            await connection.execute("SELECT 1", timeout=CONNECT_SECONDS)
        except CONNECTION_ERRORS:
            connection.terminate()
        # After the last await: a cancelled sweep must not have forgotten anything.
        self._forget()
        return ANY

    async def _connect(self) -> None:
        try:
            connection = await asyncpg.connect(self._dsn, timeout=CONNECT_SECONDS)
            await self._listen(connection)
        except CONNECTION_ERRORS as error:
            raise StoreUnavailable(f"cannot listen: {type(error).__name__}") from error
        self._forget()
        self._connection = connection

    async def _listen(self, connection: Listening) -> None:
        try:
            connection.add_termination_listener(self._lost)
            async with asyncio.timeout(CONNECT_SECONDS):
                await connection.add_listener(CHANNEL, self._heard)
        except BaseException:
            connection.terminate()
            raise

    def _forget(self) -> None:
        """All that was collected is part of the "any" that is about to be reported."""
        self._documents, self._directory, self._events = set(), False, False
        self._swept = self._clock.monotonic()
        self._wake.clear()

    def _collected(self) -> Changes:
        named = len(self._documents) <= NAMED
        documents = frozenset(self._documents) if named else None
        changes = Changes(documents, self._directory, self._events)
        self._documents, self._directory, self._events = set(), False, False
        self._wake.clear()
        return changes

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        news = parse(str(payload))
        if news.sender == self._sender and not (news.directory or news.events):
            return
        self._directory = self._directory or news.directory
        self._events = self._events or news.events
        if len(self._documents) <= NAMED:
            self._documents |= news.documents
        self._wake.set()

    def _lost(self, _connection: object) -> None:
        self._wake.set()


async def first_of(*waits: Coroutine[object, object, object]) -> None:
    """Return when one of ``waits`` has; the others are cancelled and awaited."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
