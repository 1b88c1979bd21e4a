"""Offsets convert exactly, refuse what lies inside a character, and agree with real Yjs."""

import json
from collections.abc import Callable

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.offsets import (
    code_points_from_utf8,
    code_points_from_utf16,
    delete_text,
    insert_text,
    utf8_from_code_points,
    utf8_from_utf16,
    utf16_from_code_points,
    utf16_from_utf8,
)
from server.protocol.errors import Invalid
from tests.interop.node import run_script

SAMPLES = [
    "",
    "plain",
    "é😀a",
    "日本語のテキスト",
    "e\u0301 combining a\u030a\u0323",
    "👩\u200d👩\u200d👧\u200d👦 family",
    "🇳🇴🏳\ufe0f\u200d🌈",
    "\u0000\u007f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff",
]
alphabet = st.sampled_from([*"ab\n", "é", "日", "😀", "\u0301", "\u200d", "👩", "\U0010ffff"])
texts = st.one_of(st.sampled_from(SAMPLES), st.lists(alphabet, max_size=12).map("".join))


def text_of(content: str) -> tuple[pycrdt.Doc[pycrdt.Text], pycrdt.Text]:
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc(client_id=1)
    text = doc.get("t", type=pycrdt.Text)
    text += content
    return doc, text


@given(texts)
def test_every_code_point_has_one_offset_in_each_unit_and_back(text: str) -> None:
    for index in range(len(text) + 1):
        utf8 = utf8_from_code_points(text, index)
        utf16 = utf16_from_code_points(text, index)
        assert utf8 == len(text[:index].encode())
        assert code_points_from_utf8(text, utf8) == index
        assert code_points_from_utf16(text, utf16) == index
        assert utf8_from_utf16(text, utf16) == utf8
        assert utf16_from_utf8(text, utf8) == utf16


@given(texts)
def test_an_offset_inside_a_character_or_outside_the_text_is_invalid(text: str) -> None:
    starts = {utf8_from_code_points(text, i) for i in range(len(text) + 1)}
    for offset in range(-2, len(text.encode()) + 3):
        if offset not in starts:
            with pytest.raises(Invalid):
                code_points_from_utf8(text, offset)
    units = {utf16_from_code_points(text, i) for i in range(len(text) + 1)}
    for offset in range(-2, len(text.encode("utf-16-le")) // 2 + 3):
        if offset not in units:
            with pytest.raises(Invalid):
                code_points_from_utf16(text, offset)


@pytest.mark.parametrize(
    "convert", [utf8_from_code_points, utf16_from_code_points, code_points_from_utf8]
)
@pytest.mark.parametrize("index", [-1, 2, 10**30])
def test_an_offset_out_of_range_is_invalid(convert: Callable[[str, int], int], index: int) -> None:
    with pytest.raises(Invalid):
        convert("a", index)


@pytest.mark.parametrize(
    "convert",
    [
        utf8_from_code_points,
        utf16_from_code_points,
        code_points_from_utf8,
        code_points_from_utf16,
    ],
)
def test_text_with_a_lone_surrogate_is_invalid_not_an_encoding_error(
    convert: Callable[[str, int], int],
) -> None:
    with pytest.raises(Invalid):
        convert("\ud83d", 1)


@given(texts, texts, st.data())
def test_inserting_and_deleting_do_what_slicing_does(
    content: str, added: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(content)))
    _doc, text = text_of(content)
    insert_text(text, at, added)
    expected = content[:at] + added + content[at:]
    assert str(text) == expected
    start = data.draw(st.integers(0, len(expected)))
    end = data.draw(st.integers(start, len(expected)))
    delete_text(text, start, end)
    assert str(text) == expected[:start] + expected[end:]


@pytest.mark.parametrize("index", [-1, 4, 7, 100])
def test_an_edit_out_of_range_is_refused_before_anything_is_touched(index: int) -> None:
    doc, text = text_of("é😀a")
    before = doc.get_update()
    with pytest.raises(Invalid):
        insert_text(text, index, "x")
    with pytest.raises(Invalid):
        delete_text(text, 0, index)
    with pytest.raises(Invalid):
        delete_text(text, 2, 1)
    with pytest.raises(Invalid):
        insert_text(text, 0, "\udc00")
    assert doc.get_update() == before


def test_embeds_and_formatting_do_not_shift_an_edit() -> None:
    for at in range(5):
        _doc, text = text_of("aé")
        text.insert_embed(1, {"image": 1})
        text += "😀z"
        text.format(0, 1, {"bold": True})
        insert_text(text, at, "|")
        assert str(text) == "aé😀z"[:at] + "|" + "aé😀z"[at:]
        delete_text(text, at, at + 1)
        assert str(text) == "aé😀z"
        assert {"image": 1.0} in [chunk for chunk, _ in text.diff()]


@pytest.mark.node
@pytest.mark.parametrize("content", SAMPLES)
def test_offsets_name_the_same_place_in_real_yjs(content: str) -> None:
    doc, _text = text_of(content)
    edits = [
        {"at": utf16_from_code_points(content, index), "insert": "|"}
        for index in reversed(range(len(content) + 1))
    ]
    request = {"update": doc.get_update().hex(), "edits": edits}
    answer = json.loads(run_script("offsets.mjs", json.dumps(request)))
    expected = "|" + "".join(f"{character}|" for character in content)
    assert answer["text"] == expected
    assert answer["length"] == utf16_from_code_points(expected, len(expected))
    doc.apply_update(bytes.fromhex(answer["update"]))
    assert str(doc.get("t", type=pycrdt.Text)) == expected


@pytest.mark.node
@pytest.mark.parametrize("content", [sample for sample in SAMPLES if sample])
def test_real_yjs_sees_our_edits_where_we_made_them(content: str) -> None:
    doc, text = text_of(content)
    middle = len(content) // 2
    insert_text(text, middle, "<日😀>")
    delete_text(text, 0, 1)
    expected = (content[:middle] + "<日😀>" + content[middle:])[1:]
    request = {"update": doc.get_update().hex(), "edits": []}
    assert json.loads(run_script("offsets.mjs", json.dumps(request)))["text"] == expected
