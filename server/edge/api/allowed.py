"""Which methods a path knows: all of them, whichever route says so (RFC 9110, 15.5.6).

Starlette's own answer to a wrong method names those of one route only, and we have one route
for each method.
"""

from collections.abc import Iterator

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match

from server.edge.problems import on_http_exception

METHOD_NOT_ALLOWED = 405
METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


async def on_refusal(request: Request, error: Exception) -> Response:
    """Starlette's refusals, in our form, with ``Allow`` complete."""
    response = await on_http_exception(request, error)
    assert isinstance(error, HTTPException), error
    if error.status_code == METHOD_NOT_ALLOWED:
        response.headers["Allow"] = ", ".join(_allowed(request))
    return response


def _allowed(request: Request) -> Iterator[str]:
    """Asked of the routes one by one: only they know what they match."""
    routes: list[BaseRoute] = request.app.routes
    for method in METHODS:
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in routes):
            yield method
