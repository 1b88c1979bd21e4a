"""Statements about projects and their members.

What does not live here: who may do what (``store.roles``), the content
of a project (its log), transactions (``store.directory``).
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar
from uuid import uuid4

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from server.protocol.errors import Conflict, NotFound
from server.protocol.ids import Millis, ProjectId, Seq, UserId
from server.protocol.roles import Role
from server.room.ports import Batch, Member, NewUpdate, Project
from store import tables as t
from store.appending import append_rows, lock_documents
from store.digests import GENESIS
from store.events import note_member
from store.news import announce
from store.people import USER_COLUMNS, require_user, user_of
from store.projection import index_title
from store.tables import AnyRow

T = TypeVar("T")

LIVE_PROJECTS = (
    select(t.projects.c.id, t.projects.c.title, t.projects.c.created_at, t.documents.c.head)
    .join_from(t.projects, t.documents)
    .where(t.projects.c.deleted_at.is_(None))
)
ONE_PROJECT = LIVE_PROJECTS.where(t.projects.c.id == bindparam("project"))
ALL_PROJECTS = LIVE_PROJECTS.order_by(t.projects.c.created_at, t.projects.c.id)
LOCK_PROJECT = (
    select(t.projects.c.id)
    .where(t.projects.c.id == bindparam("project"), t.projects.c.deleted_at.is_(None))
    .with_for_update()
)
DELETE_PROJECT = (
    update(t.projects)
    .where(t.projects.c.id == bindparam("project"))
    .values(deleted_at=bindparam("now"))
)
CLOSE_DOCUMENT = (
    update(t.documents)
    .where(t.documents.c.project_id == bindparam("project"))
    .values(is_open=False)
)
IS_MEMBER = (t.project_members.c.project_id == bindparam("project")) & (
    t.project_members.c.user_id == bindparam("user")
)
MEMBER_ROLE = select(t.project_members.c.role).where(IS_MEMBER)
SET_ROLE = update(t.project_members).where(IS_MEMBER).values(role=bindparam("new_role"))
REMOVE_MEMBER = delete(t.project_members).where(IS_MEMBER)
OTHER_OWNERS = select(t.project_members.c.user_id).where(
    t.project_members.c.project_id == bindparam("project"),
    t.project_members.c.user_id != bindparam("user"),
    t.project_members.c.role == Role.OWNER.value,
)
MEMBER_COUNT = select(
    select(func.count())
    .where(t.project_members.c.project_id == bindparam("project"))
    .scalar_subquery(),
    t.projects.c.max_members,
).where(t.projects.c.id == bindparam("project"))
MEMBERS = (
    select(*USER_COLUMNS, t.project_members.c.role)
    .join_from(t.project_members, t.users)
    .where(t.project_members.c.project_id == bindparam("project"))
    .order_by(t.users.c.email)
)


@dataclass(frozen=True, slots=True)
class NewProject:
    """A project about to be recorded."""

    id: ProjectId
    title: str
    created_at: Millis
    owner: UserId
    seed: NewUpdate | None
    description: str = ""


def title_key(title: str) -> str:
    """What a title is sorted and found by: the same in any case."""
    return unicodedata.normalize("NFKC", title).casefold()


def new_project_id() -> ProjectId:
    """Random: the id of a project is guessed by nobody who has not been told."""
    return ProjectId(uuid4().hex)


def add_project(conn: Connection, new: NewProject) -> Project:
    """Raises ``NotFound`` for an unknown owner."""
    require_user(conn, new.owner)
    conn.execute(
        insert(t.projects),
        {
            "id": new.id,
            "title": new.title,
            "title_key": title_key(new.title),
            "description": new.description,
            "created_at": new.created_at,
        },
    )
    conn.execute(
        insert(t.documents),
        {
            "project_id": new.id,
            "is_open": True,
            "head": 0,
            "digest": GENESIS,
            "tail_rows": 0,
            "tail_bytes": 0,
            "checkpoint_bytes": 0,
            "due": False,
        },
    )
    _insert_member(conn, new.id, new.owner, Role.OWNER)
    index_title(conn, new.id, new.title)
    head = Seq(0)
    if new.seed is not None:
        [appended] = append_rows(conn, [Batch(new.id, (new.seed,))])
        head = appended.last
    return Project(new.id, new.title, new.created_at, head)


def project(conn: Connection, project: ProjectId) -> Project:
    """Raises ``NotFound``, also for a deleted one."""
    row = conn.execute(ONE_PROJECT, {"project": project}).one_or_none()
    if row is None:
        raise NotFound("no such project")
    return _project_of(row)


def list_projects(conn: Connection) -> Sequence[Project]:
    """All live projects, oldest first."""
    return [_project_of(row) for row in conn.execute(ALL_PROJECTS)]


def _project_of(row: AnyRow) -> Project:
    return Project(ProjectId(row.id), row.title, Millis(row.created_at), Seq(row.head))


def delete_project(conn: Connection, project: ProjectId, now: Millis) -> None:
    """Raises ``NotFound``. The document's row is locked before the project's, as every
    commit locks it: what commits after this transaction finds the document closed."""
    lock_documents(conn, [project])
    lock_project(conn, project)
    conn.execute(DELETE_PROJECT, {"project": project, "now": now})
    conn.execute(CLOSE_DOCUMENT, {"project": project})
    announce(conn, [project])


def set_member(conn: Connection, project: ProjectId, user: UserId, role: Role, now: Millis) -> None:
    """Raises ``NotFound``, or ``Conflict`` when it would leave no owner."""
    lock_project(conn, project)
    require_user(conn, user)
    current = role_of(conn, project, user)
    if current is None:
        insert_member(conn, project, user, role)
    else:
        change_role(conn, project, user, current, role)
    note_member(conn, project, user, role, now)


def change_role(
    conn: Connection, project: ProjectId, user: UserId, current: Role, role: Role
) -> None:
    """Of a member of a locked project. Raises ``Conflict`` when it would leave no owner."""
    if current is Role.OWNER and role is not Role.OWNER:
        _require_other_owner(conn, project, user)
    conn.execute(SET_ROLE, {"project": project, "user": user, "new_role": role.value})


def remove_member(conn: Connection, project: ProjectId, user: UserId, now: Millis) -> None:
    """Raises ``NotFound`` for a non-member, ``Conflict`` for the last owner."""
    lock_project(conn, project)
    current = role_of(conn, project, user)
    if current is None:
        raise NotFound("not a member of this project")
    if current is Role.OWNER:
        _require_other_owner(conn, project, user)
    conn.execute(REMOVE_MEMBER, {"project": project, "user": user})
    note_member(conn, project, user, None, now)


def members(conn: Connection, project_id: ProjectId) -> Sequence[Member]:
    """Everybody with a role, by address. Raises ``NotFound``."""
    project(conn, project_id)
    rows = conn.execute(MEMBERS, {"project": project_id})
    return [Member(user_of(row), Role(row.role)) for row in rows]


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most ``size`` items, in order."""
    rest = iter(items)
    while chunk := list(islice(rest, size)):
        yield chunk


def lock_project(conn: Connection, project: ProjectId) -> None:
    """Changes of members wait for each other, or two last owners could both leave."""
    if conn.execute(LOCK_PROJECT, {"project": project}).first() is None:
        raise NotFound("no such project")


def role_of(conn: Connection, project: ProjectId, user: UserId) -> Role | None:
    role = conn.execute(MEMBER_ROLE, {"project": project, "user": user}).scalar_one_or_none()
    return None if role is None else Role(role)


def _require_other_owner(conn: Connection, project: ProjectId, user: UserId) -> None:
    if not has_other_owner(conn, project, user):
        raise Conflict("a project needs an owner: make somebody else one first")


def has_other_owner(conn: Connection, project: ProjectId, user: UserId) -> bool:
    """Whether somebody besides ``user`` owns a locked project."""
    return conn.execute(OTHER_OWNERS, {"project": project, "user": user}).first() is not None


def insert_member(conn: Connection, project: ProjectId, user: UserId, role: Role) -> None:
    """Into a locked project. Raises ``Conflict`` when it is full."""
    members, most = conn.execute(MEMBER_COUNT, {"project": project}).one()
    if most is not None and members >= most:
        raise Conflict(f"this project may have {most} members, and has {members}")
    _insert_member(conn, project, user, role)


def _insert_member(conn: Connection, project: ProjectId, user: UserId, role: Role) -> None:
    conn.execute(
        insert(t.project_members), {"project_id": project, "user_id": user, "role": role.value}
    )
