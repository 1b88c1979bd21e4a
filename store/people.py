"""Statements about users and their tokens (L11: digests and hashes only).

What does not live here: projects and members (``store.projects``), transactions
(``store.directory``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import ColumnElement, Connection, bindparam, insert, or_, select, update

from server.protocol.addresses import normalised
from server.protocol.credentials import Scope, TokenKind
from server.protocol.errors import Conflict, Invalid, NotAuthenticated, NotFound
from server.protocol.ids import Millis, TokenId, UserId
from server.room.ports import Credential, TokenGrant, User
from store import tables as t
from store.prepared import Prepared
from store.tables import AnyRow

SHA256_BYTES = 32

USER_COLUMNS = (
    t.users.c.id,
    t.users.c.email,
    t.users.c.name,
    t.users.c.is_admin,
    t.users.c.disabled,
    t.users.c.created_at,
)
USER_BY_EMAIL = select(*USER_COLUMNS).where(t.users.c.email == bindparam("email"))
USER_EXISTS = select(t.users.c.id).where(t.users.c.id == bindparam("user"))
ALL_USERS = select(*USER_COLUMNS).order_by(t.users.c.email)
DISABLE_USER = update(t.users).where(t.users.c.id == bindparam("user")).values(disabled=True)


def token_lives() -> ColumnElement[bool]:
    """Neither revoked nor expired at ``:now``."""
    expiry = t.tokens.c.expires_at
    return t.tokens.c.revoked_at.is_(None) & or_(expiry.is_(None), expiry > bindparam("now"))


CREDENTIAL_COLUMNS = (
    t.tokens.c.id,
    t.tokens.c.kind,
    t.tokens.c.scope,
    t.tokens.c.label,
    t.tokens.c.created_at,
    t.tokens.c.expires_at,
)
LIVE_TOKENS = (
    select(*CREDENTIAL_COLUMNS)
    .where(
        t.tokens.c.user_id == bindparam("user"),
        t.tokens.c.kind == bindparam("kind"),
        token_lives(),
    )
    .order_by(t.tokens.c.created_at, t.tokens.c.id)
)
REVOKE_TOKEN = (
    update(t.tokens)
    .where(t.tokens.c.id == bindparam("token"), t.tokens.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"))
)
GRANT = Prepared(
    select(t.tokens.c.id, t.tokens.c.expires_at, t.tokens.c.kind, t.tokens.c.scope, *USER_COLUMNS)
    .join_from(t.tokens, t.users)
    .where(t.tokens.c.digest == bindparam("digest"), token_lives(), ~t.users.c.disabled)
)


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token about to be recorded."""

    id: TokenId
    user: UserId
    digest: bytes
    label: str
    created_at: Millis
    expires_at: Millis | None
    kind: TokenKind
    scope: Scope


def new_user_id() -> UserId:
    """Random; never an address, which may change."""
    return UserId(uuid4().hex)


def new_token_id() -> TokenId:
    """Random, and no secret: it names a token, it does not open anything."""
    return TokenId(uuid4().hex)


def user_of(row: AnyRow) -> User:
    """The user in a row that has ``USER_COLUMNS``."""
    return User(
        UserId(row.id), row.email, row.name, row.is_admin, row.disabled, Millis(row.created_at)
    )


def add_user(
    conn: Connection, user: User, password_hash: str | None, *, verified: bool = True
) -> User:
    """Raises ``Conflict`` when the address is taken. Whoever calls vouches for the address, or
    says that it is not ``verified``."""
    if conn.execute(USER_BY_EMAIL, {"email": user.email}).first() is not None:
        raise Conflict("this address has an account already")
    conn.execute(
        insert(t.users),
        {
            "id": user.id,
            "email": user.email,
            "name": user.name,
            "is_admin": user.is_admin,
            "disabled": user.disabled,
            "password_hash": password_hash,
            "email_verified": verified,
            "created_at": user.created_at,
        },
    )
    return user


def user_by_email(conn: Connection, email: str) -> User:
    """Raises ``NotFound``, also for what is no address."""
    try:
        address = normalised(email)
    except Invalid:
        raise NotFound("no such user") from None
    row = conn.execute(USER_BY_EMAIL, {"email": address}).one_or_none()
    if row is None:
        raise NotFound("no such user")
    return user_of(row)


def list_users(conn: Connection) -> Sequence[User]:
    """All accounts, by address."""
    return [user_of(row) for row in conn.execute(ALL_USERS)]


def require_user(conn: Connection, user: UserId) -> None:
    """Raises ``NotFound``."""
    if conn.execute(USER_EXISTS, {"user": user}).first() is None:
        raise NotFound("no such user")


def disable_user(conn: Connection, user: UserId) -> None:
    """Raises ``NotFound``."""
    require_user(conn, user)
    conn.execute(DISABLE_USER, {"user": user})


def add_token(conn: Connection, token: NewToken) -> TokenId:
    """Raises ``NotFound`` for an unknown user, ``Invalid`` for what is no digest."""
    if len(token.digest) != SHA256_BYTES:
        raise Invalid(f"expected a SHA-256 digest of {SHA256_BYTES} bytes")
    require_user(conn, token.user)
    conn.execute(
        insert(t.tokens),
        {
            "id": token.id,
            "user_id": token.user,
            "digest": token.digest,
            "label": token.label,
            "kind": token.kind.value,
            "scope": token.scope.value,
            "created_at": token.created_at,
            "expires_at": token.expires_at,
        },
    )
    return token.id


def list_tokens(
    conn: Connection, user: UserId, kind: TokenKind, now: Millis
) -> Sequence[Credential]:
    """Every live credential of this kind, oldest first."""
    rows = conn.execute(LIVE_TOKENS, {"user": user, "kind": kind.value, "now": now})
    return [_credential_of(row) for row in rows]


def _credential_of(row: AnyRow) -> Credential:
    return Credential(
        TokenId(row.id),
        TokenKind(row.kind),
        Scope(row.scope),
        row.label,
        Millis(row.created_at),
        row.expires_at,
    )


def revoke_token(conn: Connection, token: TokenId, now: Millis) -> None:
    """Raises ``NotFound``, also when it is revoked already."""
    if conn.execute(REVOKE_TOKEN, {"token": token, "now": now}).rowcount == 0:
        raise NotFound("no such token")


def token_grant(conn: Connection, digest: bytes, now: Millis) -> TokenGrant:
    """Raises ``NotAuthenticated`` without saying what is wrong with it."""
    found = GRANT.ask(conn, {"digest": digest, "now": now})
    if not found:
        raise NotAuthenticated("this token is not valid")
    [(token, expires_at, kind, scope, id, email, name, is_admin, disabled, created_at)] = found
    user = User(UserId(id), email, name, bool(is_admin), bool(disabled), Millis(created_at))
    return TokenGrant(TokenId(token), user, expires_at, TokenKind(kind), Scope(scope))
