"""``/projects/{id}/graph``: the whole graph, and questions about it.

Answers come from rows where these are abreast of the log (``server.room.content``), and what
takes long is found in a thread: a large graph keeps nobody waiting. What does not live here:
the algorithms (``server.document.graph``).
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query, Response
from pydantic import Field

from server.document.graph import Direction, Graph
from server.document.listing import Page
from server.document.markdown import plan_as_markdown
from server.document.mermaid.flowchart import flowchart
from server.document.schema import ProjectView, Section
from server.edge.api.callers import Access, ReadAccess
from server.edge.api.elements import EdgeOut, NodeOut, ProblemOut
from server.edge.api.guarded import Router
from server.edge.api.models import Output
from server.edge.api.openapi import Responses, refusals
from server.edge.api.services import KnownServices, Services

T = TypeVar("T")

WHOLE = Page(limit=1 << 31, after=None)
MERMAID = "text/vnd.mermaid"
MARKDOWN = "text/markdown"

NodeQuery = Annotated[str, Query(description="The id of a node.", max_length=200)]
Limit = Annotated[int, Query(ge=1, le=100, description="How many at most.")]


class GraphOut(Output):
    """All nodes and edges, and what in the document is not shown and why."""

    nodes: list[NodeOut]
    edges: list[EdgeOut]
    problems: list[ProblemOut] = Field(description="The first thousand.")
    seq: int


class NeighbourOut(Output):
    """A node, and how many edges away it is."""

    id: str
    distance: int


class Neighbours(Output):
    """Nodes near a node, nearest first."""

    items: list[NeighbourOut]
    seq: int


class Groups(Output):
    """Ids of nodes, in groups."""

    items: list[tuple[str, ...]]
    seq: int


def routes() -> APIRouter:
    """Read only."""
    router = Router(tags=["graph"], prefix="/projects/{project_id}")
    router.get("/graph", response_model=GraphOut, responses=refusals(404))(read_graph)
    router.get("/graph/neighbours", responses=refusals(404))(list_neighbours)
    router.get("/graph/paths", responses=refusals(404))(list_paths)
    router.get("/graph/cycles", responses=refusals(404))(list_cycles)
    router.get("/graph/components", responses=refusals(404))(list_components)
    router.get("/graph.mmd", response_class=Response, responses=text(MERMAID))(read_mermaid)
    router.get("/plan.md", response_class=Response, responses=text(MARKDOWN))(read_markdown)
    return router


def text(media_type: str) -> Responses:
    """``responses=`` of an operation that answers text of this kind."""
    content = {media_type: {"schema": {"type": "string"}}}
    return {200: {"description": "The text.", "content": content}, **refusals(404)}


async def read_graph(access: ReadAccess, services: KnownServices) -> Response:
    """The graph as one JSON; nodes and edges by id."""
    seen = await services.content().view(access.project)
    body = await asyncio.to_thread(_as_json, seen.value, seen.seq)
    return Response(body, media_type="application/json")


def _as_json(view: ProjectView, seq: int) -> bytes:
    graph = GraphOut(
        nodes=[NodeOut.of(node, seq) for node in view.nodes],
        edges=[EdgeOut.of(edge, seq) for edge in view.edges],
        problems=[
            ProblemOut(path=one.path, expected=one.expected, got=one.got) for one in view.problems
        ],
        seq=seq,
    )
    return graph.model_dump_json().encode()


async def list_neighbours(
    access: ReadAccess,
    services: KnownServices,
    node: NodeQuery,
    direction: Direction = Direction.BOTH,
    depth: Annotated[int, Query(ge=1, le=100, description="Edges away, at most.")] = 1,
) -> Neighbours:
    """Nodes near a node, by the edges that leave it, that enter it, or both."""
    found = await services.content().neighbours(access.project, node, direction, depth)
    items = [NeighbourOut(id=one.id, distance=one.distance) for one in found.value]
    return Neighbours(items=items, seq=found.seq)


async def list_paths(
    access: ReadAccess,
    services: KnownServices,
    source: NodeQuery,
    target: NodeQuery,
    limit: Limit = 10,
) -> Groups:
    """The shortest ways from one node to another; none if there is no way."""
    found, seq = await _ask(services, access, lambda g: g.paths(source, target, limit))
    return Groups(items=list(found), seq=seq)


async def list_cycles(access: ReadAccess, services: KnownServices, limit: Limit = 10) -> Groups:
    """Ways that lead back to where they begin; in no order, for there may be very many."""
    found, seq = await _ask(services, access, lambda g: g.cycles(limit))
    return Groups(items=list(found), seq=seq)


async def list_components(access: ReadAccess, services: KnownServices) -> Groups:
    """Groups of nodes that hang together, largest first."""
    found, seq = await _ask(services, access, Graph.components)
    return Groups(items=list(found), seq=seq)


async def read_mermaid(access: ReadAccess, services: KnownServices) -> Response:
    """The graph as a Mermaid flowchart."""
    view = (await services.content().view(access.project)).value
    source = await asyncio.to_thread(flowchart, view.nodes, view.edges)
    return Response(source, media_type=MERMAID)


async def read_markdown(access: ReadAccess, services: KnownServices) -> Response:
    """The plan as one Markdown text."""
    project = await services.directory.project(access.project)
    seen = await services.content().part(access.project, Section, WHOLE)
    return Response(plan_as_markdown(project.title, seen.value.items), media_type=MARKDOWN)


async def _ask(services: Services, access: Access, question: Callable[[Graph], T]) -> tuple[T, int]:
    seen = await services.content().links(access.project)
    return await asyncio.to_thread(lambda: question(Graph(seen.value))), seen.seq
