"""Questions about the graph of a project: who is near whom, by which ways, in which circles.

Pure, on ids. Edges are directed, several between two nodes count as one, and an edge
with an end that is missing counts as none. Every answer is bounded by what its caller
allows, and takes polynomial time for each thing that it lists. What does not live here:
where the records come from.

networkx takes a third of a second to import, so it is, when the first question comes.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any

from server.document.fields import shorten
from server.document.schema import Edge, Node, order
from server.protocol.errors import NotFound

Ids = tuple[str, ...]


class Direction(StrEnum):
    """Which edges are followed."""

    OUT = "out"
    IN = "in"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A node, and how many edges away it is."""

    id: str
    distance: int


@dataclass(frozen=True, slots=True)
class Links:
    """A graph without its words: ids of nodes, and from which to which edges lead."""

    nodes: Ids
    edges: tuple[tuple[str, str], ...]


def links_of(nodes: Iterable[Node], edges: Iterable[Edge]) -> Links:
    """Of records."""
    return Links(
        tuple(node.id for node in nodes), tuple((edge.source, edge.target) for edge in edges)
    )


class Graph:
    """A graph to be asked."""

    def __init__(self, links: Links) -> None:
        import networkx

        self._lib = networkx
        self._graph = networkx.DiGraph()
        self._graph.add_nodes_from(links.nodes)
        known = self._graph.nodes
        self._graph.add_edges_from(
            (source, target)
            for source, target in links.edges
            if source in known and target in known
        )

    def neighbours(self, id: str, direction: Direction, depth: int) -> tuple[Neighbour, ...]:
        """Everybody up to ``depth`` edges away, nearest first. Raises ``NotFound``."""
        graph = self._facing(direction)
        self._require(id)
        reached = self._lib.single_source_shortest_path_length(graph, id, cutoff=depth)
        return nearest_first(
            Neighbour(other, steps) for other, steps in reached.items() if other != id
        )

    def paths(self, source: str, target: str, limit: int) -> tuple[Ids, ...]:
        """The shortest ways, all of one length. Raises ``NotFound``.

        Longer ones are not looked for: in a graph like a ladder that takes the square of its
        size for each.
        """
        self._require(source)
        self._require(target)
        ways = self._lib.all_shortest_paths(self._graph, source, target)
        try:
            return tuple(map(tuple, islice(ways, limit)))
        except self._lib.NetworkXNoPath:
            return ()

    def cycles(self, limit: int) -> tuple[Ids, ...]:
        """Circles that pass no node twice, in no order, each from its least id on."""
        circles = islice(self._lib.simple_cycles(self._graph), limit)
        return tuple(_from_least(circle) for circle in circles)

    def components(self) -> tuple[Ids, ...]:
        """Groups of nodes that hang together, whatever way the edges point; largest first."""
        return _by_size(self._lib.weakly_connected_components(self._graph))

    def knots(self) -> tuple[Ids, ...]:
        """Groups of nodes in which every node leads to every other; largest first. Nodes that
        lie in no circle are left out."""
        groups = self._lib.strongly_connected_components(self._graph)
        return _by_size(group for group in groups if len(group) > 1)

    def _facing(self, direction: Direction) -> Any:
        match direction:
            case Direction.OUT:
                return self._graph
            case Direction.IN:
                return self._graph.reverse(copy=False)
            case Direction.BOTH:
                return self._graph.to_undirected(as_view=True)

    def _require(self, id: str) -> None:
        if id not in self._graph:
            raise no_such_node(id)


def no_such_node(id: str) -> NotFound:
    """The error of a question about a node that is not there."""
    return NotFound(f"there is no node {shorten(id)}")


def nearest_first(found: Iterable[Neighbour]) -> tuple[Neighbour, ...]:
    """By distance, then by id."""
    return tuple(sorted(found, key=lambda one: (one.distance, order(one.id))))


def _from_least(circle: Sequence[str]) -> Ids:
    start = min(range(len(circle)), key=lambda index: order(circle[index]))
    return (*circle[start:], *circle[:start])


def _by_size(groups: Iterable[Iterable[str]]) -> tuple[Ids, ...]:
    found = [tuple(sorted(group, key=order)) for group in groups]
    return tuple(sorted(found, key=lambda group: (-len(group), order(group[0]))))
