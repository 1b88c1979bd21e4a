"""The studio: the built files of ``web/``, as a browser asks for them.

``make web`` builds them into ``static/studio`` beside this module, and a wheel carries them.
Each is read once, when the server starts, with the compressed forms that the build made.
What does not live here: the studio itself (``web/``), and the API that it talks to.

Law kept: L11. Pages may be opened with a secret in their address (a login link), so none is
kept by caches and none tells another site where it came from.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from server.protocol.errors import NotFound

BUILT = Path(__file__).with_name("static") / "studio"
PAGES = (
    *("/", "/login", "/register", "/reset", "/email", "/invitation", "/account"),
    *("/admin", "/admin/{path:path}", "/projects/{path:path}"),
)
"""What the studio shows a page for. Anything else is not found, as it should be for programs."""

BESIDE = ("favicon.svg", "sw.js")
"""Files whose names stay the same when they change."""

ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Best first; what the build appends to a file's name."""

MEDIA_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
}
"""Of all that a build makes: what the machine believes of names differs from one to the next."""

FOR_EVER = "public, max-age=31536000, immutable"
"""For what has a digest of its content in its name."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "worker-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""No script but our own files. The editor and rendered diagrams bring style elements."""

WATCHED = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
"""For pages; and for the worker, whose own policy holds for all that it fetches."""

NOT_BUILT = """\
8gentc is running, and its studio has not been built: this installation has no files of it.

In a checkout, with Node 20 or later:    make web
The API works without it; read about it: /api/docs
To log in without it:                    /login
"""


@dataclass(frozen=True, slots=True)
class StudioFile:
    """One file, in all the forms in which it can be sent."""

    media_type: str
    plain: bytes
    compressed: Mapping[str, bytes]

    def answer(self, request: Headers, headers: Mapping[str, str]) -> Response:
        """The smallest form that the browser takes (RFC 9110, 12.5.3; weights are not read)."""
        taken = {part.partition(";")[0].strip() for part in _accepted(request)}
        for encoding, body in self.compressed.items():
            if encoding in taken:
                return self._response(body, {**headers, "Content-Encoding": encoding})
        return self._response(self.plain, headers)

    def _response(self, body: bytes, headers: Mapping[str, str]) -> Response:
        vary = {"Vary": "Accept-Encoding"} if self.compressed else {}
        return Response(body, media_type=self.media_type, headers={**headers, **vary})


@dataclass(frozen=True, slots=True)
class Studio:
    """The page and what it loads, by path below the built folder."""

    files: Mapping[str, StudioFile]

    def routes(self) -> list[Route]:
        """The pages, which are one, and their files."""
        return [
            *(Route(path, self._page) for path in PAGES),
            Route("/assets/{path:path}", self._asset),
            *(Route(f"/{name}", self._beside) for name in BESIDE),
        ]

    async def _page(self, request: Request) -> Response:
        return self.files["index.html"].answer(request.headers, WATCHED)

    async def _asset(self, request: Request) -> Response:
        found = self.files.get("assets/" + request.path_params["path"])
        if found is None:
            raise NotFound("there is no such file; perhaps of another version of the studio")
        return found.answer(request.headers, {"Cache-Control": FOR_EVER})

    async def _beside(self, request: Request) -> Response:
        name = request.url.path.removeprefix("/")
        return self.files[name].answer(request.headers, WATCHED)


def load_studio(folder: Path = BUILT) -> Studio | None:
    """All built files; None where there are none."""
    if not (folder / "index.html").is_file():
        return None
    packed = tuple(ENCODINGS.values())
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix not in packed)
    return Studio({path.relative_to(folder).as_posix(): _load(path) for path in paths})


def unbuilt_routes() -> list[Route]:
    """What ``/`` says on a server without a studio."""
    return [Route("/", _not_built)]


async def _not_built(_: Request) -> Response:
    return PlainTextResponse(NOT_BUILT, status_code=503)


def _load(path: Path) -> StudioFile:
    media_type = MEDIA_TYPES.get(path.suffix, "application/octet-stream")
    forms = ((name, path.with_name(path.name + suffix)) for name, suffix in ENCODINGS.items())
    compressed = {name: form.read_bytes() for name, form in forms if form.is_file()}
    return StudioFile(media_type, path.read_bytes(), compressed)


def _accepted(headers: Headers) -> list[str]:
    return headers.get("accept-encoding", "").split(",")
