"""Cutting an update loses nothing, and leaves no gap in any piece."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.pieces import deletion, ranges, split
from server.document.updates import merge
from server.protocol.errors import PeerError
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, missing
from server.protocol.update import EMPTY_UPDATE, inspect
from tests.server.document.histories import document, histories, meaning


@given(histories(), st.randoms(use_true_random=False))
def test_pieces_and_deletions_together_say_what_the_update_said_L4(
    updates: list[bytes], random: Any
) -> None:
    gappy = merge(random.sample(updates, k=random.randint(1, len(updates))))
    pieces, deletes = split(gappy)
    shape = inspect(gappy)
    assert deletes == shape.deletes
    assert [piece.run for piece in pieces] == list(shape.structs)
    for piece in pieces:
        assert inspect(piece.payload).structs == (piece.run,)
        assert inspect(piece.payload).deletes == ()
    rejoined = merge([piece.payload for piece in pieces] + [deletion(deletes)])
    assert inspect(rejoined).structs == shape.structs
    assert missing(inspect(rejoined).deletes, ()) == missing(deletes, ())


@given(histories())
def test_the_pieces_of_a_whole_document_make_that_document(updates: list[bytes]) -> None:
    whole = document(updates).get_update()
    pieces, deletes = split(whole)
    # Merged, because each author's piece alone may wait for another's.
    rejoined = merge([piece.payload for piece in pieces] + [deletion(deletes)])
    assert meaning(document([rejoined])) == meaning(document(updates))


@given(histories())
def test_ranges_are_read_as_inspect_reads_them(updates: list[bytes]) -> None:
    for update in updates:
        shape = inspect(update)
        assert ranges(update) == (shape.structs, shape.deletes)


def test_a_deletion_names_exactly_its_ranges() -> None:
    gone = (
        ClockRange(ClientId(7), 0, 3),
        ClockRange(ClientId(7), 500, 1000),
        ClockRange(ClientId(2**40), 9, 10),
    )
    assert inspect(deletion(gone)).deletes == gone
    assert deletion(()) == EMPTY_UPDATE


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\x05\x01\x00", b"\x00\x01\x01\x05"])
def test_what_ends_early_is_malformed_L7(data: bytes) -> None:
    with pytest.raises(PeerError):
        ranges(data)
    with pytest.raises(PeerError):
        split(data)
