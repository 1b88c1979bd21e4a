"""A text brought to how it shall be, past what others have typed into it meanwhile.

From three texts: as it was when the wish was made, as it shall be, as it is now. What
differs between the first two is done to the third; what differs between the first and the
third stays. Not by ``differences``, which joins small changes that lie close together, and
whose ``displacement`` takes letters that end both texts for the same: with four people who
type while they restore, words of theirs came out joined ("107di108", tests/e2e/test_restore).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import pycrdt

from server.document.offsets import delete_text, insert_text
from server.document.wording import Change, Piece, least_difference, word_difference


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
    kept = list(_kept(least_difference(base, str(text))))
    moved = [there for one in splices for there in _moved(one, kept)]
    # From the back, where nothing moves that is still to be done.
    for splice in sorted(moved, key=lambda one: one[:2], reverse=True):
        delete_text(text, splice.start, splice.end)
        insert_text(text, splice.start, splice.added)


def _splices(pieces: Sequence[Piece]) -> Iterator[_Splice]:
    """A space after a change belongs to it: what others typed before that space would else
    end up between a word and its own."""
    at = start = 0
    added = ""
    for piece in pieces:
        changes = start < at or bool(added)
        if piece.change is Change.KEEP and not (changes and piece.text.isspace()):
            if changes:
                yield _Splice(start, at, added)
            start = at = at + len(piece.text)
            added = ""
            continue
        at += 0 if piece.change is Change.INSERT else len(piece.text)
        added += "" if piece.change is Change.DELETE else piece.text
    if start < at or added:
        yield _Splice(start, at, added)


def _kept(pieces: Sequence[Piece]) -> Iterator[_Kept]:
    """What is left of the base in the text now, an empty beginning and end included."""
    at_base = at_now = 0
    yield _Kept(0, 0, 0)
    for piece in pieces:
        if piece.change is Change.KEEP:
            yield _Kept(at_base, at_now, len(piece.text))
        if piece.change is not Change.INSERT:
            at_base += len(piece.text)
        if piece.change is not Change.DELETE:
            at_now += len(piece.text)


def _moved(splice: _Splice, kept: Sequence[_Kept]) -> Iterator[_Splice]:
    """The same on the text now: what it adds before what others typed in its place, and of
    what it deletes, only what is still there."""
    if splice.added:
        at = _place(splice.start, kept)
        yield _Splice(at, at, splice.added)
    for one in kept:
        start = max(splice.start, one.base)
        end = min(splice.end, one.base + one.length)
        if start < end:
            yield _Splice(one.now + start - one.base, one.now + end - one.base, "")


def _place(at: int, kept: Sequence[_Kept]) -> int:
    """Where a place of the base is now: at the end of what was before it."""
    before = [one for one in kept if one.base <= at]
    around = next((one for one in before if one.base + one.length >= at), before[-1])
    return around.now + min(at - around.base, around.length)
