"""The shape of a project's document, schema 1, and total reads of it.

Any client may put anything anywhere in a document. So a read never fails and never
rewrites: an element that is not as the schema says is skipped and listed under
``problems``, with its path and what was expected. Edges without both ends are hidden and
listed too (an undo of the node's deletion brings them back).

What lives here: root names, the first content, the records. What does not: writing
elements, and the relational projection.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import pycrdt

from server.document.fields import MAX_STRING, Fields, Problem, describe, shorten, value_of
from server.document.replica import Replica
from server.protocol.errors import Invalid

SCHEMA: Final = 1

META: Final = "meta"
NODES: Final = "nodes"
EDGES: Final = "edges"
PLAN: Final = "plan"
DIAGRAMS: Final = "diagrams"

MAX_CLIENT_ID: Final = 2**53 - 1
MAX_ID: Final = 200
"""Characters of an element's id."""


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the graph."""

    id: str
    label: str
    kind: str
    x: float
    y: float
    content: str


@dataclass(frozen=True, slots=True)
class Edge:
    """A directed edge; both ends are nodes of the same view."""

    id: str
    source: str
    target: str
    label: str


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the plan; ``body`` is Markdown."""

    id: str
    title: str
    body: str
    rank: str


@dataclass(frozen=True, slots=True)
class Diagram:
    """A diagram; ``source`` is Mermaid. ``derived_from`` is "graph" or None."""

    id: str
    title: str
    kind: str
    source: str
    derived_from: str | None


@dataclass(frozen=True, slots=True)
class ProjectView:
    """All well-formed elements, by id, sections by (rank, id); and what was skipped."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    sections: tuple[Section, ...]
    diagrams: tuple[Diagram, ...]
    problems: tuple[Problem, ...]


def seed(client_id: int, title: str) -> bytes:
    """The first content of a project, as an update; the same for the same arguments.

    Roots have no existence in an update before they hold something, so ``meta`` is all
    that is written. ``title`` records the title at birth; the directory knows today's.
    """
    if not 0 <= client_id <= MAX_CLIENT_ID:
        raise Invalid(f"expected a client id of at most 53 bits, got {client_id}")
    if len(title) > MAX_STRING or not _is_unicode(title):
        raise Invalid(f"expected a title of at most {MAX_STRING} characters of Unicode text")
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=client_id)
    with doc.transaction():
        meta: pycrdt.Map[Any] = doc.get(META, type=pycrdt.Map)
        meta["schema"] = SCHEMA
        meta["title"] = title
    return doc.get_update()


def read_project(replica: Replica) -> ProjectView:
    """All that is well-formed in a document, and what is not."""
    return replica.read(view_of)


def view_of(doc: pycrdt.Doc[Any]) -> ProjectView:
    """The same, asked in a question or a change."""
    problems: list[Problem] = []
    _check_schema(doc, problems)
    nodes = _collect(doc, NODES, node_of, problems)
    edges = _collect(doc, EDGES, edge_of, problems)
    sections = _collect(doc, PLAN, section_of, problems)
    diagrams = _collect(doc, DIAGRAMS, diagram_of, problems)
    whole = tuple(_without_dangling(edges, {node.id for node in nodes}, problems))
    return ProjectView(
        nodes=tuple(nodes),
        edges=whole,
        sections=sort_sections(sections),
        diagrams=tuple(diagrams),
        problems=tuple(problems),
    )


def sort_sections(sections: Iterable[Section]) -> tuple[Section, ...]:
    """In the order in which the plan is read."""
    return tuple(sorted(sections, key=lambda s: (order(s.rank), order(s.id))))


def node_of(id: str, fields: Fields) -> Node:
    """A node, with blanks for what ``fields`` lists as problems. So do the other three."""
    return Node(
        id=id,
        label=fields.string("label"),
        kind=fields.string("kind"),
        x=fields.number("x"),
        y=fields.number("y"),
        content=fields.text("content"),
    )


def edge_of(id: str, fields: Fields) -> Edge:
    """An edge; whether its ends exist is not looked at."""
    return Edge(
        id=id,
        source=fields.string("source"),
        target=fields.string("target"),
        label=fields.string("label"),
    )


def section_of(id: str, fields: Fields) -> Section:
    """A section of the plan."""
    return Section(
        id=id,
        title=fields.string("title"),
        body=fields.text("body"),
        rank=fields.string("rank"),
    )


def diagram_of(id: str, fields: Fields) -> Diagram:
    """A diagram."""
    return Diagram(
        id=id,
        title=fields.string("title"),
        kind=fields.string("kind"),
        source=fields.text("source"),
        derived_from=fields.optional("derived_from", "graph"),
    )


_Element = TypeVar("_Element")


def _collect(
    doc: "pycrdt.Doc[Any]",
    name: str,
    build: Callable[[str, Fields], _Element],
    problems: list[Problem],
) -> list[_Element]:
    """The well-formed elements of one root, by id."""
    elements: list[_Element] = []
    root = _root(doc, name, problems)
    for id in sorted(root.keys(), key=order):
        path = f"{name}/{shorten(id)}"
        value = value_of(root, id)
        if not 1 <= len(id) <= MAX_ID or "\0" in id:
            expected = f"an id of 1 to {MAX_ID} characters without U+0000"
            problems.append(Problem(path, expected, describe(id)))
        elif isinstance(value, pycrdt.Map):
            fields = Fields(value, path)
            element = build(id, fields)
            problems.extend(fields.problems)
            if not fields.problems:
                elements.append(element)
        else:
            problems.append(Problem(path, "a Y.Map", describe(value)))
    return elements


def _root(doc: "pycrdt.Doc[Any]", name: str, problems: list[Problem]) -> "pycrdt.Map[Any]":
    """A root as a map. A root has no type of its own in Yjs: what a client has put there as
    into a list or a text is beside the keys and invisible to this reading."""
    listed = len(doc.get(name, type=pycrdt.Array))
    if listed:
        problems.append(Problem(name, "a Y.Map", f"{listed} items of a list or text"))
    root: pycrdt.Map[Any] = doc.get(name, type=pycrdt.Map)
    return root


def _check_schema(doc: "pycrdt.Doc[Any]", problems: list[Problem]) -> None:
    version = value_of(_root(doc, META, problems), "schema")
    if version != SCHEMA or isinstance(version, bool):
        problems.append(Problem(f"{META}/schema", str(SCHEMA), describe(version)))


def _without_dangling(
    edges: list[Edge], nodes: set[str], problems: list[Problem]
) -> Iterator[Edge]:
    for edge in edges:
        ends = (("source", edge.source), ("target", edge.target))
        lost = [(name, id) for name, id in ends if id not in nodes]
        for name, id in lost:
            path = f"{EDGES}/{shorten(edge.id)}/{name}"
            problems.append(Problem(path, "the id of a well-formed node", describe(id)))
        if not lost:
            yield edge


def order(text: str) -> bytes:
    """Sorts as JavaScript's ``<`` does, by UTF-16 unit, that all peers see one order."""
    return text.encode("utf-16-be", "surrogatepass")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
