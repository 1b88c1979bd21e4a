"""``/projects/{id}/bulk``: many changes of elements at once, all of them or none.

Bodies and one handler; what is done is ``server.document.operations``.
"""

from functools import partial
from typing import Annotated, Literal, assert_never

from fastapi import APIRouter
from pydantic import Field

from server.document.operations import Add, Change, Element, Operation, Remove, perform_all
from server.document.portable import portable
from server.document.schema import Diagram, Edge, Node, Section
from server.edge.api.callers import WriteAccess
from server.edge.api.elements import (
    DiagramBody,
    DiagramOut,
    DiagramPatch,
    EdgeBody,
    EdgeOut,
    EdgePatch,
    Id,
    NodeBody,
    NodeOut,
    NodePatch,
    SectionBody,
    SectionOut,
    SectionPatch,
)
from server.edge.api.guarded import Router
from server.edge.api.models import Input, Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices

MAX_OPERATIONS = 1000
"""pycrdt needs memory by the square of what one transaction inserts."""


class AddNode(Input):
    """Make a node."""

    do: Literal["add-node"]
    node: NodeBody


class AddEdge(Input):
    """Make an edge; its ends may be nodes that were made earlier in the same request."""

    do: Literal["add-edge"]
    edge: EdgeBody


class AddSection(Input):
    """Make a section."""

    do: Literal["add-section"]
    section: SectionBody


class AddDiagram(Input):
    """Make a diagram."""

    do: Literal["add-diagram"]
    diagram: DiagramBody


class ChangeNode(Input):
    """Change a node."""

    do: Literal["change-node"]
    id: Id
    node: NodePatch


class ChangeEdge(Input):
    """Change an edge."""

    do: Literal["change-edge"]
    id: Id
    edge: EdgePatch


class ChangeSection(Input):
    """Change or move a section."""

    do: Literal["change-section"]
    id: Id
    section: SectionPatch


class ChangeDiagram(Input):
    """Change a diagram."""

    do: Literal["change-diagram"]
    id: Id
    diagram: DiagramPatch


class RemoveElement(Input):
    """Delete an element; a node's edges go with it."""

    do: Literal["remove"]
    root: Literal["nodes", "edges", "plan", "diagrams"]
    id: Id


OperationIn = (
    AddNode | AddEdge | AddSection | AddDiagram
    | ChangeNode | ChangeEdge | ChangeSection | ChangeDiagram | RemoveElement
)  # fmt: skip
Operations = Annotated[
    list[Annotated[OperationIn, Field(discriminator="do")]],
    Field(min_length=1, max_length=MAX_OPERATIONS),
]


class BulkBody(Input):
    """Operations, done in this order."""

    operations: Operations


class BulkOut(Output):
    """What each operation made or changed; null for what it removed."""

    results: list[NodeOut | EdgeOut | SectionOut | DiagramOut | None]
    seq: int


def routes() -> APIRouter:
    """One route."""
    router = Router(tags=["bulk"], prefix="/projects/{project_id}/bulk")
    router.post("", responses=refusals(400, 404, 409, 413))(perform)
    return router


async def perform(body: BulkBody, access: WriteAccess, services: KnownServices) -> BulkOut:
    """Do many changes in one transaction: everybody sees all of them at once, or none."""
    change = partial(perform_all, operations=[_operation(one) for one in body.operations])
    done = await services.rooms.edit(access.project, change, access.by, access.role)
    results = [None if one is None else _shown(one, done.seq) for one in done.value]
    return BulkOut(results=results, seq=done.seq)


def _operation(said: OperationIn) -> Operation:
    match said:
        case AddNode(node=body):
            return Add(body.new())
        case AddEdge(edge=edge):
            return Add(edge.new())
        case AddSection(section=section):
            return Add(section.new())
        case AddDiagram(diagram=diagram):
            return Add(diagram.new())
        case ChangeNode() | ChangeEdge() | ChangeSection() | ChangeDiagram():
            return _change(said)
        case RemoveElement():
            return Remove(said.root, said.id)
        case _:
            assert_never(said)


def _change(said: ChangeNode | ChangeEdge | ChangeSection | ChangeDiagram) -> Change:
    match said:
        case ChangeNode():
            return Change(said.id, said.node.change())
        case ChangeEdge():
            return Change(said.id, said.edge.change())
        case ChangeSection():
            return Change(said.id, said.section.change())
        case ChangeDiagram():
            return Change(said.id, said.diagram.change())
        case _:
            assert_never(said)


def _shown(element: Element, seq: int) -> NodeOut | EdgeOut | SectionOut | DiagramOut:
    match element:
        case Node():
            return NodeOut.of(portable(element), seq)
        case Edge():
            return EdgeOut.of(portable(element), seq)
        case Section():
            return SectionOut.of(portable(element), seq)
        case Diagram():
            return DiagramOut.of(portable(element), seq)
        case _:
            assert_never(element)
