"""Bring a database to the schema of this code, at every start.

Two processes may start at once: the upgrade runs in one transaction that excludes
the other (SQLite's write lock, a PostgreSQL advisory lock). A database that a newer
version has touched is refused rather than guessed at.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, func, select

from server.protocol.errors import StoreUnavailable
from store.database import Database

MIGRATIONS = Path(__file__).with_name("migrations")

UPGRADE_LOCK = 0x8_6E7C
"""Key of the advisory lock; any constant of our own does."""


async def upgrade(db: Database) -> None:
    """Create or migrate all tables. Raises ``StoreUnavailable`` when they are newer."""
    await db.write_at_leisure(upgrade_to_head)


def upgrade_to_head(conn: Connection) -> None:
    """Run the missing migrations inside the caller's transaction."""
    if conn.dialect.name == "postgresql":
        conn.execute(select(func.pg_advisory_xact_lock(UPGRADE_LOCK)))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    scripts = ScriptDirectory.from_config(config)
    stamped = set(MigrationContext.configure(conn).get_current_heads())
    known = {script.revision for script in scripts.walk_revisions()}
    if stamped - known:
        raise StoreUnavailable(
            f"this database has schema {', '.join(sorted(stamped))}, which this version does"
            f" not know: it was used by a newer one"
        )
    if stamped != set(scripts.get_heads()):
        command.upgrade(config, "head")
