"""What an author has made goes, and nothing that anybody else has (L10)."""

from functools import partial
from typing import Any

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.authorship import Authorship
from server.document.elements import FORMS, Kind
from server.document.offsets import insert_text
from server.document.pieces import ranges
from server.document.proposals import (
    How,
    NewProposal,
    add_proposal,
    extend_proposal,
    proposals_of,
    reject_proposal,
)
from server.document.reverting import own_of, take_back
from server.document.whereabouts import Spot

RUN, ADA = "run", "ada"


class Room:
    """A document in which everybody's updates are attributed."""

    def __init__(self) -> None:
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=9)
        self.authorship: Authorship[str] = Authorship()

    def act(self, who: str, change: Any) -> None:
        """One edit of somebody, from a fresh client."""
        peer: pycrdt.Doc[Any] = pycrdt.Doc()
        peer.apply_update(self.doc.get_update())
        before = peer.get_state()
        with peer.transaction():
            change(peer)
        update = peer.get_update(before)
        self.authorship.note(who, ranges(update).structs)
        self.doc.apply_update(update)

    def put(self, who: str, kind: Kind, name: str, /, **fields: Any) -> None:
        """A new element."""
        form = FORMS[kind]
        if form.text is not None:
            fields[form.text] = pycrdt.Text(fields.get(form.text, ""))
        self.act(who, lambda doc: root(doc, kind).__setitem__(name, pycrdt.Map(fields)))

    def type(self, who: str, name: str, at: int, words: str) -> None:
        """Words into a section."""
        self.act(who, lambda doc: insert_text(root(doc, Kind.SECTION)[name]["body"], at, words))

    def revert(self, before_it_is_done: Any = lambda: None) -> int:
        """Take the run back; answers how many elements went."""
        own = own_of(self.doc.get_update(), self.authorship, lambda who: who == RUN)
        before_it_is_done()
        with self.doc.transaction():
            return take_back(self.doc, own)

    def all(self, kind: Kind) -> dict[str, Any]:
        """The elements of a kind."""
        return root(self.doc, kind).to_py() or {}


def root(doc: Any, kind: Kind) -> Any:
    return doc.get(FORMS[kind].root, type=pycrdt.Map)


def section(room: Room, who: str = RUN, name: str = "s", body: str = "Beans") -> None:
    room.put(who, Kind.SECTION, name, title="Coffee", rank="a", body=body)


def node(room: Room, who: str, name: str) -> None:
    room.put(who, Kind.NODE, name, label=name, kind="", x=0.0, y=0.0)


def test_l10_what_nobody_touched_goes_and_what_others_made_stays() -> None:
    room = Room()
    section(room)
    section(room, ADA, "hers")
    node(room, RUN, "n")
    node(room, ADA, "hers")
    room.put(RUN, Kind.EDGE, "e", source="n", target="hers", label="uses")
    room.put(RUN, Kind.DIAGRAM, "d", title="D", kind="flowchart", source="flowchart")
    assert room.revert() == 4
    for kind in (Kind.SECTION, Kind.NODE):
        assert list(room.all(kind)) == ["hers"]
    assert room.all(Kind.EDGE) == room.all(Kind.DIAGRAM) == {}
    assert room.revert() == 0


def test_l10_a_section_in_which_somebody_has_written_stays_with_what_they_wrote() -> None:
    room = Room()
    section(room, body="Beans")
    room.type(ADA, "s", 2, "😀 mine ")
    assert room.revert() == 0
    assert room.all(Kind.SECTION)["s"]["body"] == "😀 mine "
    assert room.all(Kind.SECTION)["s"]["title"] == "Coffee"


def test_l10_words_of_the_run_in_somebodys_section_go() -> None:
    room = Room()
    section(room, ADA, body="Beans")
    room.type(RUN, "s", 5, " and milk")
    room.type(ADA, "s", 9, " cold")
    room.revert()
    assert room.all(Kind.SECTION)["s"]["body"] == "Beans cold"


def test_l10_an_element_that_somebody_has_named_anew_stays() -> None:
    room = Room()
    section(room)
    node(room, RUN, "n")
    room.act(ADA, lambda doc: root(doc, Kind.SECTION)["s"].__setitem__("title", "Tea"))
    room.act(ADA, lambda doc: root(doc, Kind.NODE)["n"].__setitem__("x", 500.0))
    room.revert()
    assert room.all(Kind.SECTION)["s"]["title"] == "Tea"
    assert room.all(Kind.NODE) == {}, "to move a thing is not to write in it"


def test_l10_a_node_at_which_somebodys_edge_ends_stays() -> None:
    room = Room()
    node(room, RUN, "n")
    node(room, RUN, "m")
    node(room, ADA, "hers")
    room.put(ADA, Kind.EDGE, "e", source="hers", target="n", label="")
    room.revert()
    assert set(room.all(Kind.NODE)) == {"n", "hers"}
    assert set(room.all(Kind.EDGE)) == {"e"}


def test_l10_an_edge_that_somebody_has_named_keeps_its_ends() -> None:
    room = Room()
    for name in "abc":
        node(room, RUN, name)
    room.put(RUN, Kind.EDGE, "ab", source="a", target="b", label="")
    room.put(RUN, Kind.EDGE, "bc", source="b", target="c", label="")
    room.act(ADA, lambda doc: root(doc, Kind.EDGE)["ab"].__setitem__("label", "mine"))
    assert room.revert() == 2
    assert set(room.all(Kind.NODE)) == {"a", "b"}
    assert set(room.all(Kind.EDGE)) == {"ab"}


def test_l10_an_edge_that_is_drawn_meanwhile_keeps_its_ends() -> None:
    room = Room()
    node(room, RUN, "n")
    node(room, RUN, "m")
    edge = {"source": "n", "target": "n", "label": ""}
    assert room.revert(lambda: room.put(ADA, Kind.EDGE, "e", **edge)) == 1
    assert set(room.all(Kind.NODE)) == {"n"}


def test_l10_proposals_of_the_run_go_unless_somebody_has_written_in_them() -> None:
    room = Room()
    section(room, ADA)
    for id in "pq":
        new = NewProposal(id, RUN, Spot("plan", "s"), How.APPEND, text="more")
        room.act(RUN, partial(add_proposal, new=new))
    room.act(ADA, lambda doc: reject_proposal(doc, "p"))
    room.act(ADA, lambda doc: extend_proposal(doc, "q", " mine"))
    assert room.revert() == 1
    (left,) = proposals_of(room.doc)
    assert (left.id, left.text) == ("q", " mine")


@pytest.mark.parametrize("words", ["x", "日本"])
def test_l10_what_is_typed_while_it_is_looked_at_stays(words: str) -> None:
    room = Room()
    section(room)
    assert room.revert(lambda: room.type(ADA, "s", 1, words)) == 0
    assert room.all(Kind.SECTION)["s"]["body"] == words


def test_an_element_that_somebody_has_put_there_anew_stays() -> None:
    room = Room()
    section(room)
    section(room, ADA, body="Mine")
    room.revert()
    assert room.all(Kind.SECTION)["s"]["body"] == "Mine"


def test_what_is_deleted_already_is_no_matter() -> None:
    room = Room()
    section(room)
    room.act(ADA, lambda doc: root(doc, Kind.SECTION).__delitem__("s"))
    assert room.revert() == 0
    assert room.all(Kind.SECTION) == {}


strokes = st.lists(
    st.tuples(st.sampled_from((RUN, ADA)), st.integers(0, 30), st.sampled_from(("a", "é😀", "日"))),
    max_size=30,
)


@given(strokes)
def test_l10_of_any_text_exactly_the_characters_of_others_are_left(
    script: list[tuple[str, int, str]],
) -> None:
    room = Room()
    section(room, ADA, body="")
    ledger: list[tuple[str, str]] = []
    for who, place, words in script:
        at = place % (len(ledger) + 1)
        room.type(who, "s", at, words)
        ledger[at:at] = [(letter, who) for letter in words]
    room.revert()
    left = "".join(letter for letter, who in ledger if who == ADA)
    assert room.all(Kind.SECTION)["s"]["body"] == left
