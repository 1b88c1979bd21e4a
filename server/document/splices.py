"""Replacements of ranges of a text, and how they move past somebody else's.

Pure, on strings and code points. What does not live here: finding the difference of two
texts (``differences``), and the shared text that a splice is applied to (``offsets``).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Splice(NamedTuple):
    """Instead of the code points from ``start`` up to ``end``, ``added``.

    Several splices of one text are in ascending order, do not overlap, and all count in the
    text as it was before any of them.
    """

    start: int
    end: int
    added: str


Splices = tuple[Splice, ...]


def spliced(text: str, splices: Sequence[Splice]) -> str:
    """The text that they make."""
    parts: list[str] = []
    kept = 0
    for start, end, added in splices:
        parts += text[kept:start], added
        kept = end
    return "".join([*parts, text[kept:]])


def rebased(splices: Sequence[Splice], past: Sequence[Splice]) -> Splices:
    """What remains to be done after ``past``, which was made of the same text.

    Everything that ``past`` has added stays, everything that ``splices`` add is added, and
    what either of them removes is gone. In one place, ``past`` comes first.
    """
    moved: list[Splice] = []
    road = _Road(past)
    for start, end, added in splices:
        at = road.point(start)
        kept = [(at, at), *road.kept(start, end)]
        if len(kept) > 1 and kept[1][0] == at:
            del kept[0]
        moved.append(Splice(*kept[0], added))
        moved.extend(Splice(first, last, "") for first, last in kept[1:])
    return tuple(splice for splice in moved if splice.added or splice.start < splice.end)


class _Road:
    """Where the places of a text lie after splices; to be asked in ascending order."""

    def __init__(self, past: Sequence[Splice]) -> None:
        self._past = past
        self._next = 0
        self._shift = 0

    def point(self, at: int) -> int:
        """Where something is inserted now that would have been inserted at ``at``."""
        self._pass(at)
        if self._next < len(self._past):
            start, _, added = self._past[self._next]
            if start < at:  # In the midst of what was replaced.
                return start + self._shift + len(added)
        return at + self._shift

    def kept(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """What is left of a range, in pieces."""
        at = start
        while at < end:
            self._pass(at)
            gone = self._past[self._next] if self._next < len(self._past) else None
            stop = end if gone is None else min(end, max(at, gone.start))
            if at < stop:
                yield at + self._shift, stop + self._shift
            at = stop if gone is None or stop == end else max(at, min(end, gone.end))

    def _pass(self, at: int) -> None:
        """Leave behind what ends at ``at`` or before."""
        while self._next < len(self._past) and self._past[self._next].end <= at:
            start, end, added = self._past[self._next]
            self._shift += len(added) - (end - start)
            self._next += 1
