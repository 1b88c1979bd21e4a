"""Elements by kind: one, and lists in parts, of which only what is shown is read.

Called in a question or a change. What is not as the schema says is skipped, as in every
read. What does not live here: what an element is (``nodes``, ``edges``, ``plan``,
``diagrams``), and the same lists out of rows (``store``).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from server.document.diagrams import diagram
from server.document.edges import edge
from server.document.live import Document
from server.document.nodes import node
from server.document.plan import in_order, section
from server.document.schema import DIAGRAMS, EDGES, NODES, Diagram, Edge, Node, Section, order
from server.document.writing import root_of
from server.protocol.errors import NotFound

E = TypeVar("E")
T = TypeVar("T")

Key = tuple[str, ...]
"""What a list is ordered by; the last is the id. One of ids is in order of code points, and
that of the plan in that of UTF-16 units, for clients must agree on what is read first."""


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


@dataclass(frozen=True, slots=True)
class _Way:
    """How elements of a kind are listed."""

    keys: Callable[[Document], Iterable[Key]]
    order: Callable[[Key], Any]
    read: Callable[[Document, str], Any]


def part_of(doc: Document, kind: type[E], page: Page) -> Part[E]:
    """Nodes, diagrams, and edges that have both ends, by id; sections as the plan is read."""
    way = _WAYS[kind]
    rows = sorted((way.order(key), key) for key in way.keys(doc))
    after = None if page.after is None else way.order(page.after)
    start = 0 if after is None else bisect_right(rows, after, key=lambda row: row[0])
    found: list[tuple[Key, E]] = []
    for _, key in rows[start:]:
        one = _read(partial(way.read, doc, key[-1]))
        if one is not None and len(found) == page.limit:
            return Part(tuple(element for _, element in found), found[-1][0])
        if one is not None:
            found.append((key, one))
    return Part(tuple(element for _, element in found), None)


def element_of(doc: Document, kind: type[E], id: str) -> E:
    """One element. Raises ``NotFound``, which says why."""
    found: E = _WAYS[kind].read(doc, id)
    return found


def _ids(root: str) -> Callable[[Document], Iterable[Key]]:
    def ids(doc: Document) -> Iterable[Key]:
        return ((id,) for id in root_of(doc, root).keys())  # noqa: SIM118  # no iterable map

    return ids


def _read(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except NotFound:
        return None


def _as_it_is(key: Key) -> Key:
    return key


def _as_read(key: Key) -> tuple[bytes, ...]:
    return tuple(map(order, key))


_WAYS: Mapping[type, _Way] = {
    Node: _Way(_ids(NODES), _as_it_is, node),
    Edge: _Way(_ids(EDGES), _as_it_is, edge),
    Section: _Way(in_order, _as_read, section),
    Diagram: _Way(_ids(DIAGRAMS), _as_it_is, diagram),
}
