"""Edges of a live document: to read, make, change and remove one.

An edge without both ends is hidden, as in every read. What is said of all elements in
``server.document.writing`` holds.
"""

from dataclasses import dataclass

from server.document.fields import shorten
from server.document.live import Document
from server.document.nodes import node
from server.document.schema import EDGES, Edge, edge_of
from server.document.writing import (
    UNCHANGED,
    Unchanged,
    add_element,
    change_element,
    fit_id,
    fit_string,
    read_element,
    remove_element,
)
from server.protocol.errors import Invalid, NotFound


@dataclass(frozen=True, slots=True)
class NewEdge:
    """An edge to be made; its ends are ids of nodes."""

    id: str
    source: str
    target: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class EdgeChange:
    """What shall be different about an edge."""

    source: str | Unchanged = UNCHANGED
    target: str | Unchanged = UNCHANGED
    label: str | Unchanged = UNCHANGED


def edge(doc: Document, id: str) -> Edge:
    """One edge that has both ends."""
    found = read_element(doc, EDGES, id, edge_of)
    for end in (found.source, found.target):
        if not _is_node(doc, end):
            raise NotFound(f"edge {shorten(id)} is hidden: there is no node {shorten(end)}")
    return found


def add_edge(doc: Document, new: NewEdge) -> Edge:
    """Make an edge. Raises ``Invalid`` where it would have no end."""
    fields = {
        "source": _end(doc, "source", new.source),
        "target": _end(doc, "target", new.target),
        "label": fit_string("label", new.label),
    }
    add_element(doc, EDGES, fit_id(new.id), fields)
    return edge(doc, new.id)


def change_edge(doc: Document, id: str, change: EdgeChange) -> Edge:
    """Change an edge."""
    edge(doc, id)
    for name, end in (("source", change.source), ("target", change.target)):
        if not isinstance(end, Unchanged):
            _end(doc, name, end)
    if not isinstance(change.label, Unchanged):
        fit_string("label", change.label)
    fields = {"source": change.source, "target": change.target, "label": change.label}
    change_element(doc, EDGES, id, fields)
    return edge(doc, id)


def remove_edge(doc: Document, id: str) -> None:
    """Delete an edge, a hidden one too."""
    remove_element(doc, EDGES, id)


def _end(doc: Document, name: str, id: str) -> str:
    if not _is_node(doc, id):
        raise Invalid(f"expected {name} to be the id of a node, got {shorten(id)}")
    return id


def _is_node(doc: Document, id: str) -> bool:
    try:
        node(doc, id)
    except NotFound:
        return False
    return True
