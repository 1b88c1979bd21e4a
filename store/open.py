"""Open a store: from a database URL to everything that the rest of the house uses.

What does not live here: settings (the edge), and which parts a command starts.
"""

from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from server.protocol.errors import Invalid
from server.room.ports import Clock
from store.database import Database
from store.directory import SqlDirectory
from store.log import SqlUpdateLog
from store.postgres import PostgresDatabase
from store.schema import upgrade
from store.sqlite import SqliteDatabase, SqliteOptions


@dataclass(frozen=True, slots=True)
class Store:
    """The ports of one database, for one process. Ends with ``close``."""

    db: Database
    log: SqlUpdateLog
    directory: SqlDirectory

    async def close(self) -> None:
        """Let writes in flight land, then give up every connection."""
        await self.db.close()


async def open_store(url: str, clock: Clock, *, sqlite: SqliteOptions | None = None) -> Store:
    """Connect, check durability, bring the schema up to date.

    ``url`` is ``sqlite:///path``, ``sqlite+aiosqlite:///path``, ``postgresql://...`` or
    ``postgresql+asyncpg://...``. Raises ``Invalid`` for any other, ``StoreUnavailable``
    for a database that cannot be relied upon.
    """
    sender = uuid4().hex
    db = _database(_parsed(url), clock, sender, sqlite or SqliteOptions())
    try:
        await upgrade(db)
        return Store(db=db, log=SqlUpdateLog(db, clock), directory=SqlDirectory(db, clock))
    except BaseException:
        await db.close()
        raise


def _parsed(url: str) -> URL:
    # The parser's own message repeats the URL, which may hold a password (L11).
    with suppress(ArgumentError, ValueError):
        return make_url(url)
    raise Invalid("the database URL does not parse")


def _database(url: URL, clock: Clock, sender: str, options: SqliteOptions) -> Database:
    match url.drivername, url.database:
        case "sqlite" | "sqlite+aiosqlite", str() as path if path and not path.startswith(":"):
            return SqliteDatabase(path, clock, options)
        case "postgresql" | "postgresql+asyncpg", _:
            return PostgresDatabase(url.set(drivername="postgresql+asyncpg"), clock, sender)
        case _:
            raise Invalid(
                "expected a database URL like sqlite:///./data/8gentc.db"
                " or postgresql://user@host/name"
            )
