"""A run is taken back, and nothing of anybody else (L10)."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.document.edges import EdgeChange, NewEdge, add_edge, change_edge
from server.document.live import Document
from server.document.nodes import NewNode, NodeChange, add_node, change_node, remove_node
from server.document.offsets import insert_text
from server.document.plan import (
    NewSection,
    SectionChange,
    add_section,
    append_body,
    change_section,
    remove_section,
    section,
)
from server.document.proposals import (
    How,
    NewProposal,
    add_proposal,
    extend_proposal,
    proposals_of,
    reject_proposal,
)
from server.document.replica import Replica
from server.document.reverting import take_back, taking_of
from server.document.schema import ProjectView, read_project, seed
from server.document.whereabouts import Spot
from server.document.writing import root_of

Change = Callable[[Document], object]


class House:
    """A document in which a run and people write, each under a client id of their own."""

    def __init__(self) -> None:
        self.room = Replica.load([seed(1, "Plan")])
        self.rows: list[bytes] = []
        self._run = Replica.load([self.room.full()])
        self._person = Replica.load([self.room.full()])

    def run(self, change: Change) -> None:
        self.rows.append(self._write(self._run, change))

    def person(self, change: Change) -> None:
        self._write(self._person, change)

    def revert(self, before_it_is_done: Callable[[], None] = lambda: None) -> ProjectView:
        taking = taking_of(self.rows, self.room.full())
        before_it_is_done()
        done, _ = self.room.edit(partial(take_back, taking=taking), lambda _: None)
        self.removed, self.kept = done.removed, done.kept
        again = taking_of(self.rows, self.room.full())
        assert (again.elements, again.deletion) == ({}, b"\0\0")
        return read_project(self.room)

    def close(self) -> None:
        for replica in (self.room, self._run, self._person):
            replica.close()

    def _write(self, replica: Replica, change: Change) -> bytes:
        replica.apply(self.room.full())
        _, event = replica.edit(change, lambda _: None)
        assert event is not None
        self.room.apply(event)
        return event


@pytest.fixture
def house() -> Iterator[House]:
    found = House()
    yield found
    found.close()


def typed(id: str, before: str, text: str) -> Change:
    """Somebody types ``text`` where the body says ``before``."""

    def change(doc: Document) -> object:
        body = section(doc, id).body
        return change_section(doc, id, SectionChange(body=body.replace(before, before + text)))

    return change


def test_L10_everything_that_only_the_run_wrote_goes(house: House) -> None:
    house.person(lambda doc: add_node(doc, NewNode("theirs", "T")))
    before = read_project(house.room)
    house.run(lambda doc: add_section(doc, NewSection("s", "S", "text")))
    house.run(lambda doc: append_body(doc, "s", " more"))
    house.run(lambda doc: add_node(doc, NewNode("a", "A", content="x")))
    house.run(lambda doc: add_edge(doc, NewEdge("e", "a", "theirs")))
    new = NewProposal("p", "r", Spot("plan", "s"), How.APPEND, text="x")
    house.run(lambda doc: add_proposal(doc, new))
    house.person(lambda doc: change_node(doc, "a", NodeChange(x=5.0)))
    house.person(lambda doc: reject_proposal(doc, "p"))
    assert house.revert() == before
    assert house.room.read(proposals_of) == ()
    assert house.kept == frozenset()
    assert len(house.removed) == 4


def test_L10_characters_of_people_in_and_around_the_runs_text_stay(house: House) -> None:
    house.person(lambda doc: add_section(doc, NewSection("old", "Old", "é mine. ")))
    house.run(lambda doc: append_body(doc, "old", "ROBOT😀TEXT"))
    house.run(lambda doc: add_section(doc, NewSection("s", "S", "AGENT")))
    house.person(typed("old", "ROBOT", "日本"))
    house.person(typed("s", "AGENT", " hello"))
    view = house.revert()
    assert [(s.title, s.body) for s in view.sections] == [("Old", "é mine. 日本"), ("S", " hello")]
    assert house.kept == {Spot("plan", "s")}


def test_L10_an_element_that_somebody_named_or_joined_stays_with_what_it_needs(
    house: House,
) -> None:
    for id in "abcd":
        house.run(partial(add_node, new=NewNode(id, id, content="text")))
    house.run(lambda doc: add_edge(doc, NewEdge("bc", "b", "c")))
    house.run(lambda doc: add_edge(doc, NewEdge("cd", "c", "d")))
    house.person(lambda doc: change_node(doc, "a", NodeChange(label="mine")))
    house.person(lambda doc: change_edge(doc, "bc", EdgeChange(label="mine")))
    house.person(lambda doc: add_node(doc, NewNode("x", "X")))
    view = house.revert()
    assert [(n.id, n.label, n.content) for n in view.nodes] == [
        ("a", "mine", ""),
        ("b", "b", ""),
        ("c", "c", ""),
        ("x", "X", ""),
    ]
    assert [e.id for e in view.edges] == ["bc"]
    assert view.problems == ()


def test_L10_what_people_deleted_stays_deleted(house: House) -> None:
    house.run(lambda doc: add_node(doc, NewNode("a", "A")))
    house.run(lambda doc: add_section(doc, NewSection("s", "S", "abc")))
    house.person(lambda doc: remove_node(doc, "a"))
    house.person(lambda doc: change_section(doc, "s", SectionChange(body="c")))
    assert house.revert().sections == ()
    assert house.removed == {Spot("plan", "s")}


def test_L10_what_others_do_while_it_is_looked_at_stays(house: House) -> None:
    for id in "stu":
        house.run(partial(add_section, new=NewSection(id, id, "abc")))
        house.run(partial(add_node, new=NewNode(id, id)))

    def meanwhile() -> None:
        house.person(typed("s", "a", "1日"))
        house.person(lambda doc: change_node(doc, "s", NodeChange(label="mine")))
        house.person(lambda doc: add_edge(doc, NewEdge("e", "t", "t")))
        house.person(lambda doc: remove_node(doc, "u"))

    view = house.revert(meanwhile)
    assert [(one.id, one.body) for one in view.sections] == [("s", "1日")]
    assert [one.id for one in view.nodes] == ["s", "t"]
    assert set(house.kept) == {Spot("plan", "s"), Spot("nodes", "s"), Spot("nodes", "t")}


def test_L10_an_element_that_somebody_has_put_there_anew_stays(house: House) -> None:
    house.run(lambda doc: add_section(doc, NewSection("s", "S", "abc")))
    house.person(lambda doc: remove_section(doc, "s"))
    house.person(lambda doc: add_section(doc, NewSection("s", "S", "mine")))
    assert [one.body for one in house.revert().sections] == ["mine"]


def test_L10_a_proposal_in_which_somebody_has_written_stays(house: House) -> None:
    house.person(lambda doc: add_section(doc, NewSection("s", "S")))
    new = NewProposal("p", "r", Spot("plan", "s"), How.APPEND, text="theirs")
    house.run(lambda doc: add_proposal(doc, new))
    house.person(lambda doc: extend_proposal(doc, "p", "mine"))
    house.revert()
    assert [one.text for one in house.room.read(proposals_of)] == ["mine"]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30), st.sampled_from(["é", "😀", "xy"]))))
def test_L10_of_any_mixture_exactly_the_others_remain(
    acts: list[tuple[bool, int, str]],
) -> None:
    house = House()
    house.person(lambda doc: add_section(doc, NewSection("s", "S", "")))
    mine: list[bool] = []
    for is_run, at, word in acts:
        place = min(at, len(mine))
        mine[place:place] = [is_run] * len(word)
        write = house.run if is_run else house.person
        write(partial(_insert, at=place, word=word))
    body = read_project(house.room).sections[0].body
    left = "".join(char for char, run in zip(body, mine, strict=True) if not run)
    assert house.revert().sections[0].body == left
    house.close()


def _insert(doc: Document, at: int, word: str) -> None:
    insert_text(root_of(doc, "plan")["s"]["body"], at, word)
