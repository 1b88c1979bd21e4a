"""Bring a database to the schema of this code, at every start.

Two processes may start at once: the upgrade runs in one transaction that excludes
the other (SQLite's write lock, a PostgreSQL advisory lock). A database that a newer
version has touched is refused rather than guessed at.
"""

from typing import Final

from sqlalchemy import Connection, func, inspect, select, text

from store.database import Database

HEAD: Final = "0011"
"""The newest migration: a database that has it is not looked at further. Most starts are of
a command, and reading all migrations would take longer than what it does."""

UPGRADE_LOCK = 0x8_6E7C
"""Key of the advisory lock; any constant of our own does."""


async def upgrade(db: Database) -> None:
    """Create or migrate all tables. Raises ``StoreUnavailable`` when they are newer."""
    await db.write_at_leisure(upgrade_to_head)


def upgrade_to_head(conn: Connection) -> None:
    """Run the missing migrations inside the caller's transaction."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
    stamped = _stamped(conn)
    if stamped != HEAD:
        from store.migrating import migrate

        migrate(conn, stamped)


def _stamped(conn: Connection) -> str | None:
    """The migration that the database has; None for an empty one."""
    if not inspect(conn).has_table("alembic_version"):
        return None
    found: str | None = conn.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found
