"""In what two texts differ, by words.

Plain strings in, plain values out. What does not live here: where the texts come from,
and putting a difference into a document (``rewriting``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rapidfuzz.distance import Indel

from server.protocol.errors import Conflict

_JOINERS: Final = "\u200d\ufe0f\U0001f3fb-\U0001f3ff"
_WORD: Final = re.compile(
    # A word or sign with the space after it, so that a word which is added or goes takes one
    # space along, and always the same one. An emoji of several code points is one sign.
    rf"(?:\w+|[^\w\s](?:[{_JOINERS}]|(?<=\u200d)[^\w\s])*)[^\S\n]*|\n|[^\S\n]+"
)

MAX_WORDS: Final = 20_000
"""Of what lies between the common beginning and end. Above, it counts as replaced whole:
comparing takes the square of it at worst."""


class Change(StrEnum):
    """What became of a piece of text."""

    KEEP = "keep"
    INSERT = "insert"
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text that was kept, inserted or deleted. Never empty."""

    change: Change
    text: str


def word_difference(before: str, after: str) -> tuple[Piece, ...]:
    """The way from one text to the other, by whole words; empty if they are equal."""
    if before == after:
        return ()
    return tuple(_joined(_pieces(_WORD.findall(before), _WORD.findall(after))))


def least_difference(before: str, after: str) -> tuple[Piece, ...]:
    """The same, but that a text which was only typed on is kept to its last letter."""
    if before and before != after and after.startswith(before):
        return Piece(Change.KEEP, before), Piece(Change.INSERT, after[len(before) :])
    return word_difference(before, after) or tuple(_joined(iter([Piece(Change.KEEP, before)])))


def apply_words(before: str, pieces: Sequence[Piece]) -> str:
    """The other text. Raises ``Conflict`` if the difference was not taken from this one."""
    if not pieces:
        return before
    kept = "".join(piece.text for piece in pieces if piece.change is not Change.INSERT)
    if kept != before:
        raise Conflict("this difference is not one of this text")
    return "".join(piece.text for piece in pieces if piece.change is not Change.DELETE)


def _pieces(before: list[str], after: list[str]) -> Iterator[Piece]:
    head = _common(before, after)
    tail = _common(before[head:][::-1], after[head:][::-1])
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    yield Piece(Change.KEEP, "".join(before[:head]))
    if len(old) + len(new) > MAX_WORDS:
        yield Piece(Change.DELETE, "".join(old))
        yield Piece(Change.INSERT, "".join(new))
    else:
        yield from _compared(old, new)
    yield Piece(Change.KEEP, "".join(before[len(before) - tail :]))


def _compared(old: list[str], new: list[str]) -> Iterator[Piece]:
    """The longest common subsequence. By number, since hashes of strings may coincide."""
    numbers: dict[str, int] = {}
    first = [numbers.setdefault(word, len(numbers)) for word in old]
    second = [numbers.setdefault(word, len(numbers)) for word in new]
    at_old = at_new = 0
    for code in (*Indel.opcodes(first, second), None):
        if code is not None and code.tag != "equal":
            continue
        same, where = (len(old), len(new)) if code is None else (code.src_start, code.dest_start)
        yield from _replaced("".join(old[at_old:same]), "".join(new[at_new:where]))
        if code is not None:
            yield Piece(Change.KEEP, "".join(old[code.src_start : code.src_end]))
            at_old, at_new = code.src_end, code.dest_end


def _replaced(old: str, new: str) -> Iterator[Piece]:
    """One text in the place of another; a space after both is the same space."""
    space = 0
    most = min(len(old), len(new))
    while space < most and old[-1 - space] == new[-1 - space] and old[-1 - space].isspace():
        space += 1
    yield Piece(Change.DELETE, old[: len(old) - space])
    yield Piece(Change.INSERT, new[: len(new) - space])
    yield Piece(Change.KEEP, old[len(old) - space :])


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many items both begin with."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        count += 1
    return count


def _joined(pieces: Iterator[Piece]) -> Iterator[Piece]:
    last: Piece | None = None
    for piece in pieces:
        if not piece.text:
            continue
        if last is not None and last.change is piece.change:
            last = Piece(last.change, last.text + piece.text)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
