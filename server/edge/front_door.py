"""What happens to every request before and after anything else: name, headers, log line.

Outermost on purpose, round the whole Starlette application, so that even the answer
to a crash carries the request's name and the security headers. It touches only the
first message of an answer: frames of a websocket pass without a look.

Law kept: L11, the access log knows the path, without secrets, but never the query string.
"""

import logging
import re
from dataclasses import dataclass
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.edge.secrets import TOKEN_PREFIX, new_request_id
from server.room.ports import Clock

logger = logging.getLogger("server.access")

REQUEST_ID = "X-Request-ID"
_SECRET = re.compile(re.escape(TOKEN_PREFIX) + r"[\w%.~-]*")
_ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

ROUTINE = ("/health/", "/metrics")
"""Asked every few seconds by machines; logged at DEBUG only."""

SECURITY_HEADERS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cache-Control", "no-store"),
)
"""Set unless the answer has its own."""

_STARTS = frozenset(
    {"http.response.start", "websocket.http.response.start", "websocket.accept", "websocket.close"}
)
_IMPLIED_STATUS = {"websocket.accept": 101, "websocket.close": 403}


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """ASGI application around the application."""

    app: ASGIApp
    clock: Clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection, or the lifespan untouched."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        visit = _Visit(scope, send, self.clock, request_id(scope), self.clock.monotonic())
        scope.setdefault("state", {})["request_id"] = visit.name
        await self.app(scope, receive, visit.send)


def request_id(scope: Scope) -> str:
    """The name that a proxy gave this request, if it is one; else a fresh one."""
    given = Headers(scope=scope).get(REQUEST_ID, "")
    return given if _ACCEPTABLE_ID.fullmatch(given) else new_request_id()


@dataclass(slots=True)
class _Visit:
    """One request on its way through the door."""

    scope: Scope
    forward: Send
    clock: Clock
    name: str
    since: float
    answered: bool = False

    async def send(self, message: Message) -> None:
        if not self.answered and message["type"] in _STARTS:
            self.answered = True
            self._dress(message)
            self._log(message)
        await self.forward(message)

    def _dress(self, message: Message) -> None:
        if message["type"] == "websocket.close":
            return
        headers = MutableHeaders(scope=message)
        headers[REQUEST_ID] = self.name
        if message["type"] != "websocket.accept":
            for name, value in SECURITY_HEADERS:
                headers.setdefault(name, value)

    def _log(self, message: Message) -> None:
        logger.log(
            logging.DEBUG if self.scope["path"].startswith(ROUTINE) else logging.INFO,
            "%s %s %s %s %.1fms %s",
            (self.scope.get("client") or ("-",))[0],
            self.scope.get("method", "WEBSOCKET"),
            _path(self.scope),
            _IMPLIED_STATUS.get(message["type"], message.get("status")),
            (self.clock.monotonic() - self.since) * 1000,
            self.name,
        )


def _path(scope: Scope) -> str:
    """The path as it was asked for, escaped, so that no line break in it forges a line, and
    without the secrets that some paths contain (L11)."""
    return _SECRET.sub(TOKEN_PREFIX + "...", quote(scope["path"]))
