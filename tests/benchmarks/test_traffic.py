"""Our writers' bytes are those that pycrdt makes; a long document is what it says."""

from pycrdt import Doc, Text, merge_updates

from benchmarks.markers import SIZE, marker
from benchmarks.suites.documents import marked, text_of
from benchmarks.traffic import (
    ROOT,
    as_update,
    client_id,
    cursors,
    edits,
    long_document,
    paragraph,
    varint,
)
from server.protocol.messages import Limits, Presence, SyncUpdate, decode


def test_edits_are_what_pycrdt_makes_byte_for_byte() -> None:
    doc: Doc[Text] = Doc({ROOT.decode(): (text := Text())}, client_id=client_id(9))
    made: list[bytes] = []
    doc.observe(lambda event: made.append(event.update))
    for seq in range(300):
        text.insert(seq * SIZE, marker(9, seq).decode())
    assert list(edits(9, 300)) == [as_update(update) for update in made]


def test_edits_can_go_on_where_others_ended() -> None:
    assert list(edits(1, 5)) == [*edits(1, 2), *edits(1, 3, start=2)]


def test_a_paragraph_has_its_size_and_pieces() -> None:
    pieces = paragraph(1_000, piece=300)
    assert len(pieces) == 4
    assert len(text_of(merge_updates(*pieces))) == 1_000


def test_a_long_document_is_the_same_each_time_and_deletes_some() -> None:
    once = long_document(5_000, per_update=4, seed=8)
    again = long_document(5_000, per_update=4, seed=8)
    assert text_of(merge_updates(*once)) == text_of(merge_updates(*again))
    assert 500 < len(text_of(merge_updates(*once))) < 5_000


def test_marked_updates_hold_the_text_and_the_markers() -> None:
    updates = long_document(2_000, per_update=4, seed=8)
    doc: Doc[Text] = Doc({ROOT.decode(): (text := Text())})
    for message in marked(updates, 0):
        doc.apply_update(message[2 + len(varint(len(message))) :])
    assert len(str(text)) == len(text_of(merge_updates(*updates))) + SIZE * len(updates)


def test_every_message_is_well_formed_for_our_own_server() -> None:
    for message in (*edits(3, 40), *cursors(3, 40)):
        (decoded,) = decode(message, Limits())
        assert isinstance(decoded, SyncUpdate | Presence)


def test_a_writers_presence_has_one_client_id_and_clocks_that_ascend() -> None:
    states = [decode(message, Limits())[0] for message in cursors(3, 5)]
    entries = [entry for state in states if isinstance(state, Presence) for entry in state.entries]
    assert [entry.clock for entry in entries] == [1, 2, 3, 4, 5]
    assert {entry.client for entry in entries} == {client_id(3)}
