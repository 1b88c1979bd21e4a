"""The one way to change people, credentials, projects and members.

What changes and that it has changed are one transaction; what the database refuses gets a
name that means something to who asked. What does not live here: any statement.
"""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from server.protocol.errors import Conflict, Invalid
from store.database import Database
from store.faults import Rejected
from store.news import bump_directory

P = ParamSpec("P")
R = TypeVar("R")


async def change(
    db: Database, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
) -> R:
    """Run ``fn`` and tell that the directory has changed, in one transaction.

    Raises ``Conflict`` or ``Invalid`` for what the database refuses.
    """

    def changing(conn: Connection) -> R:
        result = fn(conn, *args, **kwargs)
        # Last, because every writer waits for this one row.
        bump_directory(conn)
        return result

    try:
        return await db.write(changing)
    except Rejected as error:
        if error.constraint:
            raise Conflict(f"it exists already or does not fit: {error}") from error
        raise Invalid(f"the database cannot hold this: {error}") from error
