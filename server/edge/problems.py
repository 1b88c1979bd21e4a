"""Errors as answers: the one ladder from the error tree to HTTP (L7).

Before a websocket is accepted its refusal is an HTTP answer too, for clients ignore
close codes and would come back at once. What a peer did wrong is told to them;
what went wrong here is told in general terms, because a store's message may quote
what it stores. Close codes of accepted sockets come from the same tree, in
``server.edge.goodbye``.
"""

import logging
import math
from collections.abc import Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from server.protocol.errors import AgentcError, NotAuthenticated, PeerError, TooMany
from server.room.breaker import PROBE_SECONDS

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = str(max(1, math.ceil(PROBE_SECONDS)))


def problem(
    connection: HTTPConnection,
    *,
    status: int,
    slug: str,
    detail: str | None = None,
    errors: Sequence[dict[str, Any]] = (),
) -> Response:
    """A problem+json answer (RFC 9457); ``errors`` say it field by field."""
    body: dict[str, object] = {
        "type": f"urn:8gentc:problem:{slug}",
        "title": slug.replace("-", " ").capitalize(),
        "status": status,
    }
    if detail is not None:
        body["detail"] = detail
    if (request_id := connection.scope.get("state", {}).get("request_id")) is not None:
        body["request_id"] = request_id
    if errors:
        body["errors"] = list(errors)
    headers = {"Retry-After": RETRY_AFTER} if status in (429, 503) else {}
    return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def answer(connection: HTTPConnection, error: AgentcError) -> Response:
    """The answer that ``error`` stands for."""
    told = error.message if isinstance(error, PeerError) else None
    response = problem(connection, status=error.http_status, slug=error.slug, detail=told)
    if isinstance(error, TooMany) and error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, NotAuthenticated):
        response.headers["WWW-Authenticate"] = "Bearer"
    if not isinstance(error, PeerError):
        logger.error("%s: %s", error.slug, error.message)
    return response


async def on_error(connection: Request | WebSocket, error: Exception) -> Response | None:
    """Starlette's handler for everything in the error tree, on either kind of connection."""
    assert isinstance(error, AgentcError), error
    response = answer(connection, error)
    if not isinstance(connection, WebSocket):
        return response
    if "websocket.http.response" in connection.scope.get("extensions", {}):
        await connection.send_denial_response(response)
    else:
        await connection.close(error.close_code)
    return None


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (no such route, wrong method), in the same form."""
    assert isinstance(error, HTTPException), error
    response = problem(request, status=error.status_code, slug=_slug(error.detail))
    response.headers.update(error.headers or {})
    return response


async def on_crash(request: Request, _: Exception) -> Response:
    """A bug. Starlette logs it with its traceback; the caller learns the request's name."""
    return problem(request, status=500, slug="internal-error")


def _slug(detail: str) -> str:
    return detail.lower().replace(" ", "-")
