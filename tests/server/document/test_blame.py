"""Who wrote which character, against a ledger kept by hand (L3, L4)."""

from typing import Any

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.authorship import Authorship
from server.document.blame import Span, blame
from server.document.elements import ElementRef, Kind
from server.document.offsets import delete_text, insert_text
from server.document.pieces import ranges
from server.protocol.errors import NotFound
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange

SECTION = ElementRef(Kind.SECTION, "s")
WORDS = ("a", "bc", "é", "😀", "日本", "👩‍👩‍👧")


class Writers:
    """Several people at one section, and a ledger of who wrote each character."""

    def __init__(self) -> None:
        self.doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=99)
        self.authorship: Authorship[str] = Authorship()
        self.ledger: list[tuple[str, str]] = []
        self.peers: dict[str, pycrdt.Doc[Any]] = {}
        body = pycrdt.Map({"title": "T", "rank": "a", "body": pycrdt.Text("")})
        self.doc.get("plan", type=pycrdt.Map)["s"] = body

    def write(self, who: str, at: int, word: str, cut: int) -> None:
        """Insert a word and delete some characters before it."""
        peer = self.peers.setdefault(who, pycrdt.Doc(client_id=1 + len(self.peers)))
        peer.apply_update(self.doc.get_update(peer.get_state()))
        text = peer.get("plan", type=pycrdt.Map)["s"]["body"]
        at %= len(self.ledger) + 1
        before = peer.get_state()
        cut = min(cut, at)
        insert_text(text, at, word)
        delete_text(text, at - cut, at)
        self.ledger[at - cut : at] = [(letter, who) for letter in word]
        update = peer.get_update(before)
        self.authorship.note(who, ranges(update).structs)
        self.doc.apply_update(update)

    def spans(self) -> list[tuple[str, str | None]]:
        """What blame says, letter by letter."""
        found = blame(self.doc.get_update(), SECTION, self.authorship)
        return [(letter, span.author) for span in found for letter in span.text]


strokes = st.lists(
    st.tuples(
        st.sampled_from(("ada", "bob", "run 7")),
        st.integers(0, 40),
        st.sampled_from(WORDS),
        st.integers(0, 3),
    ),
    max_size=25,
)


@given(strokes)
def test_every_surviving_character_has_the_author_who_typed_it_L4(
    script: list[tuple[str, int, str, int]],
) -> None:
    writers = Writers()
    for stroke in script:
        writers.write(*stroke)
    assert writers.spans() == writers.ledger


def test_neighbours_of_one_author_are_one_span() -> None:
    writers = Writers()
    writers.write("ada", 0, "one ", 0)
    writers.write("ada", 4, "two ", 0)
    writers.write("bob", 4, "😀", 0)
    found = blame(writers.doc.get_update(), SECTION, writers.authorship)
    assert found == (Span("one ", "ada"), Span("😀", "bob"), Span("two ", "ada"))


def test_what_nobody_is_known_to_have_written_is_told_as_such() -> None:
    writers = Writers()
    writers.write("ada", 0, "ada", 0)
    stranger: pycrdt.Doc[Any] = pycrdt.Doc(client_id=77)
    stranger.apply_update(writers.doc.get_update())
    stranger.get("plan", type=pycrdt.Map)["s"]["body"].insert(1, "??")
    writers.doc.apply_update(stranger.get_update())
    found = blame(writers.doc.get_update(), SECTION, writers.authorship)
    assert found == (Span("a", "ada"), Span("??", None), Span("da", "ada"))


def test_an_embed_takes_a_unit_and_is_no_text() -> None:
    writers = Writers()
    writers.write("ada", 0, "ab", 0)
    writers.doc.get("plan", type=pycrdt.Map)["s"]["body"].insert_embed(1, {"image": "x"})
    writers.write("bob", 2, "c", 0)
    found = blame(writers.doc.get_update(), SECTION, writers.authorship)
    assert "".join(span.text for span in found) == "abc"
    assert [span.author for span in found if span.text == "c"] == ["bob"]


def test_an_element_without_a_text_is_not_found() -> None:
    writers = Writers()
    for ref in (ElementRef(Kind.SECTION, "no"), ElementRef(Kind.EDGE, "s")):
        with pytest.raises(NotFound):
            blame(writers.doc.get_update(), ref, writers.authorship)


def test_what_is_sent_again_keeps_its_first_author_L3() -> None:
    authorship: Authorship[str] = Authorship()
    client = ClientId(5)
    authorship.note("ada", [ClockRange(client, 10, 20)])
    authorship.note("bob", [ClockRange(client, 0, 30)])
    authorship.note("ada", [ClockRange(client, 25, 35)])
    parts = list(authorship.of(ClockRange(client, 5, 40)))
    assert [(run.start, run.end, who) for run, who in parts] == [
        (5, 10, "bob"),
        (10, 20, "ada"),
        (20, 30, "bob"),
        (30, 35, "ada"),
        (35, 40, None),
    ]
    assert list(authorship.of(ClockRange(ClientId(6), 0, 1))) == [
        (ClockRange(ClientId(6), 0, 1), None)
    ]
