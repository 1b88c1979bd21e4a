"""What fits goes in whole and in one order, and a replay of the log ends like the room."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.document.fitting import Marks, fit
from server.document.pieces import Piece, cut, joined, read_head, split
from server.document.replica import Replica
from server.document.updates import subtract
from server.protocol.errors import PeerError
from server.protocol.ids import ClientId
from server.protocol.update import write_state_vector
from tests.server.document.histories import document, histories, meaning
from tests.server.protocol.updates import ref, section, text, update

A, B = ClientId(5), ClientId(6)


def letter(client: int, clock: int, after: tuple[int, int]) -> bytes:
    """One letter behind an item."""
    return update(section(client, clock, b"\x84" + ref(*after) + b"\x01x"))


def numbered(*updates: bytes) -> dict[int, Piece]:
    """The pieces of updates, in order."""
    return dict(enumerate(piece for update in updates for piece in split(update)[0]))


@given(histories())
def test_all_of_a_document_fits_an_empty_one(updates: list[bytes]) -> None:
    made = document(updates)
    pieces, deletes = split(made.get_update())
    found = fit(dict(enumerate(pieces)), range(len(pieces)), {}, {})
    assert set(found.rests.values()) <= {None}
    again = joined((piece for _, piece in found.taken), deletes)
    assert meaning(document([again])) == meaning(made)


def test_pieces_that_need_each_other_go_in_together() -> None:
    braid = update(
        section(A, 0, text("x"), b"\x84" + ref(B, 0) + b"\x01x"),
        section(B, 0, b"\x84" + ref(A, 0) + b"\x01x"),
    )
    found = fit(numbered(braid), (0, 1), {}, {})
    assert [(number, piece.run[1:]) for number, piece in found.taken] == [
        (0, (0, 1)),
        (1, (0, 1)),
        (0, (1, 2)),
    ]
    assert found.ends == {A: 2, B: 1}


def test_who_came_first_is_taken_where_two_say_different_things() -> None:
    pieces = numbered(letter(A, 3, (A, 2)), letter(A, 3, (A, 1)), letter(A, 4, (A, 3)))
    found = fit(pieces, pieces, {}, {A: 3})
    assert [number for number, _ in found.taken] == [0, 2]
    assert found.rests == {0: None, 1: None, 2: None}


def test_what_lacks_something_waits_until_that_has_come() -> None:
    marks: Marks = {}
    pieces = numbered(letter(A, 1, (B, 4)))
    found = fit(pieces, pieces, marks, {A: 1})
    assert found.taken == []
    assert found.rests == pieces
    assert marks == {B: [(5, 0)], A: [(2, 0)]}
    assert fit(pieces, pieces, {}, {A: 1, B: 5}).ends == {A: 2}


def test_a_circle_waits_and_is_walked_once() -> None:
    pieces = numbered(letter(A, 0, (B, 0)), letter(B, 0, (A, 0)))
    assert fit(pieces, pieces, {}, {}).taken == []


@pytest.mark.parametrize(
    "struct",
    [
        text("a😀日本bc"),
        b"\x08\x01\x01a\x04\x7d\x01\x77\x01b\x7e\x75\x01\x7e",
        b"\x01\x01\x01t\x04",
        b"\x84" + ref(9, 3) + b"\x04abcd",
        b"\xc4" + ref(9, 3) + ref(9, 7) + b"\x04abcd",
    ],
)
@pytest.mark.parametrize("units", [1, 3])
def test_a_struct_is_cut_as_yjs_cuts_it(struct: bytes, units: int) -> None:
    whole = update(section(A, 2, struct))
    theirs = subtract(whole, write_state_vector({A: 2 + units}))
    ours = cut(struct, read_head(struct, 0), units, (A, 1 + units))
    assert update(section(A, 2 + units, ours)) == theirs


def test_half_a_character_is_left_as_a_replacement() -> None:
    struct = text("😀x")
    assert cut(struct, read_head(struct, 0), 1, (A, 0)).endswith("\ufffdx".encode())


def test_garbage_is_cut_in_length() -> None:
    assert cut(b"\x00\x05", read_head(b"\x00\x05", 0), 2, (A, 1)) == b"\x00\x03"


@settings(max_examples=200)
@given(histories(), histories(), st.randoms(use_true_random=False))
def test_a_log_of_two_pasts_under_the_same_ids_makes_the_room_again__L3(
    one: list[bytes], other: list[bytes], random: Any
) -> None:
    """Redundant and refused edits leave no trace, whatever contradicts whatever."""
    order = random.choices(one + other, k=2 * len(one + other))
    rows: list[bytes] = []
    with contextlib.closing(Replica()) as live:
        for row in order:
            if random.random() < 0.2:
                row = spoiled(row, random)
            with contextlib.suppress(PeerError):
                applied = live.apply(row)
                if applied.event is not None or applied.parked:
                    rows.append(row)
        with contextlib.closing(Replica.load(rows)) as cold:
            assert cold.moment() == live.moment()
            assert cold.full() == live.full()
            assert cold.parked() == live.parked()


def spoiled(row: bytes, random: Any) -> bytes:
    """A byte of it changed."""
    at = random.randrange(len(row))
    return row[:at] + bytes((random.randrange(256),)) + row[at + 1 :]
