"""Lists of elements in parts: only what is shown is read.

Called in a question or a change. What is not as the schema says is skipped, as in every
read. What does not live here: what an element is (``nodes``, ``edges``, ``plan``,
``diagrams``).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from server.document.diagrams import diagram
from server.document.edges import edge
from server.document.live import Document
from server.document.nodes import node
from server.document.plan import in_order, section
from server.document.schema import DIAGRAMS, EDGES, NODES, Diagram, Edge, Node, Section, order
from server.document.writing import root_of
from server.protocol.errors import NotFound

E = TypeVar("E")

Key = tuple[str, ...]
"""What a list is ordered by, by the UTF-16 unit; the last is the id."""


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list: at most so many, after a key."""

    limit: int
    after: Key | None


@dataclass(frozen=True, slots=True)
class Part(Generic[E]):
    """Elements, and the key of the last one if there are more."""

    items: tuple[E, ...]
    last: Key | None


def list_nodes(doc: Document, page: Page) -> Part[Node]:
    """Nodes by id."""
    return _part(doc, _ids(doc, NODES), node, page)


def list_edges(doc: Document, page: Page) -> Part[Edge]:
    """Edges that have both ends, by id."""
    return _part(doc, _ids(doc, EDGES), edge, page)


def list_sections(doc: Document, page: Page) -> Part[Section]:
    """Sections in the order of the plan."""
    return _part(doc, in_order(doc), section, page)


def list_diagrams(doc: Document, page: Page) -> Part[Diagram]:
    """Diagrams by id."""
    return _part(doc, _ids(doc, DIAGRAMS), diagram, page)


def _ids(doc: Document, root: str) -> Iterable[Key]:
    return ((id,) for id in root_of(doc, root).keys())  # noqa: SIM118  # no iterable map


def _part(
    doc: Document, keys: Iterable[Key], read: Callable[[Document, str], E], page: Page
) -> Part[E]:
    rows = sorted((_ordered(key), key) for key in keys)
    after = None if page.after is None else _ordered(page.after)
    start = 0 if after is None else bisect_right(rows, after, key=lambda row: row[0])
    found: list[tuple[Key, E]] = []
    for _, key in rows[start:]:
        one = _read(partial(read, doc, key[-1]))
        if one is not None and len(found) == page.limit:
            return Part(tuple(element for _, element in found), found[-1][0])
        if one is not None:
            found.append((key, one))
    return Part(tuple(element for _, element in found), None)


def _read(read: Callable[[], E]) -> E | None:
    try:
        return read()
    except NotFound:
        return None


def _ordered(key: Key) -> tuple[bytes, ...]:
    return tuple(map(order, key))
