"""Whether this process lives, and whether it can serve.

``/health/live`` answers as long as the event loop turns: restart the process when it
does not. ``/health/ready`` says whether to send anybody here: no while the store is
out of service (the breaker of L2), before the first start is done, and from the
moment a stop was asked for. What it reports is told by whom it is told: a callable.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.edge.problems import RETRY_AFTER


@dataclass(frozen=True, slots=True)
class Readiness:
    """Empty ``problems`` means ready."""

    problems: tuple[str, ...] = ()


def health_routes(ready: Callable[[], Readiness]) -> list[Route]:
    """The two routes."""

    async def live(_: Request) -> Response:
        return JSONResponse({"status": "live"})

    async def readiness(_: Request) -> Response:
        return _answer(ready())

    return [Route("/health/live", live), Route("/health/ready", readiness)]


def _answer(state: Readiness) -> Response:
    if not state.problems:
        return JSONResponse({"status": "ready"})
    body = {"status": "not ready", "problems": list(state.problems)}
    return JSONResponse(body, status_code=503, headers={"Retry-After": RETRY_AFTER})
