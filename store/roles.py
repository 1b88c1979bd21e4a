"""Statements of who may do what in a project now (L8): what everybody who joins waits for.

After a restart a thousand people come back at once: so those for one seat are prepared. What
does not live here: what a role allows (``server.protocol.roles``), changing roles
(``store.projects``), transactions (``store.directory``).
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, bindparam, select, tuple_

from server.protocol.credentials import Scope, capped
from server.protocol.ids import Millis, ProjectId, TokenId, UserId
from server.protocol.roles import Role
from server.room.ports import Seat, TokenGrant
from store import tables as t
from store.people import token_grant, token_lives
from store.prepared import Prepared
from store.projects import IS_MEMBER, chunks

SEATS = 1000
"""Seats in one statement, two parameters each."""

ROLES = (
    select(t.project_members.c.user_id, t.project_members.c.project_id, t.project_members.c.role)
    .join_from(t.project_members, t.users)
    .join(t.projects, t.projects.c.id == t.project_members.c.project_id)
    .where(
        tuple_(t.project_members.c.project_id, t.project_members.c.user_id).in_(
            bindparam("pairs", expanding=True)
        ),
        ~t.users.c.disabled,
        t.projects.c.deleted_at.is_(None),
    )
)
TOKENS = select(t.tokens.c.id, t.tokens.c.user_id, t.tokens.c.scope).where(
    t.tokens.c.id.in_(bindparam("tokens", expanding=True)), token_lives()
)
ONE_ROLE = Prepared(
    select(t.project_members.c.role)
    .join_from(t.project_members, t.users)
    .join(t.projects, t.projects.c.id == t.project_members.c.project_id)
    .where(IS_MEMBER, ~t.users.c.disabled, t.projects.c.deleted_at.is_(None))
)
ONE_TOKEN = Prepared(
    select(t.tokens.c.user_id, t.tokens.c.scope).where(
        t.tokens.c.id == bindparam("token"), token_lives()
    )
)


def roles(conn: Connection, seats: Sequence[Seat], now: Millis) -> Sequence[Role | None]:
    """The role of each seat, in their order; two statements for each thousand."""
    if len(seats) == 1:
        return [role_in_seat(conn, seats[0], now)]
    return [role for chunk in chunks(seats, SEATS) for role in _roles(conn, chunk, now)]


def role_in_seat(conn: Connection, seat: Seat, now: Millis) -> Role | None:
    """The same for one: what everybody who joins waits for."""
    role = _member(conn, seat.project, seat.user)
    if seat.token is None or role is None:
        return role
    found = ONE_TOKEN.ask(conn, {"token": seat.token, "now": now})
    return _seated(seat, role, (found[0][0], Scope(found[0][1])) if found else None)


def entry(
    conn: Connection, digest: bytes, project: ProjectId, now: Millis
) -> tuple[TokenGrant, Role | None]:
    """Whose token it is, and what they are with it. Raises ``NotAuthenticated``."""
    grant = token_grant(conn, digest, now)
    role = _member(conn, project, grant.user.id)
    return grant, None if role is None else capped(role, grant.scope)


def _member(conn: Connection, project: ProjectId, user: UserId) -> Role | None:
    held = ONE_ROLE.ask(conn, {"project": project, "user": user})
    return Role(held[0][0]) if held else None


def _roles(conn: Connection, seats: Sequence[Seat], now: Millis) -> Iterator[Role | None]:
    pairs = list({(seat.project, seat.user) for seat in seats})
    found = conn.execute(ROLES, {"pairs": pairs})
    held = {(row.project_id, row.user_id): Role(row.role) for row in found}
    tokens = _live_tokens(conn, {seat.token for seat in seats if seat.token}, now)
    for seat in seats:
        role = held.get((seat.project, seat.user))
        yield role if seat.token is None else _seated(seat, role, tokens.get(seat.token))


def _seated(seat: Seat, role: Role | None, token: tuple[str, Scope] | None) -> Role | None:
    """What a member is who comes with this credential."""
    if role is None or token is None or token[0] != seat.user:
        return None
    return capped(role, token[1])


def _live_tokens(
    conn: Connection, tokens: set[TokenId], now: Millis
) -> dict[str, tuple[str, Scope]]:
    """Owner and scope of each that lives."""
    if not tokens:
        return {}
    found = conn.execute(TOKENS, {"tokens": list(tokens), "now": now})
    return {row.id: (row.user_id, Scope(row.scope)) for row in found}
