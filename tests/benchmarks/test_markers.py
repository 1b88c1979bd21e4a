"""Markers survive what servers do to updates, and nothing else looks like one."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Doc, Text, merge_updates

from benchmarks.markers import EDITS, SIZE, WRITERS, marker, markers
from benchmarks.traffic import ROOT, client_id, cursors, typed

NUMBERS = st.tuples(st.integers(0, WRITERS - 1), st.integers(0, EDITS - 1))


def updates(writer: int, count: int) -> list[bytes]:
    """Bare updates of one writer."""
    return [typed(client_id(writer), i * SIZE, marker(writer, i)) for i in range(count)]


@given(st.lists(NUMBERS))
def test_markers_are_read_back_in_order(numbers: list[tuple[int, int]]) -> None:
    assert list(markers(b"".join(marker(*pair) for pair in numbers))) == numbers


@given(NUMBERS)
def test_a_marker_has_its_size_and_is_not_changed_by_json(pair: tuple[int, int]) -> None:
    made = marker(*pair)
    assert len(made) == SIZE
    assert json.dumps(made.decode()) == f'"{made.decode()}"'


@pytest.mark.parametrize("pair", [(-1, 0), (WRITERS, 0), (0, EDITS), (0, -1)])
def test_what_does_not_fit_is_refused(pair: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="no marker"):
        marker(*pair)


def test_merged_updates_keep_every_marker_in_order() -> None:
    merged = merge_updates(*updates(3, 200))
    assert list(markers(merged)) == [(3, i) for i in range(200)]


def test_a_squashed_document_keeps_every_marker_of_every_writer_in_order() -> None:
    doc: Doc[Text] = Doc({ROOT.decode(): Text()})
    for pair in zip(updates(1, 300), updates(2, 300), strict=True):
        for update in pair:
            doc.apply_update(update)
    found = list(markers(doc.get_update()))
    for writer in (1, 2):
        assert [seq for who, seq in found if who == writer] == list(range(300))
    assert len(found) == 600


def test_no_update_holds_a_marker_by_chance() -> None:
    for writer in range(0, 400, 7):
        for seq, update in enumerate(updates(writer, 40)):
            assert list(markers(update)) == [(writer, seq)]


def test_presence_carries_one_marker_a_state() -> None:
    for seq, message in enumerate(cursors(5, 300)):
        assert list(markers(message)) == [(5, seq)]
