"""Statements that change who is in a project, more exactly than "add or change".

Built on ``store.projects``, whose rules of the last owner and of the number of members hold.
All lock the project first, so that they wait for each other.
"""

from sqlalchemy import Connection

from server.protocol.errors import Conflict, NotFound
from server.protocol.ids import Millis, ProjectId, UserId
from server.protocol.roles import Role
from store.events import note_member
from store.people import require_user
from store.projects import change_role, insert_member, lock_project, role_of


def add_member(conn: Connection, project: ProjectId, user: UserId, role: Role, now: Millis) -> None:
    """Raises ``NotFound``, or ``Conflict`` for a member and for a full project."""
    lock_project(conn, project)
    require_user(conn, user)
    if role_of(conn, project, user) is not None:
        raise Conflict("they are a member of this project already")
    insert_member(conn, project, user, role)
    note_member(conn, project, user, role, now)


def change_member(
    conn: Connection, project: ProjectId, user: UserId, role: Role, now: Millis
) -> None:
    """Raises ``NotFound`` for a non-member, ``Conflict`` for the last owner."""
    lock_project(conn, project)
    change_role(conn, project, user, _member(conn, project, user), role)
    note_member(conn, project, user, role, now)


def transfer(
    conn: Connection, project: ProjectId, owner: UserId, heir: UserId, now: Millis
) -> None:
    """``heir`` becomes an owner, ``owner`` an editor, in this order: one is always there."""
    lock_project(conn, project)
    if owner == heir:
        raise Conflict("they own this project already")
    if _member(conn, project, owner) is not Role.OWNER:
        raise NotFound("not an owner of this project")
    change_role(conn, project, heir, _member(conn, project, heir), Role.OWNER)
    change_role(conn, project, owner, Role.OWNER, Role.EDITOR)
    note_member(conn, project, heir, Role.OWNER, now)
    note_member(conn, project, owner, Role.EDITOR, now)


def _member(conn: Connection, project: ProjectId, user: UserId) -> Role:
    role = role_of(conn, project, user)
    if role is None:
        raise NotFound("not a member of this project")
    return role
