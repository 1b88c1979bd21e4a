"""Pages behind links that people get: log in, register, choose a password, confirm an address,
accept an invitation. So that whoever has the mail can finish in any browser.

Static files beside this module (``pages/``), without anything from elsewhere. A page takes the
secret out of the address bar and sends it to the API in a body. What does not live here: what
a link does (``server.edge.api``).

Law kept: L11. A mailed link stands in the query, which no log has; an invitation's code in the
fragment, which no server sees. Neither leads further: ``Referrer-Policy`` is ``no-referrer``.
"""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.edge.one_time import INVITATION, PAGES

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HERE = "/pages"
NAMES = sorted(page.strip("/") for page in (*PAGES.values(), INVITATION))
"""Of the pages: each has a file of HTML and a script."""
ASSETS = ("pages.css", "common.js", *(f"{name}.js" for name in NAMES))
MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "html": "text/html"}


def page_routes() -> list[Route]:
    """The pages, and what they are made of."""
    pages = [(f"/{name}", f"{name}.html") for name in NAMES]
    assets = [(f"{HERE}/{name}", name) for name in ASSETS]
    return [_route(path, name) for path, name in (*pages, *assets)]


def _route(path: str, name: str) -> Route:
    body = files("server.edge").joinpath("pages", name).read_bytes()
    media_type = MEDIA_TYPES[name.rpartition(".")[2]]

    async def serve(_: Request) -> Response:
        headers = {"Content-Security-Policy": POLICY}
        return Response(body, media_type=media_type, headers=headers)

    return Route(path, serve)
