"""A text brought to how it shall be, past what others have typed into it meanwhile.

From three texts: as it was when the wish was made, as it shall be, as it is now. What
differs between the first two is done to the third; what differs between the first and the
third stays. What does not live here: finding differences (``words``).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pycrdt

from server.document.offsets import delete_text, insert_text
from server.document.words import Change, Piece, word_difference


class _Splice(NamedTuple):
    """Instead of the characters from ``start`` up to ``end``, ``added``."""

    start: int
    end: int
    added: str


class _Kept(NamedTuple):
    """So many characters that two texts share, and where they begin in each."""

    base: int
    now: int
    length: int


def rewrite(text: pycrdt.Text, base: str, wanted: str) -> None:
    """Do to a shared text what makes ``wanted`` of ``base``."""
    splices = _splices(word_difference(base, wanted))
    kept = list(_kept(base, word_difference(base, str(text))))
    # From the back, where nothing moves that is still to be done.
    for splice in reversed([there for one in splices for there in _moved(one, kept)]):
        delete_text(text, splice.start, splice.end)
        insert_text(text, splice.start, splice.added)


def _splices(pieces: Sequence[Piece]) -> Iterator[_Splice]:
    at = 0
    for piece in pieces:
        match piece.change:
            case Change.KEEP:
                at += len(piece.text)
            case Change.DELETE:
                yield _Splice(at, at + len(piece.text), "")
                at += len(piece.text)
            case Change.INSERT:
                yield _Splice(at, at, piece.text)


def _kept(base: str, pieces: Sequence[Piece]) -> Iterator[_Kept]:
    """What is left of the base in the text now, an empty beginning and end included."""
    at_base = at_now = 0
    yield _Kept(0, 0, 0)
    for piece in pieces or (Piece(Change.KEEP, base),):
        if piece.change is Change.KEEP:
            yield _Kept(at_base, at_now, len(piece.text))
        if piece.change is not Change.INSERT:
            at_base += len(piece.text)
        if piece.change is not Change.DELETE:
            at_now += len(piece.text)


def _moved(splice: _Splice, kept: Sequence[_Kept]) -> Iterator[_Splice]:
    """The same on the text now: of what it deletes, only what is still there."""
    if splice.added:
        before = [one for one in kept if one.base <= splice.start][-1]
        at = before.now + min(splice.start - before.base, before.length)
        yield _Splice(at, at, splice.added)
        return
    for one in kept:
        start = max(splice.start, one.base)
        end = min(splice.end, one.base + one.length)
        if start < end:
            yield _Splice(one.now + start - one.base, one.now + end - one.base, "")
