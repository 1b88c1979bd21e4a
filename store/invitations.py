"""Statements about invitations by link (L11: a code is known by its SHA-256 only).

What does not live here: making codes (the edge), transactions (``store.project_book``).
"""

from collections.abc import Sequence
from dataclasses import replace
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, bindparam, insert, select, update

from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import InvitationId, Millis, ProjectId, UserId
from server.protocol.roles import Role
from server.room.project_ports import Invitation, Invited
from store import tables as t
from store.events import note_member
from store.people import SHA256_BYTES, require_user
from store.projects import change_role, insert_member, lock_project, role_of
from store.tables import AnyRow

ROW = t.invitations.c
RANKS = {Role.VIEWER: 0, Role.EDITOR: 1, Role.OWNER: 2}


def _can_be_accepted() -> ColumnElement[bool]:
    """At ``:now``."""
    return (
        ROW.revoked_at.is_(None) & (ROW.expires_at > bindparam("now")) & (ROW.uses < ROW.max_uses)
    )


OPEN = (
    select(
        ROW.id,
        ROW.project_id,
        ROW.role,
        ROW.created_by,
        ROW.created_at,
        ROW.expires_at,
        ROW.max_uses,
        ROW.uses,
    )
    .where(ROW.project_id == bindparam("project"), _can_be_accepted())
    .order_by(ROW.created_at, ROW.id)
)
REVOKE = (
    update(t.invitations)
    .where(
        ROW.project_id == bindparam("project"),
        ROW.id == bindparam("invitation"),
        ROW.revoked_at.is_(None),
    )
    .values(revoked_at=bindparam("now"))
)
INVITED = (
    select(ROW.id, ROW.project_id, ROW.role, t.projects.c.title)
    .join_from(t.invitations, t.projects)
    .where(ROW.digest == bindparam("digest"), _can_be_accepted(), t.projects.c.deleted_at.is_(None))
)
USE = (
    update(t.invitations)
    .where(ROW.id == bindparam("invitation"), _can_be_accepted())
    .values(uses=ROW.uses + 1)
)


def new_invitation_id() -> InvitationId:
    """Random, and no secret: it names an invitation, it opens nothing."""
    return InvitationId(uuid4().hex)


def invite(conn: Connection, invitation: Invitation, digest: bytes) -> Invitation:
    """Raises ``NotFound`` for an unknown project, ``Invalid`` for what is no digest."""
    if len(digest) != SHA256_BYTES:
        raise Invalid(f"expected a SHA-256 digest of {SHA256_BYTES} bytes")
    lock_project(conn, invitation.project)
    conn.execute(
        insert(t.invitations),
        {
            "id": invitation.id,
            "project_id": invitation.project,
            "digest": digest,
            "role": invitation.role.value,
            "created_by": invitation.created_by,
            "created_at": invitation.created_at,
            "expires_at": invitation.expires_at,
            "max_uses": invitation.max_uses,
            "uses": invitation.uses,
        },
    )
    return invitation


def invitations(conn: Connection, project: ProjectId, now: Millis) -> Sequence[Invitation]:
    """Those that can still be accepted, oldest first."""
    return [_invitation_of(row) for row in conn.execute(OPEN, {"project": project, "now": now})]


def revoke(conn: Connection, project: ProjectId, invitation: InvitationId, now: Millis) -> None:
    """Raises ``NotFound``, also when it is revoked already."""
    values = {"project": project, "invitation": invitation, "now": now}
    if conn.execute(REVOKE, values).rowcount == 0:
        raise NotFound("no such invitation")


def invited(conn: Connection, digest: bytes, now: Millis) -> Invited:
    """What it opens. Raises ``NotFound``."""
    return _invited_of(_valid(conn, digest, now))


def accept(conn: Connection, digest: bytes, user: UserId, now: Millis) -> Invited:
    """Make ``user`` a member, unless they are one with as high a role."""
    row = _valid(conn, digest, now)
    found = _invited_of(row)
    lock_project(conn, found.project)
    require_user(conn, user)
    current = role_of(conn, found.project, user)
    if current is not None and RANKS[current] >= RANKS[found.role]:
        return replace(found, role=current)
    # Asked again under the lock: two may have found the last use at once.
    if conn.execute(USE, {"invitation": row.id, "now": now}).rowcount == 0:
        raise _not_valid()
    if current is None:
        insert_member(conn, found.project, user, found.role)
    else:
        change_role(conn, found.project, user, current, found.role)
    note_member(conn, found.project, user, found.role, now)
    return found


def invitation_role(conn: Connection, digest: bytes, now: Millis) -> Role | None:
    """The role that it gives, or None if it gives none."""
    row = conn.execute(INVITED, {"digest": digest, "now": now}).one_or_none()
    return None if row is None else Role(row.role)


def _valid(conn: Connection, digest: bytes, now: Millis) -> AnyRow:
    row = conn.execute(INVITED, {"digest": digest, "now": now}).one_or_none()
    if row is None:
        raise _not_valid()
    return row


def _not_valid() -> NotFound:
    return NotFound("there is no such invitation, or it is not valid any more")


def _invited_of(row: AnyRow) -> Invited:
    return Invited(ProjectId(row.project_id), row.title, Role(row.role))


def _invitation_of(row: AnyRow) -> Invitation:
    return Invitation(
        id=InvitationId(row.id),
        project=ProjectId(row.project_id),
        role=Role(row.role),
        created_by=UserId(row.created_by),
        created_at=Millis(row.created_at),
        expires_at=Millis(row.expires_at),
        max_uses=row.max_uses,
        uses=row.uses,
    )
