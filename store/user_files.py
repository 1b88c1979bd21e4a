"""Statements about all accounts, for platform admins: who there is, and how they stand.

What does not live here: what logs somebody in (``store.accounts``), deleting (``store.leaving``).
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection, ScalarSelect, bindparam, func, or_, select, true, update

from server.protocol.credentials import TokenKind
from server.protocol.errors import Conflict, NotFound
from server.protocol.ids import Millis, UserId
from server.room.ports import User
from server.room.user_ports import UserFile, UserPage, UserQuery, UserShelf
from store import people
from store import tables as t
from store.accounts import HAS_SECOND_FACTOR
from store.tables import AnyRow

PROJECTS = (
    select(func.count())
    .select_from(t.project_members.join(t.projects))
    .where(t.project_members.c.user_id == t.users.c.id, t.projects.c.deleted_at.is_(None))
    .correlate(t.users)
    .scalar_subquery()
)


def _credentials(kind: TokenKind) -> ScalarSelect[int]:
    mine = t.tokens.c.user_id == t.users.c.id
    return (
        select(func.count())
        .where(mine, t.tokens.c.kind == kind.value, people.token_lives())
        .correlate(t.users)
        .scalar_subquery()
    )


FILES = select(
    *people.USER_COLUMNS,
    t.users.c.email_verified,
    t.users.c.password_hash.is_not(None).label("has_password"),
    HAS_SECOND_FACTOR.label("has_second_factor"),
    PROJECTS.label("projects"),
    _credentials(TokenKind.SESSION).label("sessions"),
    _credentials(TokenKind.TOKEN).label("tokens"),
)
ONE_FILE = FILES.where(t.users.c.id == bindparam("user"))
SHELVES = {
    UserShelf.ALL: true(),
    UserShelf.ADMINS: t.users.c.is_admin,
    UserShelf.DISABLED: t.users.c.disabled,
}
NAMED = select(*people.USER_COLUMNS).where(t.users.c.id.in_(bindparam("ids", expanding=True)))
LOCK_ADMINS = (
    select(t.users.c.id)
    .where(t.users.c.is_admin, ~t.users.c.disabled)
    .order_by(t.users.c.id)
    .with_for_update()
)
END_ALL = (
    update(t.tokens)
    .where(t.tokens.c.user_id == bindparam("user"), people.token_lives())
    .values(revoked_at=bindparam("now"))
)


def file(conn: Connection, user: UserId, now: Millis) -> UserFile:
    """Raises ``NotFound``."""
    row = conn.execute(ONE_FILE, {"user": user, "now": now}).one_or_none()
    if row is None:
        raise NotFound("no such user")
    return _file_of(row)


def files(conn: Connection, query: UserQuery, now: Millis) -> UserPage:
    """One page, by address."""
    wanted = FILES.where(SHELVES[query.shelf])
    if query.search:
        part = query.search.lower()
        in_name = func.lower(t.users.c.name).contains(part, autoescape=True)
        wanted = wanted.where(or_(t.users.c.email.contains(part, autoescape=True), in_name))
    if query.after is not None:
        wanted = wanted.where(t.users.c.email > query.after)
    ordered = wanted.order_by(t.users.c.email).limit(query.limit + 1)
    rows = conn.execute(ordered, {"now": now}).all()
    page = tuple(map(_file_of, rows[: query.limit]))
    return UserPage(page, page[-1].user.email if len(rows) > query.limit else None)


def named(conn: Connection, users: Sequence[UserId]) -> Mapping[UserId, User]:
    """Those of these that exist."""
    found = map(people.user_of, conn.execute(NAMED, {"ids": list(users)}))
    return {user.id: user for user in found}


def set_standing(
    conn: Connection, user: UserId, is_admin: bool | None, disabled: bool | None
) -> None:
    """Raises ``NotFound``, ``Conflict``."""
    people.require_user(conn, user)
    if is_admin is False or disabled:
        require_other_admin(conn, user)
    given = {"is_admin": is_admin, "disabled": disabled}
    changes = {name: value for name, value in given.items() if value is not None}
    if changes:
        conn.execute(update(t.users).where(t.users.c.id == user).values(**changes))


def require_other_admin(conn: Connection, user: UserId) -> None:
    """Raises ``Conflict`` if this user is the only platform admin. All are locked, or the last
    two could both go."""
    admins = list(conn.execute(LOCK_ADMINS).scalars())
    if admins == [user]:
        raise Conflict("a server needs a platform admin: make somebody else one first")


def end_credentials(conn: Connection, user: UserId, now: Millis) -> None:
    """Raises ``NotFound``."""
    people.require_user(conn, user)
    conn.execute(END_ALL, {"user": user, "now": now})


def _file_of(row: AnyRow) -> UserFile:
    return UserFile(
        user=people.user_of(row),
        email_verified=row.email_verified,
        has_password=row.has_password,
        has_second_factor=bool(row.has_second_factor),
        projects=row.projects,
        sessions=row.sessions,
        tokens=row.tokens,
    )
