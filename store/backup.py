"""A whole database in one file, taken while servers work on it, and brought back (L1).

The file is a SQLite database of our own schema, whichever database it comes from, so one
format goes to and from both and every tool that opens the one opens the other. What does
not live here: verifying (``store.fsck``), and rights: whoever has the file has everything.

Laws kept here: a backup is one moment of the database, after every commit that was
acknowledged before it began; a file is there whole or not at all; a database that holds
anything is never overwritten.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

import aiosqlite
from sqlalchemy import (
    Connection,
    Engine,
    NullPool,
    Table,
    create_engine,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import SQLAlchemyError

from server.protocol.errors import Conflict, Invalid, StoreUnavailable
from store import projection_tables as projected
from store import run_tables as r
from store import tables as t
from store.database import Database
from store.schema import upgrade_to_head
from store.sqlite import SqliteDatabase

PAGE = 200
"""Rows in memory at once. One may be a document of 64 MiB."""

DERIVED = (
    projected.projections,
    projected.nodes,
    projected.edges,
    projected.plans,
    projected.diagrams,
    projected.search_entries,
)

FULL = (t.users, t.projects)
"""Tables that are empty in a database that nobody has used."""


async def write_backup(db: Database, file: Path) -> int:
    """Write everything to a new file; its size in bytes.

    Raises ``Conflict`` when there is a file already, ``StoreUnavailable`` when it cannot be
    written.
    """
    part = file.with_name(f"{file.name}.part")
    try:
        await asyncio.to_thread(_reserve, file, part)
        if isinstance(db, SqliteDatabase):
            await _copy_pages(db.path, part)
        else:
            await db.read_at_leisure(_copy_into_file, part)
        return await asyncio.to_thread(_settle, part, file)
    except (OSError, sqlite3.Error, SQLAlchemyError) as error:
        raise StoreUnavailable(f"cannot write {file}: {error}") from error
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)


async def read_backup(db: Database, file: Path) -> None:
    """Bring everything of a file into an empty database, in one transaction.

    A file of an older version is brought up to date on the way; it stays as it is. Raises
    ``Invalid`` for what is no backup, ``Conflict`` when the database is not empty.
    """
    with TemporaryDirectory(prefix="8gentc-") as folder:
        copy = Path(folder) / "backup.db"
        try:
            await _copy_pages(file, copy)
            await asyncio.to_thread(_with_engine, copy, _bring_up_to_date)
        except (OSError, sqlite3.Error, SQLAlchemyError) as error:
            raise Invalid(f"{file} is not a backup: {error}") from error
        await db.write_at_leisure(_copy_from_file, copy)


def _reserve(file: Path, part: Path) -> None:
    """The file holds everything, hashes of passwords included: it is its owner's alone."""
    if file.exists():
        raise Conflict(f"{file} exists already")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


async def _copy_pages(source: str | Path, target: Path) -> None:
    """SQLite's own online backup, on a thread of aiosqlite's. All pages in one step are one
    moment, and in WAL mode that keeps no writer waiting."""
    uri = await asyncio.to_thread(_readable, Path(source))
    async with aiosqlite.connect(uri, uri=True) as raw, aiosqlite.connect(target) as copy:
        await raw.backup(copy, pages=-1)


def _readable(path: Path) -> str:
    """As SQLite opens it without the right to write."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    return f"{path.absolute().as_uri()}?mode=ro"


def _settle(part: Path, file: Path) -> int:
    """One file, without a log beside it, on the disk and under its name; its size."""
    with closing(sqlite3.connect(part, isolation_level=None)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
    with part.open("rb+") as written:
        os.fsync(written.fileno())
    os.replace(part, file)
    return file.stat().st_size


def _copy_into_file(source: Connection, part: Path) -> None:
    def copy(target: Connection) -> None:
        upgrade_to_head(target)
        _copy_tables(source.execution_options(stream_results=True, yield_per=PAGE), target)

    _with_engine(part, copy)


def _copy_from_file(target: Connection, file: Path) -> None:
    for table in FULL:
        if target.execute(select(table.c.id).limit(1)).first() is not None:
            raise Conflict(f"this database is not empty: it has {table.name}")
    _with_engine(file, lambda source: _copy_tables(source, target))


def _bring_up_to_date(conn: Connection) -> None:
    names = conn.exec_driver_sql("SELECT name FROM sqlite_master").scalars().all()
    if "alembic_version" not in names:
        raise Invalid("this is a database, but not one of ours")
    upgrade_to_head(conn)


def _copy_tables(source: Connection, target: Connection) -> None:
    for table in copied_tables():
        # A fresh schema has single rows of its own.
        target.execute(delete(table))
        _copy_table(source, target, table)
    target.execute(update(t.documents).values(stale=True))
    target.execute(update(r.conversations).values(indexed=0))


def copied_tables() -> list[Table]:
    """All but the relational picture: its search is made otherwise on the other database, and
    a server draws it anew from documents that are marked stale, and from conversations of which
    nothing is indexed."""
    return [table for table in t.metadata.sorted_tables if table not in DERIVED]


def _copy_table(source: Connection, target: Connection, table: Table) -> None:
    found = source.execute(select(table))
    for rows in found.partitions(PAGE):
        target.execute(insert(table), [dict(row._mapping) for row in rows])


def _with_engine(file: Path, fn: Callable[[Connection], None]) -> None:
    """Run ``fn`` in one transaction on a file that nobody else uses."""
    engine: Engine = create_engine(
        f"sqlite+pysqlite:///{file}", poolclass=NullPool, hide_parameters=True
    )
    try:
        with engine.begin() as conn:
            fn(conn)
    finally:
        engine.dispose()
