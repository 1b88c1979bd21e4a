"""How text is cut into the words that a search finds, and how a finding is shown.

One cut serves every database, so that the same question has the same answer on each:
words are folded (compatibility forms, case and accents do not matter), a run of a
script that is written without spaces becomes its pairs of neighbours, and an emoji is a
word. What comes out holds letters, digits, marks and symbols only, no space, quote or
operator of any query language. What does not live here: indices and their queries.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from typing import Final

MAX_WORD: Final = 64
"""Characters of a word that count; what follows is not looked at."""

MAX_TERMS: Final = 16
"""Words of a question that count."""

MAX_SCANNED: Final = 20_000
"""Characters of a text in which an excerpt looks for what was found."""

_BEFORE, _AFTER = 60, 140
"""Characters shown before and after a finding."""

_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Myanmar, Khmer
    "\u3005\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_SYMBOLS: Final = "\u2190-\u21ff\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff"
_ACCENTS: Final = frozenset({202, 220, 230})
"""Canonical combining classes of what is written on, under or through a letter. Others
(Japanese voicing, Indic vowels) tell words apart."""


@dataclass(frozen=True, slots=True)
class Term:
    """A word that must occur; with ``prefix`` as the beginning of one."""

    word: str
    prefix: bool

    def finds(self, word: str) -> bool:
        """Whether this word is what was asked for."""
        return word.startswith(self.word) if self.prefix else word == self.word


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of an excerpt; ``found`` marks what was asked for."""

    text: str
    found: bool


def words(text: str) -> list[str]:
    """Every word of a text, in order, folded."""
    return [word for word, _, _ in _cut("".join(_folded(text)))]


def terms(question: str) -> tuple[Term, ...]:
    """What a person has typed: all of it must occur, the last word as a beginning."""
    found: list[Term] = []
    for run in _pattern().finditer("".join(_folded(question))):
        whole = run.lastgroup != "run"
        pairs = [word for word, start, end in _pieces(run) if whole or end - start > 1]
        # A lone character of an unspaced script begins the pairs that it is in.
        found += [Term(word, False) for word in pairs] or [Term(run.group(), True)]
    if found and not question[-1:].isspace():
        found[-1] = Term(found[-1].word, True)
    return tuple(found[:MAX_TERMS])


def excerpt(text: str, asked: tuple[Term, ...]) -> tuple[Part, ...]:
    """The surroundings of the first finding, or the beginning of the text."""
    shown = unicodedata.normalize("NFC", text[:MAX_SCANNED])
    spans = list(_findings(shown, asked))
    first = spans[0][0] if spans else 0
    start = max(0, first - _BEFORE)
    end = min(len(shown), max(first, start) + _AFTER)
    parts = _parts(shown, start, end, spans)
    if start:
        parts = [Part("\u2026", False), *parts]
    if end < len(text):
        parts = [*parts, Part("\u2026", False)]
    return tuple(part for part in parts if part.text)


def _parts(shown: str, start: int, end: int, spans: list[tuple[int, int]]) -> list[Part]:
    parts: list[Part] = []
    at = start
    for first, last in spans:
        if first >= end:
            break
        first, last = max(first, at), min(last, end)
        if last <= first:
            continue
        parts += [Part(shown[at:first], False), Part(shown[first:last], True)]
        at = last
    return [*parts, Part(shown[at:end], False)]


def _findings(shown: str, asked: tuple[Term, ...]) -> Iterator[tuple[int, int]]:
    """Where in a composed text the words are that were asked for."""
    pieces = _folded(shown)
    ends = list(accumulate(map(len, pieces)))
    folded = "".join(pieces)
    moved = len(folded) != len(pieces)
    origin = [at for at, piece in enumerate(pieces) for _ in piece] if moved else range(len(ends))
    for word, start, end in _cut(folded):
        if any(term.finds(word) for term in asked):
            yield origin[start], origin[end - 1] + 1


def _folded(text: str) -> list[str]:
    """For each character of the composed text what it counts as: nothing for an accent."""
    fold = _Fold()
    return [fold[char] for char in unicodedata.normalize("NFC", text)]


class _Fold(dict[str, str]):
    """What characters count as, worked out once for each."""

    def __missing__(self, char: str) -> str:
        self[char] = folded = _fold(char)
        return folded


def _fold(char: str) -> str:
    if char.isascii():
        return char.lower()
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", char).casefold())
    kept = (part for part in parts if unicodedata.combining(part) not in _ACCENTS)
    return unicodedata.normalize("NFC", "".join(kept))


def _cut(folded: str) -> Iterator[tuple[str, int, int]]:
    for run in _pattern().finditer(folded):
        yield from _pieces(run)


def _pieces(run: "re.Match[str]") -> Iterator[tuple[str, int, int]]:
    """A word as it is; a run without spaces as pairs, and its last character alone, so that
    every character begins a word."""
    text, start = run.group(), run.start()
    if run.lastgroup != "run":
        yield text[:MAX_WORD], start, run.end()
        return
    for at in range(len(text)):
        yield text[at : at + 2], start + at, start + min(at + 2, len(text))


@cache
def _pattern() -> "re.Pattern[str]":
    """A run of an unspaced script, a symbol, or a word with the marks that belong to it."""
    word = f"(?![{_UNSPACED}])[^\\W_]"
    return re.compile(
        f"(?P<run>[{_UNSPACED}]+)|(?P<symbol>[{_SYMBOLS}])|(?P<word>{word}(?:{word}|[{_marks()}])*)"
    )


def _marks() -> str:
    """All marks of the basic plane; to ``re`` they are no part of a word."""
    marks = [at for at in range(0x300, 0x10000) if unicodedata.category(chr(at))[0] == "M"]
    return "".join(map(chr, (at for at in marks if not 0xFE00 <= at <= 0xFE0F)))
