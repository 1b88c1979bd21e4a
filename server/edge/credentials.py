"""Who is asking, and from where: checked before anything else is done.

A credential is a token, in ``Authorization: Bearer`` or, because a browser can put no header
on a websocket, in ``?token=``; or it is a session, in a cookie. The header wins over the
query, the query over the cookie. What does not live here: what the caller may do (roles),
how a credential is stored (the directory), tickets (``server.edge.tickets``).

A cookie is sent by the browser whoever's page asks (RFC 6265, 8.2). So a request with nothing
else must be from one of our own pages, by what browsers say and pages cannot forge: ``Origin``
or ``Sec-Fetch-Site``, or a body that no page of others can send unasked (Fetch, 3.2.2).

Laws kept: L8 (nobody without a grant gets further), L11 (a credential is hashed at once
and is part of no message).
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from server.edge.secrets import token_digest
from server.edge.sessions import COOKIE
from server.protocol.credentials import TokenKind
from server.protocol.errors import Forbidden, NotAuthenticated
from server.protocol.ids import ProjectId
from server.protocol.roles import Role
from server.room.ports import Directory, TokenGrant

MAX_TOKEN = 256
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
SIMPLE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "")
"""Bodies that any page may send anywhere, without asking."""


@dataclass(frozen=True, slots=True, repr=False)
class Credential:
    """What the caller sent, unchecked. No repr."""

    text: str
    is_cookie: bool


def credential_of(connection: HTTPConnection) -> Credential:
    """Raises ``NotAuthenticated`` when there is none."""
    header = connection.headers.get("authorization")
    cookie = connection.cookies.get(COOKIE, "")
    if header is not None:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated("expected Authorization: Bearer TOKEN")
    elif (token := connection.query_params.get("token", "")) or not cookie:
        cookie = ""
    else:
        return Credential(_fit(cookie), is_cookie=True)
    return Credential(_fit(token), is_cookie=False)


def token_of(connection: HTTPConnection) -> str:
    """The text of the caller's credential. Raises ``NotAuthenticated`` when there is none."""
    return credential_of(connection).text


def _fit(token: str) -> str:
    token = token.strip()
    if not token:
        raise NotAuthenticated("expected a token: Authorization: Bearer, or ?token= on a websocket")
    if len(token) > MAX_TOKEN:
        raise NotAuthenticated("this is not a token")
    return token


async def authenticate(
    connection: HTTPConnection, directory: Directory, allowed: tuple[str, ...]
) -> TokenGrant:
    """Whose request this is. Raises ``NotAuthenticated``, or ``Forbidden`` when a cookie came
    with a page that is not ours nor, exactly, one of ``allowed``."""
    credential = _vetted(connection, allowed)
    grant = await directory.token_grant(token_digest(credential.text))
    _require_kind(credential, grant)
    return grant


async def authenticate_in(
    project: ProjectId, connection: HTTPConnection, directory: Directory, allowed: tuple[str, ...]
) -> tuple[TokenGrant, Role | None]:
    """The same, and what they may do in a project: one question to the directory, not two."""
    credential = _vetted(connection, allowed)
    grant, role = await directory.entry(token_digest(credential.text), project)
    _require_kind(credential, grant)
    return grant, role


def _vetted(connection: HTTPConnection, allowed: tuple[str, ...]) -> Credential:
    credential = credential_of(connection)
    if credential.is_cookie:
        require_own_page(connection, allowed)
    return credential


def _require_kind(credential: Credential, grant: TokenGrant) -> None:
    if (grant.kind is TokenKind.SESSION) != credential.is_cookie:
        raise NotAuthenticated("a session comes in its cookie, and a token does not")


def require_own_page(connection: HTTPConnection, allowed: tuple[str, ...]) -> None:
    """Raises ``Forbidden`` unless it is one of our pages that acts with the browser's cookie,
    or one of exactly ``allowed``: a star is not for cookies."""
    check_origin(connection, tuple(origin for origin in allowed if origin != "*"))
    if connection.scope.get("method", "GET") in SAFE_METHODS:
        return
    kind = connection.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = connection.headers.get("content-length", "0") != "0"
    if has_body and kind in SIMPLE_TYPES:
        raise Forbidden("with a session, expected a body of type application/json")
    if "origin" not in connection.headers and not _vouched_for(connection, kind):
        raise Forbidden("with a session, expected an Origin, or Content-Type: application/json")


def _vouched_for(connection: HTTPConnection, kind: str) -> bool:
    """By the browser, or by a content type or method that needs our leave (CORS)."""
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return kind not in SIMPLE_TYPES or connection.scope["method"] != "POST"


def check_origin(connection: HTTPConnection, allowed: tuple[str, ...]) -> None:
    """Refuse browsers that run some other site's page. Raises ``Forbidden``.

    Only browsers send ``Origin``, and they cannot be made to leave it out or lie;
    anything without it is no browser and carries no user's ambient credentials.
    """
    origin = connection.headers.get("origin")
    if origin is None or "*" in allowed or origin.lower() in allowed:
        return
    if not _same_host(origin, connection.headers.get("host", "")):
        raise Forbidden("pages of this origin may not connect: see AGENTC_ALLOWED_ORIGINS")


def _same_host(origin: str, host: str) -> bool:
    """Whether a page of ``origin`` came from ``host``. The scheme is not compared: behind a
    proxy that ends TLS, ours is not the browser's."""
    try:
        page = urlsplit(origin)
        ours = urlsplit(f"{page.scheme}://{host}")
        default = DEFAULT_PORTS.get(page.scheme)
        return page.hostname is not None and (page.hostname, page.port or default) == (
            ours.hostname,
            ours.port or default,
        )
    except ValueError:
        return False
