"""The difference of two texts: right, small, and bounded in time."""

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.document.differences import MAX_SPLICES, difference
from server.document.splices import Splice, spliced
from tests.server.document.texts import PIECES, rewrites, texts


@settings(deadline=None)
@given(st.data())
def test_it_makes_the_one_text_of_the_other(data: st.DataObject) -> None:
    old = data.draw(texts)
    new = data.draw(st.one_of(texts, rewrites(old)))
    splices = difference(old, new)
    assert spliced(old, splices) == new
    assert all(one.added or one.start < one.end for one in splices)
    assert all(one.end <= two.start for one, two in pairwise(splices))


@settings(deadline=None)
@given(st.data())
def test_it_does_not_cut_characters_as_people_see_them(data: st.DataObject) -> None:
    old, new = (data.draw(st.lists(st.sampled_from(PIECES[:18]), max_size=12)) for _ in range(2))
    text = "".join(old)
    for splice in difference(text, "".join(new)):
        for at in (splice.start, splice.end):
            assert not is_cut(text, at), (text, splice)


def is_cut(text: str, at: int) -> bool:
    """Written down once more, from the outside: marks, joiners and tones follow something."""
    if not 0 < at < len(text):
        return False
    return (
        bool(unicodedata.combining(text[at]))
        or text[at] in "\u200d\ufe0f🏻🏿\u1161\u11ab"
        or text[at - 1] == "\u200d"
        or text[at - 1 : at + 1] == "\r\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "splices"),
    [
        ("", "", ()),
        ("same", "same", ()),
        ("colour", "color", (Splice(4, 5, ""),)),
        ("a tone 👍🏻 b", "a tone 👍🏿 b", (Splice(7, 9, "👍🏿"),)),
        ("the cat sat", "the dog sat", (Splice(4, 7, "dog"),)),
        ("日本語です", "日本人です", (Splice(2, 3, "人"),)),
        ("1\ntwo\nthree\n", "1\n2\nthree\nfour\n", (Splice(2, 5, "2"), Splice(11, 11, "\nfour"))),
    ],
)  # fmt: skip
def test_it_is_what_people_would_have_changed(
    old: str, new: str, splices: tuple[Splice, ...]
) -> None:
    assert difference(old, new) == splices


def test_a_rewritten_paragraph_is_replaced_and_its_neighbours_are_not_touched() -> None:
    old = "first\n\nA quick brown fox jumps over the lazy dog.\n\nlast\n"
    new = "first\n\nNobody has ever seen the inside of this box.\n\nlast\n"
    [only] = difference(old, new)
    assert (only.start, only.end) == (7, len(old) - 8)


def test_a_word_replaced_in_every_paragraph_is_a_small_change_in_each() -> None:
    old = "\n".join(f"{n}: some market and other words of a paragraph" for n in range(50))
    splices = difference(old, old.replace("market", "segment"))
    assert len(splices) == 50
    assert max(one.end - one.start for one in splices) <= len("market")


def test_words_put_into_a_long_line_are_found_one_by_one() -> None:
    words = [f"<word-{n} 日😀>" for n in range(4000)]
    old = "".join(words)
    for at in range(3900, 0, -100):
        words.insert(at, f"<new-{at} 👍🏻>")
    splices = difference(old, "".join(words))
    assert spliced(old, splices) == "".join(words)
    assert len(splices) == 39
    assert sum(one.end - one.start for one in splices) == 0


def test_there_are_never_so_many_splices_that_memory_runs_out() -> None:
    old = "\n".join(f"{n} unlike and much longer than that" for n in range(5000))
    new = "\n".join(f"{n + 1} unlike and much longer than that" for n in range(5000))
    splices = difference(old, new)
    assert len(splices) <= MAX_SPLICES
    assert spliced(old, splices) == new


@pytest.mark.parametrize("unit", ["日", "word ", "x\n", "longer line of text\n", "e\u0301"])
def test_a_million_characters_take_bounded_time(unit: str) -> None:
    old = "".join(f"{unit}{n % 977}" for n in range(1_000_000 // (len(unit) + 3)))
    new = old[::-1]
    before = time.process_time()
    assert spliced(old, difference(old, new)) == new
    assert time.process_time() - before < 5  # A table of all parts would take an hour.
