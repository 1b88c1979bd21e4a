"""Running Alembic's migrations. Only loaded where there are some to run.

What does not live here: whether there are (:mod:`store.schema`).
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from server.protocol.errors import StoreUnavailable

MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(conn: Connection, stamped: str | None) -> None:
    """From the revision ``stamped`` to the newest, inside the caller's transaction.

    Raises ``StoreUnavailable`` for a revision of a newer version.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = conn
    scripts = ScriptDirectory.from_config(config)
    if stamped is not None and stamped not in {one.revision for one in scripts.walk_revisions()}:
        raise StoreUnavailable(
            f"this database has schema {stamped}, which this version does not know:"
            " it was used by a newer one"
        )
    command.upgrade(config, "head")
