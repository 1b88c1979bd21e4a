"""Ways for a database to fail under a running server, each of which can be undone."""

import asyncio
import resource
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import asyncpg

from tests.e2e.server import Server

LESS_THAN_A_PAGE = 4096
"""A frame of SQLite's log is a header and a page of 4096 bytes: not even one fits."""

APART = ("bash", "-c", 'exec "$@" > >(exec cat) 2>&1', "8gentc")
"""A prefix for ``Server.start``: what the server prints goes through a pipe, for the
limit on the size of files would hold for its log too."""


class Outage(Protocol):
    """A fault of the whole store."""

    def begin(self) -> None:
        """From now on no commit succeeds."""

    def end(self) -> None:
        """The store works again."""


@dataclass(slots=True)
class FullDisk:
    """No file of the server may grow: every write of a page fails with EFBIG.

    Only the soft limit is lowered, so that it can be raised again.
    """

    server: Server

    def begin(self) -> None:
        """Lower the limit."""
        self._limit(LESS_THAN_A_PAGE)

    def end(self) -> None:
        """Raise it to what it was."""
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        assert self.server.process is not None
        pid = self.server.process.pid
        hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
        soft = size if hard == resource.RLIM_INFINITY else min(size, hard)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@dataclass(slots=True)
class Shutdown:
    """The database server is stopped, and started again."""

    stop: Callable[[], None]
    start: Callable[[], None]

    def begin(self) -> None:
        """Stop it."""
        self.stop()

    def end(self) -> None:
        """Start it."""
        self.start()


@dataclass(slots=True)
class Barred:
    """The database lets nobody in, and throws out who is in."""

    uri: str
    """Of the superuser."""
    url: str
    """Of the database."""

    def begin(self) -> None:
        """Bar it, then end every session."""
        asyncio.run(self._set(allowed=False))

    def end(self) -> None:
        """Open it."""
        asyncio.run(self._set(allowed=True))

    async def _set(self, *, allowed: bool) -> None:
        name = self.url.split("?")[0].rsplit("/", 1)[1]
        connection = await asyncpg.connect(self.uri)
        try:
            await connection.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS {allowed}")
            await connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1"
                if not allowed
                else "SELECT 1 WHERE $1 = ''",
                name,
            )
        finally:
            await connection.close()


# --- one document ---------------------------------------------------------------

SQLITE_TRIGGER = """
CREATE TRIGGER bad_row BEFORE INSERT ON updates WHEN NEW.project_id = '{project}'
BEGIN SELECT RAISE(ABORT, 'bad row'); END
"""
POSTGRES_TRIGGER = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'bad row' USING ERRCODE = 'check_violation'; END $$;
CREATE TRIGGER bad_row BEFORE INSERT ON updates FOR EACH ROW
WHEN (NEW.project_id = '{project}') EXECUTE FUNCTION refuse()
"""
DROP_SQLITE = "DROP TRIGGER bad_row"
DROP_POSTGRES = "DROP FUNCTION refuse CASCADE"


@dataclass(slots=True)
class BadRows:
    """Every row of one document is refused by a constraint."""

    server: Server
    project: str

    def begin(self) -> None:
        """Add the constraint."""
        trigger = SQLITE_TRIGGER if self.server.database_url is None else POSTGRES_TRIGGER
        self._run(trigger.format(project=self.project))

    def end(self) -> None:
        """Drop it."""
        self._run(DROP_SQLITE if self.server.database_url is None else DROP_POSTGRES)

    def _run(self, statement: str) -> None:
        if self.server.database_url is None:
            run_sqlite(self.server.folder / "data" / "8gentc.db", statement)
        else:
            asyncio.run(run_postgres(self.server.database_url, statement))


def run_sqlite(path: Path, statement: str) -> None:
    """One statement, from another process's point of view."""
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        connection.execute(statement)


async def run_postgres(url: str, statement: str) -> None:
    """One or more statements on a connection of their own."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
