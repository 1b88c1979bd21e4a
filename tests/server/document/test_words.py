"""Text is cut into words alike in every script, and an excerpt shows where they are."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.words import MAX_TERMS, MAX_WORD, Part, Term, excerpt, terms, words


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("", []),
        ("Plan for 2026", ["plan", "for", "2026"]),
        ("snake_case, e-mail", ["snake", "case", "e", "mail"]),
        ("Café DÉJÀ", ["cafe", "deja"]),
        ("Cafe\u0301", ["cafe"]),
        ("Straße \u0130stanbul", ["strasse", "istanbul"]),
        ("\ufb01nance \u2460", ["finance", "1"]),
        ("中文字", ["中文", "文字", "字"]),
        ("a中b", ["a", "中", "b"]),
        ("がか", ["がか", "か"]),
        ("🚀🦀go", ["🚀", "🦀", "go"]),
        ("हिन्दी", ["हिन्दी"]),
        ("a\0b\ud800c", ["a", "b", "c"]),
        ("x" * 100, ["x" * MAX_WORD]),
    ],
)
def test_text_is_cut_into_folded_words(text: str, cut: list[str]) -> None:
    assert words(text) == cut


def test_of_a_question_the_last_word_is_a_beginning_until_it_is_ended() -> None:
    assert terms("Market gro") == (Term("market", False), Term("gro", True))
    assert terms("Market gro ") == (Term("market", False), Term("gro", False))
    assert terms("北京市") == (Term("北京", False), Term("京市", True))
    assert terms("店 now") == (Term("店", True), Term("now", True))
    assert terms('"* ( :') == ()
    assert len(terms("word " * 100)) == MAX_TERMS


@given(st.text(max_size=60))
def test_words_hold_nothing_that_a_query_language_could_read(text: str) -> None:
    for word in words(text):
        kinds = {unicodedata.category(char) for char in word}
        # What is not assigned yet may be a character of tomorrow's Chinese.
        assert all(kind[0] in "LNMS" or kind == "Cn" for kind in kinds), word
        assert not set(word) & set("+|<>=~^$`")


@given(st.text(max_size=60))
def test_every_word_of_a_text_is_found_by_asking_for_the_text(text: str) -> None:
    there = words(text)
    for term in terms(text):
        assert any(term.finds(word) for word in there)


@given(st.text(max_size=300), st.text(min_size=1, max_size=20))
def test_an_excerpt_of_a_short_text_is_the_text(text: str, question: str) -> None:
    parts = excerpt(text[:60], terms(question))
    assert "".join(part.text for part in parts) == unicodedata.normalize("NFC", text[:60])


def test_an_excerpt_marks_what_was_found_as_it_is_written() -> None:
    text = f"{'before ' * 30}\ufb01nance of the Cafe\u0301, 北京市中心 {'after ' * 60}"
    parts = excerpt(text, terms("北京 cafe finance"))
    assert [part.text for part in parts if part.found] == ["\ufb01nance", "Café", "北京"]
    assert parts[0] == parts[-1] == Part("\u2026", False)
    assert sum(len(part.text) for part in parts) < 220


def test_an_excerpt_without_a_finding_is_the_beginning() -> None:
    assert excerpt("a title", terms("other")) == (Part("a title", False),)
    assert excerpt("", terms("other")) == ()
