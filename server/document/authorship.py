"""Who wrote which clock first, learned from the log in its order (L3).

A log row names its author and holds clocks; what is sent again keeps its first author.
What does not live here: which characters the clocks are (``blame``), and who an author
is: a value that can be compared and hashed, nothing more is asked of it.
"""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator
from typing import Generic, NamedTuple, TypeVar

from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, missing

A = TypeVar("A")


class _Claim(NamedTuple):
    start: int
    end: int
    author: int


class Authorship(Generic[A]):
    """The authors of clocks. Filled row by row, oldest first."""

    def __init__(self) -> None:
        self._claims: dict[ClientId, list[_Claim]] = {}
        self._authors: list[A] = []
        self._numbers: dict[A, int] = {}

    def note(self, author: A, runs: Iterable[ClockRange]) -> None:
        """``author`` has written these clocks, but for those that somebody wrote before."""
        number = self._numbers.setdefault(author, len(self._authors))
        if number == len(self._authors):
            self._authors.append(author)
        for run in runs:
            self._note(run, number)

    def of(self, run: ClockRange) -> Iterator[tuple[ClockRange, A | None]]:
        """A run in parts of one author each, in order; None where nobody is known."""
        claims = self._claims.get(run.client, [])
        at = run.start
        for claim in claims[max(0, bisect_right(claims, (at, _AFTER, 0)) - 1) :]:
            start, end = max(claim.start, at), min(claim.end, run.end)
            if start >= run.end:
                break
            if start < end:
                if at < start:
                    yield ClockRange(run.client, at, start), None
                yield ClockRange(run.client, start, end), self._authors[claim.author]
                at = end
        if at < run.end:
            yield ClockRange(run.client, at, run.end), None

    def _note(self, run: ClockRange, number: int) -> None:
        claims = self._claims.setdefault(run.client, [])
        if not claims or run.start >= claims[-1].end:
            # The common case: people type on.
            if claims and claims[-1].end == run.start and claims[-1].author == number:
                claims[-1] = _Claim(claims[-1].start, run.end, number)
            else:
                claims.append(_Claim(run.start, run.end, number))
            return
        held = [ClockRange(run.client, claim.start, claim.end) for claim in claims]
        for part in missing([run], held):
            insort(claims, _Claim(part.start, part.end, number))


_AFTER = 2**64
