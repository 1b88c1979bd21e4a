"""A document made of elements, and a document that somebody brings, looked at before it is kept.

Both for imports: what comes out is one Yjs update, the first row of a new project's log.
What does not live here: files and their formats.

Law kept here: L7 (foreign bytes are walked before pycrdt sees them).
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import pycrdt

from server.document.diagrams import NewDiagram, add_diagram
from server.document.edges import NewEdge, add_edge
from server.document.live import Document
from server.document.nodes import NewNode, add_node
from server.document.plan import NewSection, write_section
from server.document.rank import even_ranks
from server.document.replica import Replica
from server.document.schema import DIAGRAMS, EDGES, META, NODES, PLAN, read_project, seed
from server.protocol.errors import Invalid, PeerError
from server.protocol.update import inspect


@dataclass(frozen=True, slots=True)
class Contents:
    """All elements of a project; sections in their order."""

    nodes: tuple[NewNode, ...]
    edges: tuple[NewEdge, ...]
    sections: tuple[NewSection, ...]
    diagrams: tuple[NewDiagram, ...]


def build(client_id: int, title: str, contents: Contents) -> bytes:
    """A new document with these. Raises an error that names the element that does not fit."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=client_id)
    doc.apply_update(seed(client_id, title))
    for path, make in _steps(contents):
        try:
            make(doc)
        except PeerError as error:
            raise type(error)(f"{path}: {error.message}") from None
    return doc.get_update()


def _steps(contents: Contents) -> Iterator[tuple[str, Callable[[Document], object]]]:
    for n, node in enumerate(contents.nodes):
        yield f"{NODES}/{n}", partial(add_node, new=node)
    for n, edge in enumerate(contents.edges):
        yield f"{EDGES}/{n}", partial(add_edge, new=edge)
    ranks = even_ranks(len(contents.sections))
    for n, section in enumerate(contents.sections):
        yield f"{PLAN}/{n}", partial(write_section, new=section, rank=ranks[n])
    for n, diagram in enumerate(contents.diagrams):
        yield f"{DIAGRAMS}/{n}", partial(add_diagram, new=diagram)


def require_project(update: bytes) -> None:
    """Raise a ``PeerError`` unless these bytes are a document of a project of ours."""
    with closing(Replica()) as replica:
        replica.apply(update, inspect(update))
        problems = read_project(replica).problems
    for problem in problems:
        if problem.path in (META, f"{META}/schema"):
            raise Invalid(
                "expected a document of 8gentc: "
                f"{problem.path} should be {problem.expected}, got {problem.got}"
            )
