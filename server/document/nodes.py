"""Nodes of a live document: to read, make, change and remove one.

Each function is called in a change of ``Replica.edit`` and raises before it writes, as
``server.document.writing`` says. What does not live here: reads of a whole project
(``schema``).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pycrdt

from server.document.fields import value_of
from server.document.live import Document
from server.document.schema import EDGES, NODES, Node, node_of
from server.document.updates import reason
from server.document.writing import (
    UNCHANGED,
    TextChange,
    Unchanged,
    add_element,
    change_element,
    change_text,
    fit_id,
    fit_number,
    fit_string,
    fit_text,
    fit_unicode,
    read_element,
    remove_element,
    root_of,
)


@dataclass(frozen=True, slots=True)
class NewNode:
    """A node to be made."""

    id: str
    label: str
    kind: str = ""
    x: float = 0.0
    y: float = 0.0
    content: str = ""


@dataclass(frozen=True, slots=True)
class NodeChange:
    """What shall be different about a node."""

    label: str | Unchanged = UNCHANGED
    kind: str | Unchanged = UNCHANGED
    x: float | Unchanged = UNCHANGED
    y: float | Unchanged = UNCHANGED
    content: TextChange | Unchanged = UNCHANGED


def node(doc: Document, id: str) -> Node:
    """One node."""
    return read_element(doc, NODES, id, node_of)


def add_node(doc: Document, new: NewNode) -> Node:
    """Make a node."""
    fields = {
        "label": fit_string("label", new.label),
        "kind": fit_string("kind", new.kind),
        "x": fit_number("x", new.x),
        "y": fit_number("y", new.y),
        "content": pycrdt.Text(fit_unicode("content", new.content)),
    }
    add_element(doc, NODES, fit_id(new.id), fields)
    return node(doc, new.id)


def change_node(doc: Document, id: str, change: NodeChange) -> Node:
    """Change a node."""
    node(doc, id)
    fields: dict[str, str | float | Unchanged] = {
        "label": change.label,
        "kind": change.kind,
        "x": change.x,
        "y": change.y,
    }
    for name, value in fields.items():
        if isinstance(value, str):
            fit_string(name, value)
        elif not isinstance(value, Unchanged):
            fields[name] = fit_number(name, value)
    fit_text("content", change.content)
    change_element(doc, NODES, id, fields)
    change_text(doc, NODES, id, "content", change.content)
    return node(doc, id)


def remove_node(doc: Document, id: str) -> tuple[str, ...]:
    """Delete a node and every edge that begins or ends at it; answers which edges."""
    remove_element(doc, NODES, id)
    edges = root_of(doc, EDGES)
    gone = tuple(_edges_at(edges, id))
    for edge in gone:
        del edges[edge]
    return gone


def _edges_at(edges: "pycrdt.Map[object]", node_id: str) -> Iterator[str]:
    for id in _ids_of_mention(edges, node_id):
        edge = value_of(edges, id)
        if isinstance(edge, pycrdt.Map) and node_id in (
            value_of(edge, "source"),
            value_of(edge, "target"),
        ):
            yield id


def _ids_of_mention(edges: "pycrdt.Map[object]", node_id: str) -> list[str]:
    """Edges that may begin or end at a node. All at once as JSON, since asking pycrdt for each
    takes ten times as long."""
    try:
        said = json.loads(str(edges))
    except BaseException as error:
        reason(error)  # Whatever somebody put there, it is no reason to keep a node.
        return list(edges.keys())
    return [
        id
        for id, edge in said.items()
        if isinstance(edge, dict) and node_id in (edge.get("source"), edge.get("target"))
    ]
