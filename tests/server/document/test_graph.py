"""Questions about a graph, against answers found the long way."""

import itertools
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.graph import Direction, Graph, Links, Neighbour, links_of
from server.document.schema import Edge, Node
from server.protocol.errors import NotFound

IDS = "abcde"
pairs = st.sets(st.tuples(st.sampled_from(IDS), st.sampled_from(IDS)))
Pairs = set[tuple[str, str]]


def graph_of(edges: Pairs) -> Graph:
    return Graph(Links(tuple(IDS), tuple(edges)))


def reach(edges: Pairs, start: str, depth: int) -> dict[str, int]:
    found = {start: 0}
    for step in range(1, depth + 1):
        for a, b in edges:
            if found.get(a) == step - 1 and b not in found:
                found[b] = step
    return found


@given(pairs, st.sampled_from(IDS), st.integers(1, 5), st.sampled_from(Direction))
def test_neighbours_are_those_in_reach(
    edges: Pairs, start: str, depth: int, direction: Direction
) -> None:
    back = {(b, a) for a, b in edges}
    seen = {Direction.OUT: edges, Direction.IN: back, Direction.BOTH: edges | back}[direction]
    wanted = reach(seen, start, depth)
    del wanted[start]
    found = graph_of(edges).neighbours(start, direction, depth)
    assert {one.id: one.distance for one in found} == wanted
    assert list(found) == sorted(found, key=lambda one: (one.distance, one.id))


@given(pairs, st.sampled_from(IDS), st.sampled_from(IDS))
def test_paths_are_all_shortest_ones(edges: Pairs, source: str, target: str) -> None:
    ways = [
        way
        for length in range(1, len(IDS) + 1)
        for way in itertools.permutations(IDS, length)
        if (way[0], way[-1]) == (source, target) and set(itertools.pairwise(way)) <= edges
    ]
    shortest = {way for way in ways if len(way) == len(ways[0])}
    assert set(graph_of(edges).paths(source, target, 1000)) == shortest
    assert len(graph_of(edges).paths(source, target, 1)) == min(1, len(shortest))


@given(pairs)
def test_cycles_are_all_simple_ones_each_once(edges: Pairs) -> None:
    wanted = {
        way
        for length in range(1, len(IDS) + 1)
        for way in itertools.permutations(IDS, length)
        if way[0] == min(way) and {*itertools.pairwise(way), (way[-1], way[0])} <= edges
    }
    found = graph_of(edges).cycles(10_000)
    assert set(found) == wanted
    assert len(found) == len(wanted)
    assert len(graph_of(edges).cycles(2)) == min(2, len(wanted))


@given(pairs)
def test_components_and_knots(edges: Pairs) -> None:
    both = edges | {(b, a) for a, b in edges}
    groups = {tuple(sorted(reach(both, id, 5))) for id in IDS}
    assert set(graph_of(edges).components()) == groups
    to = {id: set(reach(edges, id, 5)) for id in IDS}
    knots = {tuple(b for b in IDS if b in to[a] and a in to[b]) for a in IDS}
    assert set(graph_of(edges).knots()) == {knot for knot in knots if len(knot) > 1}


def test_edges_without_an_end_are_none_and_unknown_nodes_are_named() -> None:
    graph = Graph(links_of([Node("a", "", "", 0, 0, "")], [Edge("e", "a", "gone", "")]))
    assert graph.neighbours("a", Direction.BOTH, 5) == ()
    for ask in (
        lambda: graph.neighbours("gone", Direction.OUT, 1),
        lambda: graph.paths("gone", "a", 1),
        lambda: graph.paths("a", "gone", 1),
    ):
        with pytest.raises(NotFound, match="gone"):
            ask()


def test_a_large_graph_is_answered_although_it_has_more_ways_than_can_be_counted() -> None:
    rungs = tuple(f"{side}{n}" for n in range(2000) for side in "lr")
    ways = [(f"{a}{n}", f"{b}{n + 1}") for n in range(1999) for a in "lr" for b in "lr"]
    graph = Graph(Links(rungs, (*ways, ("l1999", "l0"))))
    assert len(graph.paths("l0", "r1999", 10)) == 10
    assert len(graph.cycles(10)) == 10
    assert graph.neighbours("l0", Direction.OUT, 1) == (Neighbour("l1", 1), Neighbour("r1", 1))


def test_no_command_waits_for_the_library_to_load() -> None:
    ask = "import sys, server.document.graph; print('networkx' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, check=True, text=True)
    assert said.stdout.strip() == "False"
