"""Many changes of elements at once, in order, as one: all of them or none.

That it is all or none is for ``Replica.edit``, in whose change this is called. What does not
live here: what a single change does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from server.document.diagrams import (
    DiagramChange,
    NewDiagram,
    add_diagram,
    change_diagram,
    remove_diagram,
)
from server.document.edges import EdgeChange, NewEdge, add_edge, change_edge, remove_edge
from server.document.live import Document
from server.document.nodes import NewNode, NodeChange, add_node, change_node, remove_node
from server.document.plan import (
    NewSection,
    SectionChange,
    add_section,
    change_section,
    remove_section,
)
from server.document.schema import DIAGRAMS, EDGES, NODES, PLAN, Diagram, Edge, Node, Section
from server.protocol.errors import Invalid, PeerError

Element = Node | Edge | Section | Diagram


@dataclass(frozen=True, slots=True)
class Add:
    """Make an element."""

    new: NewNode | NewEdge | NewSection | NewDiagram


@dataclass(frozen=True, slots=True)
class Change:
    """Change the element with this id."""

    id: str
    change: NodeChange | EdgeChange | SectionChange | DiagramChange


@dataclass(frozen=True, slots=True)
class Remove:
    """Delete the element with this id of a root of the schema."""

    root: str
    id: str


Operation = Add | Change | Remove


def perform_all(doc: Document, operations: Sequence[Operation]) -> tuple[Element | None, ...]:
    """Do all of them; answers each element as it is right after its operation.

    Raises the error of the first that cannot be done, which says which it is.
    """
    elements: list[Element | None] = []
    for number, operation in enumerate(operations):
        try:
            elements.append(perform(doc, operation))
        except PeerError as error:
            raise type(error)(f"operation {number}: {error.message}") from None
    return tuple(elements)


def perform(doc: Document, operation: Operation) -> Element | None:
    """Do one; None when it removes."""
    match operation:
        case Add(new):
            return _add(doc, new)
        case Change(id, change):
            return _change(doc, id, change)
        case Remove(root, id):
            _remove(doc, root, id)
            return None
        case _:
            assert_never(operation)


def _add(doc: Document, new: NewNode | NewEdge | NewSection | NewDiagram) -> Element:
    match new:
        case NewNode():
            return add_node(doc, new)
        case NewEdge():
            return add_edge(doc, new)
        case NewSection():
            return add_section(doc, new)
        case NewDiagram():
            return add_diagram(doc, new)
        case _:
            assert_never(new)


def _change(
    doc: Document, id: str, change: NodeChange | EdgeChange | SectionChange | DiagramChange
) -> Element:
    match change:
        case NodeChange():
            return change_node(doc, id, change)
        case EdgeChange():
            return change_edge(doc, id, change)
        case SectionChange():
            return change_section(doc, id, change)
        case DiagramChange():
            return change_diagram(doc, id, change)
        case _:
            assert_never(change)


def _remove(doc: Document, root: str, id: str) -> None:
    match root:
        case "nodes":
            remove_node(doc, id)
        case "edges":
            remove_edge(doc, id)
        case "plan":
            remove_section(doc, id)
        case "diagrams":
            remove_diagram(doc, id)
        case _:
            raise Invalid(f"expected one of {NODES}, {EDGES}, {PLAN}, {DIAGRAMS}, got {root}")
