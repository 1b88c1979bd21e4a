"""An account is deleted: all that is only theirs goes, and what they wrote stays.

The log names people by an id and nothing else, under digests that cannot be made anew. Once
the row of ``users`` is gone the id says nothing. What refers to that row goes with it, found
in the tables themselves, so that one which is added later cannot be forgotten.

Law kept here: L8 (no live project is left without an owner).
"""

from collections.abc import Iterator

from sqlalchemy import Column, Connection, bindparam, delete, select

from server.protocol.errors import Conflict
from server.protocol.ids import ProjectId, UserId
from server.protocol.roles import Role
from store import tables as t
from store.people import require_user
from store.projects import has_other_owner, lock_project
from store.tables import AnyRow
from store.user_files import require_other_admin

SHOWN = 10
"""Projects that are named."""

OWNED = (
    select(t.projects.c.id, t.projects.c.title)
    .join_from(t.project_members, t.projects)
    .where(
        t.project_members.c.user_id == bindparam("user"),
        t.project_members.c.role == Role.OWNER.value,
        t.projects.c.deleted_at.is_(None),
    )
    .order_by(t.projects.c.id)
)


def delete_user(conn: Connection, user: UserId) -> None:
    """Raises ``NotFound``, ``Conflict``."""
    require_user(conn, user)
    require_other_admin(conn, user)
    _require_other_owners(conn, user)
    for column in references():
        conn.execute(delete(column.table).where(column == user))
    conn.execute(delete(t.users).where(t.users.c.id == user))


def references() -> Iterator[Column[str]]:
    """All columns that refer to a user, those of tables that others refer to last."""
    for table in reversed(t.metadata.sorted_tables):
        for key in table.foreign_keys:
            if key.column is t.users.c.id:
                yield key.parent


def _require_other_owners(conn: Connection, user: UserId) -> None:
    """Each project is locked before it is looked at, as every change of members does."""
    alone = [row for row in conn.execute(OWNED, {"user": user}).all() if _is_alone(conn, row, user)]
    if not alone:
        return
    first = sorted(alone, key=lambda row: (row.title, row.id))[:SHOWN]
    names = [f"“{row.title}” ({row.id})" for row in first]
    more = len(alone) - len(first)
    listed = ", ".join(names) + (f" and {more} more" if more else "")
    raise Conflict(f"hand over or delete what would have no owner: {listed}")


def _is_alone(conn: Connection, row: AnyRow, user: UserId) -> bool:
    project = ProjectId(row.id)
    lock_project(conn, project)
    return not has_other_owner(conn, project, user)
