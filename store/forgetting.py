"""Forgetting a person: everything that says who they were goes, their id stays (L3).

The log names its authors by ids that say nothing, so no row of it is touched: what an id
meant is deleted instead, wherever it is kept. What does not live here: what they wrote (that
is the project's), and backups.

Law kept here: a project keeps an owner. The row of ``users`` stays, empty, so that what
refers to it holds, and so that an import does not bring their name back.
"""

from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, exists, or_, select, update

from server.protocol.errors import Conflict, NotFound
from server.protocol.ids import Millis, ProjectId, UserId
from server.protocol.roles import Role
from store import tables as t
from store.projects import note_member

NAMED_AT_MOST: Final = 3
"""Titles in an error."""

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
LOCK_PROJECTS = (
    select(t.projects.c.id)
    .join_from(t.projects, t.project_members)
    .where(t.project_members.c.user_id == USER)
    .order_by(t.projects.c.id)
    .with_for_update(of=t.projects)
)
"""Owners who leave wait for each other, or two last ones could both."""

ONLY_OWNER = (
    select(t.projects.c.title)
    .join_from(t.projects, t.project_members)
    .where(OWNED_ALONE, t.projects.c.deleted_at.is_(None))
    .order_by(t.projects.c.title_key)
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

THEIRS = (t.tokens, t.second_factors, t.recovery_codes, t.identities)
"""Tables whose rows say something of a person and nothing of a project."""

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
    """Raises ``NotFound``, or ``Conflict`` for the only owner of a live project."""
    who = {"user": user}
    unnamed = conn.execute(
        delete(t.project_authors).where(t.project_authors.c.user_id == USER), who
    ).rowcount
    if conn.execute(EMAIL, who).first() is None:
        if not unnamed:
            raise NotFound("no such user")
        return
    conn.execute(LOCK_PROJECTS, who).all()
    _require_other_owners(conn, user)
    conn.execute(DELETE_LINKS, who)
    for table in THEIRS:
        conn.execute(delete(table).where(table.c.user_id == USER), who)
    left = conn.execute(LIVE_MEMBERSHIPS, who).scalars().all()
    conn.execute(LEAVE, who)
    for project in left:
        note_member(conn, ProjectId(project), user, None, now)
    conn.execute(EMPTY, {**who, "now": now})


def _require_other_owners(conn: Connection, user: UserId) -> None:
    titles = conn.execute(ONLY_OWNER, {"user": user}).scalars().all()
    if titles:
        some = ", ".join(f"“{title}”" for title in titles[:NAMED_AT_MOST])
        more = "" if len(titles) <= NAMED_AT_MOST else f" and {len(titles) - NAMED_AT_MOST} more"
        raise Conflict(
            f"they are the only owner of {some}{more}:"
            " make somebody else one, or delete these projects, first"
        )
