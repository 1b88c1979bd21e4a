"""Sessions: what a login gives to a browser, and the cookie that carries it.

A session is a row among the tokens, so that whatever ends a token ends it too, on live
connections within a second. What does not live here: who may log in (``server.edge.logins``).

Law kept: L11. The text is in the cookie only, which scripts cannot read; a digest is stored.
"""

from dataclasses import dataclass

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server.edge.secrets import new_session, token_digest
from server.protocol.credentials import TokenKind
from server.protocol.ids import Millis
from server.room.ports import Clock, Directory, User

COOKIE = "8gentc_session"
DAY = 24 * 60 * 60
MAX_LABEL = 200


@dataclass(frozen=True, slots=True, repr=False)
class Session:
    """A fresh one. No repr: it holds its text."""

    text: str
    user: User
    expires_at: Millis
    seconds: int


async def open_session(
    directory: Directory, clock: Clock, *, user: User, label: str, days: int
) -> Session:
    """Record a session of ``user``; ``label`` is what its owner knows it by."""
    text, seconds = new_session(), days * DAY
    expires_at = Millis(clock.now() + seconds * 1000)
    await directory.add_token(
        user.id,
        digest=token_digest(text),
        label=label[:MAX_LABEL],
        expires_at=expires_at,
        kind=TokenKind.SESSION,
    )
    return Session(text, user, expires_at, seconds)


def label_of(connection: HTTPConnection) -> str:
    """What a browser says that it is: enough for its owner to know it again."""
    agent = connection.headers.get("user-agent", "")
    return "".join(filter(str.isprintable, agent)).strip()[:MAX_LABEL] or "unknown browser"


def hand_over(response: Response, session: Session, *, secure: bool) -> None:
    """Put the session into a browser."""
    response.set_cookie(
        COOKIE,
        session.text,
        max_age=session.seconds,
        path="/",
        httponly=True,
        secure=secure,
        samesite="lax",
    )


def take_back(response: Response, *, secure: bool) -> None:
    """Make the browser forget its session."""
    response.delete_cookie(COOKIE, path="/", httponly=True, secure=secure, samesite="lax")
