"""Who is asking, and from where: checked before anything else is done.

A credential is a token, in ``Authorization: Bearer`` or, because a browser can put
no header on a websocket, in ``?token=``. The header wins. What does not live here:
what the caller may do (roles), and how a token is stored (the directory).

Laws kept: L8 (nobody without a grant gets further), L11 (a token is hashed at once
and is part of no message).
"""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from server.edge.secrets import token_digest
from server.protocol.errors import Forbidden, NotAuthenticated
from server.room.ports import Directory, TokenGrant

MAX_TOKEN = 256
DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


def token_of(connection: HTTPConnection) -> str:
    """The token that the caller sent. Raises ``NotAuthenticated`` when there is none."""
    header = connection.headers.get("authorization")
    if header is None:
        token = connection.query_params.get("token", "")
    else:
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise NotAuthenticated("expected Authorization: Bearer TOKEN")
    token = token.strip()
    if not token:
        raise NotAuthenticated("expected a token: Authorization: Bearer, or ?token= on a websocket")
    if len(token) > MAX_TOKEN:
        raise NotAuthenticated("this is not a token")
    return token


async def authenticate(connection: HTTPConnection, directory: Directory) -> TokenGrant:
    """Whose request this is. Raises ``NotAuthenticated``."""
    return await directory.token_grant(token_digest(token_of(connection)))


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
