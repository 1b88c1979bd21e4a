"""What stands round the API: other origins, rates, compression, freshness, login flows.

Outermost first. CORS, so that even a refusal can be read by the pages that may; rates; gzip;
conditional reads; and the cookie that remembers a login elsewhere, on its own paths only.

What does not live here: request ids and security headers (``server.edge.front_door``, round
everything), idempotency (round the routes).
"""

from dataclasses import dataclass

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.edge.api.identities import HERE as FLOWS
from server.edge.keys import Keys
from server.edge.rate_limit import RateLimit
from server.edge.settings import Settings
from server.room.ports import Clock

FLOW_COOKIE = "8gentc_flow"
FLOW_SECONDS = 600
LINKING = "/users/me/identities"
GZIP_BYTES = 1024
"""Smaller answers are not compressed; those with a secret in them are smaller."""
GZIP_LEVEL = 5
"""Two megabytes of JSON take 20 ms; at the default of 9 they take 270, and are a tenth smaller."""
PREFLIGHT_SECONDS = 600
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
SENT = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "Last-Event-ID",
)
SHOWN = (
    "ETag",
    "Idempotent-Replayed",
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Request-ID",
)
REVALIDATE = "private, no-cache"


def fronted(api: ASGIApp, settings: Settings, clock: Clock, keys: Keys, base: str) -> ASGIApp:
    """The API as it is mounted; ``base`` is where people reach this server."""
    app: ASGIApp = LoginFlows(
        api,
        SessionMiddleware(
            api,
            secret_key=keys.flows,
            session_cookie=FLOW_COOKIE,
            max_age=FLOW_SECONDS,
            same_site="lax",
            https_only=base.startswith("https:"),
        ),
    )
    app = GZipMiddleware(Revalidation(app), minimum_size=GZIP_BYTES, compresslevel=GZIP_LEVEL)
    if settings.rate_limits:
        app = RateLimit(app, settings, clock)
    return _cors(app, settings.allowed_origins)


def _cors(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """With cookies for exactly the origins that are listed; a star is without."""
    if not origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=["*"] if "*" in origins else origins,
        allow_credentials="*" not in origins,
        allow_methods=METHODS,
        allow_headers=SENT,
        expose_headers=SHOWN,
        max_age=PREFLIGHT_SECONDS,
    )


@dataclass(frozen=True, slots=True)
class LoginFlows:
    """Sends the paths of logins elsewhere by way of a session."""

    app: ASGIApp
    remembering: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        path: str = scope.get("path", "").removeprefix(scope.get("root_path", ""))
        ours = path.startswith((FLOWS, LINKING))
        await (self.remembering if ours else self.app)(scope, receive, send)


@dataclass(frozen=True, slots=True)
class Revalidation:
    """Lets a client keep what has an ``ETag``, and ask whether it still holds (RFC 9110, 13.1.2
    and RFC 9111, 4.3)."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 304 to a GET for what the client has."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        reading = _Reading(send, _tags(Headers(scope=scope).get("if-none-match", "")))
        await self.app(scope, receive, reading.send)


@dataclass(slots=True)
class _Reading:
    """One answer on its way out."""

    forward: Send
    held: frozenset[str]
    is_unchanged: bool = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._look(message)
        elif self.is_unchanged:
            message = {**message, "body": b""}
        await self.forward(message)

    def _look(self, message: Message) -> None:
        headers = MutableHeaders(scope=message)
        tag = headers.get("etag")
        if message["status"] != 200 or tag is None:
            return
        headers.setdefault("Cache-Control", REVALIDATE)
        headers.add_vary_header("Authorization, Cookie")
        if "*" in self.held or tag.removeprefix("W/") in self.held:
            self.is_unchanged = True
            message["status"] = 304
            for name in ("content-length", "content-type"):
                if name in headers:
                    del headers[name]


def _tags(header: str) -> frozenset[str]:
    """Compared weakly, as reads are."""
    return frozenset(tag.strip().removeprefix("W/") for tag in header.split(",") if tag.strip())
