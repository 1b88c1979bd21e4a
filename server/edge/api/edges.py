"""``/projects/{id}/edges``: directed edges of the graph.

Handlers only; what they do is done by ``server.edge.api.live`` and ``server.document.edges``.
"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Response

from server.document.edges import add_edge, change_edge, edge, remove_edge
from server.document.schema import Edge
from server.edge.api.callers import ReadAccess, WriteAccess
from server.edge.api.elements import EdgeBody, EdgeOut, EdgePatch
from server.edge.api.etags import IfMatch
from server.edge.api.guarded import Router
from server.edge.api.live import Here, KnownPage
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.pages import write_key
from server.edge.api.services import KnownServices

EdgeId = Annotated[str, Path(description="The id of an edge.", max_length=200)]


class EdgesOut(Output):
    """Edges of a project, a page of them."""

    items: list[EdgeOut]
    next: str | None
    seq: int


def routes() -> APIRouter:
    """List, make, read, change, remove."""
    router = Router(tags=["edges"], prefix="/projects/{project_id}/edges")
    one = "/{edge_id:path}"
    router.get("", responses=refusals(404))(list_edges)
    router.post("", status_code=201, responses=refusals(400, 404, 409, 413))(make_edge)
    router.get(one, responses=refusals(404))(read_edge)
    router.patch(one, responses=refusals(400, 404, 412, 413))(patch_edge)
    router.delete(one, status_code=204, responses=refusals(404, 412))(delete_edge)
    return router


async def list_edges(access: ReadAccess, services: KnownServices, page: KnownPage) -> EdgesOut:
    """Edges that have both ends, by id."""
    seen = await services.content().part(access.project, Edge, page)
    part = seen.value
    items = [EdgeOut.of(one, seen.seq) for one in part.items]
    return EdgesOut(items=items, next=write_key(part.last), seq=seen.seq)


async def make_edge(
    body: EdgeBody, access: WriteAccess, services: KnownServices, response: Response
) -> EdgeOut:
    """Make an edge between two nodes."""
    here = Here(services, access, response)
    return await here.change(partial(add_edge, new=body.new()), EdgeOut.of)


async def read_edge(
    edge_id: EdgeId, access: ReadAccess, services: KnownServices, response: Response
) -> EdgeOut:
    """One edge, with its `ETag`."""
    return await Here(services, access, response).show(Edge, edge_id, EdgeOut.of)


async def patch_edge(
    edge_id: EdgeId,
    body: EdgePatch,
    access: WriteAccess,
    services: KnownServices,
    response: Response,
    expected: IfMatch = None,
) -> EdgeOut:
    """Change an edge."""
    here = Here(services, access, response)
    change = partial(change_edge, id=edge_id, change=body.change())
    return await here.change_expected(expected, partial(edge, id=edge_id), change, EdgeOut.of)


async def delete_edge(
    edge_id: EdgeId,
    access: WriteAccess,
    services: KnownServices,
    response: Response,
    expected: IfMatch = None,
) -> Response:
    """Delete an edge."""
    here = Here(services, access, response)
    remove = partial(remove_edge, id=edge_id)
    return await here.remove_expected(expected, partial(edge, id=edge_id), remove, EdgeOut.of)
