"""``/api/docs``: the API, to read and to try, without a request to anybody else.

The page is Swagger UI, whose files come with a Python package. What does not live here: what
it shows, which is ``/api/v1/openapi.json``.
"""

from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

PATH = "/api/docs"
ASSETS = "fastapi_swagger.resources"
MEDIA_TYPES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
    "favicon-32x32.png": "image/png",
}
CACHED = {"Cache-Control": "public, max-age=86400"}

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'"
)
"""Swagger UI sets styles from its script; no script but our own files runs."""

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>8gentc API</title>
<link rel="icon" href="docs/favicon-32x32.png">
<link rel="stylesheet" href="docs/swagger-ui.css">
<div id="page"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</html>
"""
START = """\
SwaggerUIBundle({url: 'v1/openapi.json', dom_id: '#page', deepLinking: true, validatorUrl: null})
"""


def docs_routes() -> list[Route]:
    """The page and its files."""
    return [
        Route(PATH, _page),
        Route(f"{PATH}/start.js", _start),
        *(Route(f"{PATH}/{name}", _asset) for name in MEDIA_TYPES),
    ]


async def _page(_: Request) -> Response:
    return Response(PAGE, media_type="text/html", headers={"Content-Security-Policy": POLICY})


async def _start(_: Request) -> Response:
    return Response(START, media_type="text/javascript", headers=CACHED)


async def _asset(request: Request) -> Response:
    name = request.url.path.rpartition("/")[2]
    body = files(ASSETS).joinpath(name).read_bytes()
    return Response(body, media_type=MEDIA_TYPES[name], headers=CACHED)
