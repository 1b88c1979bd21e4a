"""Every clock is found in the element and field that it was written into."""

from collections.abc import Callable
from contextlib import closing
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from server.document.live import Document
from server.document.nodes import NewNode, NodeChange, add_node, change_node, remove_node
from server.document.pieces import Piece, joined, ranges
from server.document.plan import NewSection, SectionChange, add_section, change_section, section
from server.document.replica import Replica
from server.document.whereabouts import Place, Spot, Whereabouts
from server.protocol.ids import ClientId

IDS = ("a", "b")
WORDS = st.sampled_from(["x", "é😀", "日本 ", "y z"])
ACTS = st.tuples(st.integers(0, 1), st.sampled_from(IDS), st.integers(0, 3), WORDS, st.booleans())


def act(kind: int, id: str, word: str) -> tuple[Callable[[Document], object], Place]:
    match kind:
        case 0:
            return lambda doc: _type(doc, id, word), Place("plan", id, "body")
        case 1:
            change = NodeChange(label=word)
            return lambda doc: change_node(doc, id, change), Place("nodes", id, "label")
        case 2:
            title = SectionChange(title=word)
            return lambda doc: change_section(doc, id, title), Place("plan", id, "title")
        case _:
            text = NodeChange(content=word)
            return lambda doc: change_node(doc, id, text), Place("nodes", id, "content")


def _type(doc: Document, id: str, word: str) -> None:
    body = section(doc, id).body
    place = len(body) // 2
    change_section(doc, id, SectionChange(body=body[:place] + word + body[place:]))


def begun() -> Replica:
    replica = Replica()
    for id in IDS:
        replica.edit(partial(add_section, new=NewSection(id, "s", "ab")), ignore)
        replica.edit(partial(add_node, new=NewNode(id, "n", content="c")), ignore)
    return replica


def ignore(event: bytes) -> None:
    """Admit everything."""


@settings(max_examples=15)
@given(st.lists(ACTS, max_size=12))
def test_what_is_written_is_found_where_it_was_written(
    acts: list[tuple[int, str, int, str, bool]],
) -> None:
    with closing(begun()) as one, closing(Replica.load([one.full()])) as other:
        replicas = (one, other)
        where = Whereabouts()
        where.note(one.full())
        events: list[tuple[bytes, Place]] = []
        for who, id, kind, word, pull in acts:
            change, place = act(kind, id, word)
            if pull:
                for replica in replicas:
                    for past, _ in events:
                        replica.apply(past)
            _, event = replicas[who].edit(change, ignore)
            if event is not None:
                events.append((event, place))
                where.note(event)
        for said, place in events:
            structs, deletes = ranges(said)
            assert {found for _, found in where.places([*structs, *deletes])} == {place}
        fresh = Whereabouts()
        for replica in replicas:
            for said, _ in events:
                replica.apply(said)
        fresh.note(one.full())
        for said, place in events:
            assert {one for _, one in fresh.places(ranges(said).structs)} <= {place}


def test_an_element_is_found_with_all_its_parts_and_not_once_it_is_gone() -> None:
    with closing(Replica()) as replica:
        _, event = replica.edit(lambda doc: add_node(doc, NewNode("n", "l", content="x")), ignore)
        assert event is not None
        where = Whereabouts()
        where.note(event)
        runs = ranges(event).structs
        assert {place.spot for _, place in where.places(runs)} == {Spot("nodes", "n")}
        assert {place.field for _, place in where.places(runs)} == {
            *("", "label", "kind", "x", "y", "content"),
        }
        replica.edit(lambda doc: remove_node(doc, "n"), ignore)
        after = Whereabouts()
        after.note(replica.full())
        assert {place.field for _, place in after.places(runs)} <= {""}
        assert after.place((replica.client_id, 10**6)) is None


def test_structs_that_wait_for_each_other_are_nowhere() -> None:
    def beside(client: int, other: int) -> Piece:
        return Piece(ClientId(client), 0, 1, 1, b"\x84" + bytes([other, 0]) + b"\x01x")

    where = Whereabouts()
    where.note(joined([beside(1, 2), beside(2, 1)]))
    assert where.place((1, 0)) is None
    assert where.place((2, 0)) is None
