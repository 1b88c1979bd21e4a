"""Differences of two texts by words."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.wording import Change, Piece, apply_words, least_difference, word_difference
from server.protocol.errors import Conflict
from tests.server.document.projects import texts


@given(texts | st.text(), texts | st.text())
def test_a_word_difference_leads_from_one_text_to_the_other(one: str, other: str) -> None:
    assert apply_words(one, word_difference(one, other)) == other


@given(texts | st.text(), texts | st.text())
def test_a_least_difference_leads_there_too(one: str, other: str) -> None:
    assert apply_words(one, least_difference(one, other)) == other


def test_a_least_difference_keeps_a_word_that_was_typed_on() -> None:
    assert least_difference("half a wor", "half a word or two") == (
        Piece(Change.KEEP, "half a wor"),
        Piece(Change.INSERT, "d or two"),
    )


@given(texts)
def test_equal_texts_do_not_differ(text: str) -> None:
    assert word_difference(text, text) == ()


def test_no_word_and_no_emoji_is_cut() -> None:
    found = word_difference("one 👩‍👩‍👧 or two", "one 👩‍👩‍👦 or twofold")
    assert Piece(Change.DELETE, "👩‍👩‍👧") in found
    assert Piece(Change.DELETE, "two") in found
    assert Piece(Change.INSERT, "twofold") in found


def test_a_difference_of_another_text_is_refused() -> None:
    with pytest.raises(Conflict):
        apply_words("something else", word_difference("one", "two"))


def test_long_texts_are_compared_in_bounded_time() -> None:
    one = " ".join(f"w{n % 97}" for n in range(30_000))
    other = " ".join(f"w{n % 89}" for n in range(30_000))
    began = time.process_time()
    found = word_difference(one, other)
    assert time.process_time() - began < 5
    assert apply_words(one, found) == other
