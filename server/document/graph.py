"""Questions about the graph of a project: who is near whom, by which ways, in which circles.

Pure, on records. Edges are directed, several between two nodes count as one, and an edge
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


class Graph:
    """A graph to be asked."""

    def __init__(self, nodes: Iterable[Node], edges: Iterable[Edge]) -> None:
        import networkx

        self._lib = networkx
        self._graph = networkx.DiGraph()
        self._graph.add_nodes_from(node.id for node in nodes)
        known = self._graph.nodes
        self._graph.add_edges_from(
            (edge.source, edge.target)
            for edge in edges
            if edge.source in known and edge.target in known
        )

    def neighbours(self, id: str, direction: Direction, depth: int) -> tuple[Neighbour, ...]:
        """Everybody up to ``depth`` edges away, nearest first. Raises ``NotFound``."""
        graph = self._facing(direction)
        self._require(id)
        reached = self._lib.single_source_shortest_path_length(graph, id, cutoff=depth)
        found = (Neighbour(other, steps) for other, steps in reached.items() if other != id)
        return tuple(sorted(found, key=lambda one: (one.distance, order(one.id))))

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
            raise NotFound(f"there is no node {shorten(id)}")


def _from_least(circle: Sequence[str]) -> Ids:
    start = min(range(len(circle)), key=lambda index: order(circle[index]))
    return (*circle[start:], *circle[:start])


def _by_size(groups: Iterable[Iterable[str]]) -> tuple[Ids, ...]:
    found = [tuple(sorted(group, key=order)) for group in groups]
    return tuple(sorted(found, key=lambda group: (-len(group), order(group[0]))))
