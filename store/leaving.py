"""An account is deleted: all that is only theirs goes, and what they wrote stays.

The log names people by an id and nothing else, under digests that cannot be made anew. Once
the row of ``users`` is gone the id says nothing, but in a file that was written before: so it
is noted whose name no import may bring back. What refers to that row goes with it, found
in the tables themselves, so that one which is added later cannot be forgotten.

Laws kept here: L8 (no live project is left without an owner) and L11.
"""

from collections.abc import Iterator

from sqlalchemy import Column, Connection, bindparam, delete, insert, select

from server.protocol.errors import Conflict
from server.protocol.ids import Millis, ProjectId, UserId
from server.protocol.roles import Role
from store import tables as t
from store.events import note_member
from store.people import USER_EXISTS, require_user
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
MEMBERSHIPS = (
    select(t.projects.c.id)
    .join_from(t.project_members, t.projects)
    .where(t.project_members.c.user_id == bindparam("user"), t.projects.c.deleted_at.is_(None))
    .order_by(t.projects.c.id)
)
UNNAME = delete(t.project_authors).where(t.project_authors.c.user_id == bindparam("user"))
IS_FORGOTTEN = select(t.forgotten.c.user_id).where(t.forgotten.c.user_id == bindparam("user"))
VOID_LINKS = delete(t.links).where(
    t.links.c.email
    == select(t.users.c.email).where(t.users.c.id == bindparam("user")).scalar_subquery()
)
"""Those that were mailed to their address and belong to no account."""


def delete_user(conn: Connection, user: UserId, now: Millis) -> None:
    """Raises ``NotFound``, ``Conflict``."""
    if _unname(conn, user):
        _note(conn, user, now)
        if conn.execute(USER_EXISTS, {"user": user}).first() is None:
            return
    require_user(conn, user)
    require_other_admin(conn, user)
    _require_other_owners(conn, user)
    _note(conn, user, now)
    for project in conn.execute(MEMBERSHIPS, {"user": user}).scalars().all():
        note_member(conn, ProjectId(project), user, None, now)
    conn.execute(VOID_LINKS, {"user": user})
    for column in references():
        conn.execute(delete(column.table).where(column == user))
    conn.execute(delete(t.users).where(t.users.c.id == user))


def _unname(conn: Connection, user: UserId) -> bool:
    """Whether an imported history has said what they are called; it does not any more."""
    return conn.execute(UNNAME, {"user": user}).rowcount > 0


def _note(conn: Connection, user: UserId, now: Millis) -> None:
    """Nobody is called by this id again."""
    if conn.execute(IS_FORGOTTEN, {"user": user}).first() is None:
        conn.execute(insert(t.forgotten), {"user_id": user, "at": now})


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
