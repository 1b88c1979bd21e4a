"""Forgetting a person: everything that says who they were goes, their id stays (L3).

The log names its authors by ids that say nothing, under digests that cannot be made anew, so
no row of it is touched: what an id meant is deleted instead, wherever it is kept. What refers
to an account is found in the tables themselves, so that one which is added later cannot be
overlooked. What does not live here: what they wrote (that is the project's), and backups.

Laws kept here: L8 (no live project is left without an owner, no server without an admin). The
row of ``users`` stays, empty, so that what refers to it holds, and so that an import does not
bring their name back.
"""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import (
    BindParameter,
    Column,
    Connection,
    bindparam,
    delete,
    exists,
    or_,
    select,
    update,
)

from server.protocol.errors import Conflict, NotFound
from server.protocol.ids import Millis, ProjectId, UserId
from server.protocol.roles import Role
from store import tables as t
from store.projects import has_other_owner, lock_project, note_member
from store.tables import AnyRow
from store.user_files import require_other_admin

SHOWN: Final = 10
"""Projects that are named in an error."""

USER: BindParameter[str] = bindparam("user")
OTHER = t.project_members.alias("other")
OWNED_BY_ANOTHER = exists().where(
    OTHER.c.project_id == t.project_members.c.project_id,
    OTHER.c.user_id != t.project_members.c.user_id,
    OTHER.c.role == Role.OWNER.value,
)
OWNED_ALONE = (
    (t.project_members.c.user_id == USER)
    & (t.project_members.c.role == Role.OWNER.value)
    & ~OWNED_BY_ANOTHER
)
OWNED = (
    select(t.projects.c.id, t.projects.c.title)
    .join_from(t.project_members, t.projects)
    .where(
        t.project_members.c.user_id == USER,
        t.project_members.c.role == Role.OWNER.value,
        t.projects.c.deleted_at.is_(None),
    )
    .order_by(t.projects.c.id)
)
LIVE_MEMBERSHIPS = (
    select(t.projects.c.id)
    .join_from(t.projects, t.project_members)
    .where(t.project_members.c.user_id == USER, t.projects.c.deleted_at.is_(None))
    .order_by(t.projects.c.id)
)
EMAIL = select(t.users.c.email).where(t.users.c.id == USER, t.users.c.forgotten_at.is_(None))
DELETE_LINKS = delete(t.links).where(
    or_(t.links.c.user_id == USER, t.links.c.email == EMAIL.scalar_subquery())
)
LEAVE = delete(t.project_members).where(t.project_members.c.user_id == USER, ~OWNED_ALONE)
"""Of a deleted project its only owner stays one, by an id: it can be brought back."""

EMPTY = (
    update(t.users)
    .where(t.users.c.id == USER)
    .values(
        # Unique as it must be, and no address: nobody can log in by it, or write to it.
        email=t.users.c.id,
        name="",
        is_admin=False,
        disabled=True,
        password_hash=None,
        email_verified=False,
        forgotten_at=bindparam("now"),
    )
)


def forget(conn: Connection, user: UserId, now: Millis) -> None:
    """Raises ``NotFound``, or ``Conflict`` for the only owner of a live project and for the
    only platform admin."""
    who = {"user": user}
    unnamed = conn.execute(
        delete(t.project_authors).where(t.project_authors.c.user_id == USER), who
    ).rowcount
    if conn.execute(EMAIL, who).first() is None:
        if not unnamed:
            raise NotFound("no such user")
        return
    require_other_admin(conn, user)
    _require_other_owners(conn, user)
    conn.execute(DELETE_LINKS, who)
    for column in references():
        conn.execute(delete(column.table).where(column == USER), who)
    _leave(conn, user, now)
    conn.execute(EMPTY, {**who, "now": now})


def references() -> Iterator[Column[str]]:
    """All columns that refer to a user, but for memberships; those of tables that others refer
    to last."""
    for table in reversed(t.metadata.sorted_tables):
        for key in table.foreign_keys:
            if key.column is t.users.c.id and table is not t.project_members:
                yield key.parent


def _leave(conn: Connection, user: UserId, now: Millis) -> None:
    who = {"user": user}
    left = conn.execute(LIVE_MEMBERSHIPS, who).scalars().all()
    conn.execute(LEAVE, who)
    for project in left:
        note_member(conn, ProjectId(project), user, None, now)


def _require_other_owners(conn: Connection, user: UserId) -> None:
    """Each project is locked before it is looked at, as every change of members does: owners
    who leave wait for each other, or two last ones could both."""
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
