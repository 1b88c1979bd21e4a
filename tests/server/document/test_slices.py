"""A struct is cut as Yjs cuts it, never in the middle of a character."""

from typing import Any

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.slices import Place, cut, first_place, reach, read_struct
from server.protocol.update import inspect
from tests.server.document.histories import document

AUTHOR = 9
START = 6
"""Of the first struct in an update of one author with a small id, at clock 0."""
texts = st.text(st.sampled_from(["a", "é", "日", "😀", "\n"]), min_size=1, max_size=40)


def long_text(text: str) -> bytes:
    """The update of somebody who has typed this in one go."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=AUTHOR)
    doc.get("t", type=pycrdt.Text).insert(0, text)
    return doc.get_update()


def long_list(values: list[Any]) -> bytes:
    """The update of somebody who has put these into an array."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=AUTHOR)
    doc.get("a", type=pycrdt.Array).extend(values)
    return doc.get_update()


def units(text: str) -> int:
    """As JavaScript counts."""
    return len(text.encode("utf-16-le")) // 2


def first_struct(update: bytes) -> int:
    """Where it starts: behind four numbers of one byte."""
    assert update[:4] == bytes((1, 1, AUTHOR, 0))
    return 4


def parts(update: bytes, size: int) -> list[bytes]:
    """The only struct of an update, cut into updates of about that size."""
    struct = read_struct(update, first_struct(update))
    assert struct.can_be_cut
    made, place = [], first_place(update, struct)
    while place.clocks < struct.clocks:
        after = reach(update, struct, place, struct.clocks, size)
        assert after.clocks > place.clocks
        assert after.at - place.at <= max(size, 4)
        body = cut(update, struct, (AUTHOR, 0), place, after)
        made.append(bytes((1, 1, AUTHOR, place.clocks)) + body + b"\x00")
        place = after
    assert place.at == struct.end
    return made


@given(texts, st.integers(4, 50))
def test_the_parts_of_a_text_make_the_text(text: str, size: int) -> None:
    update = long_text(text)
    assert read_struct(update, 4).clocks == units(text)
    made = parts(update, size)
    assert document(made).get("t", type=pycrdt.Text).to_py() == text
    assert document(made).get_update() == update
    for part in made:
        inspect(part)


@given(st.lists(st.sampled_from([1, "two", None, [3, {"four": 5}], "😀" * 9]), min_size=2))
def test_the_parts_of_a_list_make_the_list(values: list[Any]) -> None:
    update = long_list(values)
    made = document(parts(update, 50))
    assert made.get("a", type=pycrdt.Array).to_py() == values
    assert made.get_update() == update


@given(texts, st.data())
def test_a_text_is_reached_into_up_to_a_clock_and_no_further(
    text: str, data: st.DataObject
) -> None:
    update = long_text(text)
    struct = read_struct(update, 4)
    clocks = data.draw(st.integers(0, struct.clocks))
    place = reach(update, struct, first_place(update, struct), clocks, struct.end)
    before = update[first_place(update, struct).at : place.at].decode()
    assert units(before) == place.clocks <= clocks
    assert place.clocks >= clocks - 1, "but for half a pair"


def test_a_text_larger_than_a_chunk_is_reached_into() -> None:
    update = long_text("日😀a" * 60_000)
    struct = read_struct(update, 4)
    start = first_place(update, struct)
    assert struct.clocks == 240_000
    assert reach(update, struct, start, 200_001, struct.end) == Place(start.at + 400_003, 200_001)
    assert reach(update, struct, start, 200_002, struct.end) == Place(start.at + 400_003, 200_001)


@pytest.mark.parametrize("value", [b"bytes", {"a": 1}, pycrdt.Map({"a": 1})])
def test_what_is_one_value_is_not_cut(value: Any) -> None:
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=AUTHOR)
    doc.get("m", type=pycrdt.Map)["k"] = value
    assert len(doc.get_update()) > 5
    struct = read_struct(doc.get_update(), 4)
    assert struct.clocks == 1
