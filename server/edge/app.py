"""The application as three visible lists: routes, handlers, what goes round it.

What does not live here: what the routes do, and what starts and stops. It has no
lifespan: ``server.main`` opens store and rooms before it makes the application, so
that everything a route needs is an argument.
"""

from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import ASGIApp
from starlette.websockets import WebSocket

from server.edge.body_limit import BodyLimit
from server.edge.front_door import FrontDoor
from server.edge.problems import on_crash, on_error, on_http_exception
from server.protocol.errors import AgentcError, NotFound
from server.room.ports import Clock


def build_app(
    *,
    routes: Sequence[BaseRoute],
    clock: Clock,
    max_body_bytes: int,
) -> ASGIApp:
    """The ASGI application that the server runs, and that tests call."""
    # Starlette calls one handler for either kind of connection; its types know no such handler.
    handlers: dict[type[Exception], Any] = {
        AgentcError: on_error,
        HTTPException: on_http_exception,
        Exception: on_crash,
    }
    app = Starlette(
        routes=[*routes, WebSocketRoute("/{path:path}", _no_such_socket)],
        exception_handlers=handlers,
    )
    return FrontDoor(BodyLimit(app, max_body_bytes), clock)


async def _no_such_socket(websocket: WebSocket) -> None:
    """Starlette would answer 403 to a websocket on an unknown path."""
    raise NotFound(f"there is no websocket at {websocket.url.path}")
