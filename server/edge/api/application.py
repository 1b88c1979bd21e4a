"""The API put together: which routers there are, and how errors are answered.

What does not live here: any handler.
"""

from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from server.edge.api import (
    all_projects,
    all_users,
    auth,
    bulk,
    credentials,
    diagrams,
    document_problems,
    edges,
    events,
    exchange,
    graph,
    history,
    identities,
    invitations,
    me,
    members,
    nodes,
    operation,
    plan,
    projects,
    proposals,
    runs,
    search,
    second_factor,
    snapshots,
    tickets,
    updates,
)
from server.edge.api.allowed import on_refusal
from server.edge.api.idempotency import IdempotentPosts
from server.edge.api.openapi import described
from server.edge.api.services import Services
from server.edge.problems import on_crash, on_error, problem
from server.protocol.errors import AgentcError

PREFIX = "/api/v1"
RESOURCES: tuple[Callable[[], APIRouter], ...] = (
    auth.routes,
    me.routes,
    credentials.routes,
    second_factor.routes,
    identities.routes,
    projects.routes,
    members.routes,
    invitations.routes,
    nodes.routes,
    edges.routes,
    plan.routes,
    diagrams.routes,
    bulk.routes,
    graph.routes,
    exchange.routes,
    updates.routes,
    tickets.routes,
    snapshots.routes,
    history.routes,
    runs.routes,
    runs.own_routes,
    proposals.routes,
    events.routes,
    document_problems.routes,
    search.routes,
    all_projects.routes,
    all_users.routes,
    operation.routes,
)

DESCRIPTION = """\
Programs read and write the documents that people are editing live. A write that is answered
is committed, and everybody who is connected sees it at once.
"""


def build_api(
    services: Services, resources: Sequence[Callable[[], APIRouter]] = RESOURCES
) -> FastAPI:
    """The application to mount at ``PREFIX``."""
    app = FastAPI(
        title="8gentc",
        version=version("8gentc"),
        description=DESCRIPTION,
        servers=[{"url": PREFIX}],
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        root_path_in_servers=False,
        generate_unique_id_function=_operation_id,
    )
    # Starlette's handlers are typed for the very class that they are registered for.
    handlers: dict[type[Exception], Any] = {
        AgentcError: on_error,
        RequestValidationError: _on_invalid,
        HTTPException: on_refusal,
        Exception: on_crash,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
    for routes in resources:
        app.include_router(_made(routes))
    app.state.services = services
    app.add_middleware(IdempotentPosts, services=services)
    app.openapi = described(app)  # type: ignore[method-assign]  # FastAPI's documented way
    return app


@cache
def _made(routes: Callable[[], APIRouter]) -> APIRouter:
    """The same for every application: only their services differ."""
    return routes()


def _operation_id(route: APIRoute) -> str:
    """What generated clients call an operation: its noun and its verb."""
    return "_".join([*map(str, route.tags[:1]), route.name])


async def _on_invalid(request: Request, error: Exception) -> Response:
    """Fields that do not fit, each with its path; a body that is no JSON is malformed."""
    assert isinstance(error, RequestValidationError), error
    found = error.errors()
    if any(one["type"] == "json_invalid" for one in found):
        return problem(request, status=400, slug="malformed", detail="expected a body in JSON")
    fields = [{"path": _pointer(one["loc"]), "expected": str(one["msg"])} for one in found]
    detail = f"{len(fields)} fields cannot be accepted" if len(fields) > 1 else _told(fields[0])
    return problem(request, status=422, slug="invalid", detail=detail, errors=fields)


def _told(field: dict[str, str]) -> str:
    return f"{field['path']}: {field['expected']}"


def _pointer(location: Sequence[str | int]) -> str:
    """A JSON pointer (RFC 6901)."""
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return "".join(f"/{part}" for part in parts)
