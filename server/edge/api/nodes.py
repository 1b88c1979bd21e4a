"""``/projects/{id}/nodes``: nodes of the graph.

Handlers only; what they do is done by ``server.edge.api.live`` and ``server.document.nodes``.
"""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Response

from server.document.nodes import add_node, change_node, node, remove_node
from server.document.schema import Node
from server.edge.api.callers import ReadAccess, WriteAccess
from server.edge.api.elements import NodeBody, NodeOut, NodePatch
from server.edge.api.etags import IfMatch
from server.edge.api.guarded import Router
from server.edge.api.live import Here, KnownPage
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.pages import write_key
from server.edge.api.services import KnownServices

NodeId = Annotated[str, Path(description="The id of a node.", max_length=200)]


class NodesOut(Output):
    """Nodes of a project, a page of them."""

    items: list[NodeOut]
    next: str | None
    seq: int


def routes() -> APIRouter:
    """List, make, read, change, remove."""
    router = Router(tags=["nodes"], prefix="/projects/{project_id}/nodes")
    one = "/{node_id:path}"
    router.get("", responses=refusals(404))(list_nodes)
    router.post("", status_code=201, responses=refusals(400, 404, 409, 413))(make_node)
    router.get(one, responses=refusals(404))(read_node)
    router.patch(one, responses=refusals(400, 404, 412, 413))(patch_node)
    router.delete(one, status_code=204, responses=refusals(404, 412))(delete_node)
    return router


async def list_nodes(access: ReadAccess, services: KnownServices, page: KnownPage) -> NodesOut:
    """Nodes by id."""
    seen = await services.content().part(access.project, Node, page)
    part = seen.value
    items = [NodeOut.of(one, seen.seq) for one in part.items]
    return NodesOut(items=items, next=write_key(part.last), seq=seen.seq)


async def make_node(
    body: NodeBody, access: WriteAccess, services: KnownServices, response: Response
) -> NodeOut:
    """Make a node; everybody who is connected sees it at once."""
    here = Here(services, access, response)
    return await here.change(partial(add_node, new=body.new()), NodeOut.of)


async def read_node(
    node_id: NodeId, access: ReadAccess, services: KnownServices, response: Response
) -> NodeOut:
    """One node, with its `ETag`."""
    return await Here(services, access, response).show(Node, node_id, NodeOut.of)


async def patch_node(
    node_id: NodeId,
    body: NodePatch,
    access: WriteAccess,
    services: KnownServices,
    response: Response,
    expected: IfMatch = None,
) -> NodeOut:
    """Change a node. A text is changed only where it differs: what
    others are typing stays, and with `base`, the text that you have read, what they typed since."""
    here = Here(services, access, response)
    change = partial(change_node, id=node_id, change=body.change())
    return await here.change_expected(expected, partial(node, id=node_id), change, NodeOut.of)


async def delete_node(
    node_id: NodeId,
    access: WriteAccess,
    services: KnownServices,
    response: Response,
    expected: IfMatch = None,
) -> Response:
    """Delete a node, and the edges that begin or end at it."""
    here = Here(services, access, response)
    remove = partial(remove_node, id=node_id)
    return await here.remove_expected(expected, partial(node, id=node_id), remove, NodeOut.of)
