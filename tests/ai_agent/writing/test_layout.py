"""Nodes lie beside each other, whoever put them there."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_agent.writing.layout import HEIGHT, STEP_X, STEP_Y, WIDTH, Layout, Point

COORDINATES = st.floats(-2000, 2000) | st.sampled_from([0.0, 1e300, -1e308, STEP_X, STEP_Y])
PEOPLE = st.dictionaries(
    st.sampled_from([f"p{n}" for n in range(12)]), st.builds(Point, COORDINATES, COORDINATES)
)
ENDS = st.integers(0, 19)
STEPS = st.lists(st.just("node") | st.tuples(ENDS, ENDS), max_size=40)


def overlap(one: Point, other: Point) -> bool:
    return abs(one.x - other.x) < WIDTH and abs(one.y - other.y) < HEIGHT


def run(people: dict[str, Point], steps: list[str | tuple[int, int]]) -> dict[str, Point]:
    """The places of our nodes after these steps."""
    layout = Layout(people)
    ours: dict[str, Point] = {}
    for step in steps:
        if isinstance(step, tuple):
            names = [*ours, *people]
            ends = [names[end] for end in step if end < len(names)]
            if len(ends) == 2:
                layout.join(*ends)
                ours.update((id, found) for id in ends if id in ours and (found := layout.pull(id)))
        else:
            ours[f"n{len(ours)}"] = layout.place(f"n{len(ours)}")
    return ours


@settings(max_examples=30)
@given(PEOPLE, STEPS)
def test_no_node_of_ours_lies_on_another(
    people: dict[str, Point], steps: list[str | tuple[int, int]]
) -> None:
    ours = run(people, steps)
    for id, place in ours.items():
        others = [*people.values(), *(other for key, other in ours.items() if key != id)]
        assert not any(overlap(place, other) for other in others)
    assert run(people, steps) == ours


def test_nodes_come_in_rows_below_what_is_there() -> None:
    layout = Layout({"p": Point(100, 50)})
    places = [layout.place(f"n{n}") for n in range(5)]
    below = 50 + STEP_Y
    assert places[:2] == [Point(100, below), Point(100 + STEP_X, below)]
    assert places[4] == Point(100, below + STEP_Y)


def test_an_edge_pulls_a_node_to_its_neighbour_beside_what_lies_there() -> None:
    layout = Layout({"p": Point(5000, 0), "q": Point(5000, STEP_Y), "z": Point(0, 0)})
    layout.place("n")
    layout.join("n", "p")
    assert layout.pull("n") == Point(5000, 2 * STEP_Y)
    assert layout.pull("n") is None


@pytest.mark.parametrize("aside", [-230.0, -50.0, 0.0, 50.0, 230.0])
@pytest.mark.parametrize("above", [-110.0, -30.0, 0.0, 30.0, 110.0])
def test_wherever_somebodys_node_lies_a_pulled_one_keeps_the_gap(
    aside: float, above: float
) -> None:
    there = Point(5000 + aside, STEP_Y + above)
    layout = Layout({"p": Point(5000, 0), "q": there, "z": Point(0, 0)})
    layout.place("n")
    layout.join("n", "p")
    pulled = layout.pull("n")
    assert pulled is not None
    assert pulled != Point(5000, STEP_Y)
    for x, y in (there, Point(5000, 0)):
        assert abs(pulled.x - x) >= STEP_X or abs(pulled.y - y) >= STEP_Y


def test_a_node_that_somebody_moves_makes_room_where_it_was() -> None:
    layout = Layout({})
    first = layout.place("a")
    layout.see("a", Point(-3000, 0))
    layout.see("b", None)
    again = Layout({}).place("a")
    assert first == again == Point(0, 0)
    layout.place("b")
    layout.join("b", "c")
    assert layout.pull("b") is None


def test_a_node_is_not_in_its_own_way() -> None:
    layout = Layout({"p": Point(0, 0), "n": Point(230, 150)})
    layout.join("n", "p")
    assert layout.pull("n") == Point(0, STEP_Y)


def test_a_node_that_is_gone_is_not_pulled() -> None:
    layout = Layout({"p": Point(0, 0)})
    layout.join("gone", "p")
    assert layout.pull("gone") is None


def test_a_node_whose_neighbours_lie_in_a_crowd_stays() -> None:
    crowd = {f"p{n}": Point(n % 40 * STEP_X, n // 40 * STEP_Y) for n in range(1600)}
    layout = Layout(crowd)
    layout.place("n")
    layout.join("n", "p820")
    assert layout.pull("n") is None


def test_a_thousand_nodes_find_room_among_a_thousand() -> None:
    people = {f"p{n}": Point(7.0 * n, 3.0 * n) for n in range(1000)}
    layout = Layout(people)
    places = [layout.place(f"n{n}") for n in range(1000)]
    assert len(set(places)) == 1000
