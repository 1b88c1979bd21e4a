"""What waits in a document for predecessors that have not come.

pycrdt parks too, but shows to nobody what, and not soundly (yrs 0.28): its list for
a client is replaced and not extended when more comes, so that a document which got every
update lacks some for ever; and structs behind a gap are integrated with a marker for
the gap, which is cut wrongly when it is filled in parts, and then encoded with a length of
2^32-1. So what comes behind a gap waits *here*, and whatever else waits is kept here too
and tried again when it may have become possible. That is also what survives compaction
(L4) and tells that a re-sent update is redundant (L3).

What happens to a piece is decided by ``fitting``, and only when a client reaches a clock that
the piece waits for: thousands of pieces cost an edit nothing as long as it does not concern
them.

What does not live here: the document itself.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from server.document.fitting import Fit, Marks, fit, reached
from server.document.pieces import Piece, deletion, held
from server.document.updates import merge
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, Cover, missing

Deletes = dict[ClientId, tuple[ClockRange, ...]]
"""Of each client sorted and merged, as everything that leaves ``missing``."""


class Kept(NamedTuple):
    """What waited at some moment: every piece has come with a number below ``next``."""

    next: int
    deletes: Deletes


class Parked:
    """The waiting updates of one document, numbered in the order in which they came.

    A bundle is pieces that came together and can only go in together: if one proves
    impossible, so do all.
    """

    __slots__ = ("_bundles", "_deletes", "_due", "_marks", "_next", "_pieces", "_ripe")

    def __init__(self) -> None:
        self._next = 0
        self._pieces: dict[int, Piece] = {}
        self._bundles: dict[int, int] = {}
        self._deletes: Deletes = {}
        self._due: set[int] = set()
        self._marks: Marks = {}
        self._ripe: set[ClientId] = set()

    def __bool__(self) -> bool:
        return bool(self._pieces or self._deletes)

    def __len__(self) -> int:
        """How many bundles wait; deletions alone do not count."""
        return len(set(self._bundles.values()))

    def kept(self) -> Kept:
        """What waits now; further changes do not reach it."""
        return Kept(self._next, dict(self._deletes))

    def news(self, pieces: Sequence[Piece]) -> list[Piece]:
        """Those pieces that do not wait already. Raises ``Malformed``."""
        clients = {piece.client for piece in pieces}
        known = [piece for piece in self._pieces.values() if piece.client in clients]
        unknown = [piece for piece in pieces if piece not in set(known)]
        cover = Cover(piece.run for piece in known)
        covered = [piece for piece in unknown if cover.holds(piece.run)]
        if not covered or _says_more(covered, known):
            return unknown
        return [piece for piece in unknown if not cover.holds(piece.run)]

    def add(self, bundles: Iterable[Sequence[Piece]], deletes: Iterable[ClockRange]) -> None:
        """Keep these; they will be tried at the next ``fit``."""
        for bundle in bundles:
            first = self._next
            for piece in bundle:
                self._pieces[self._next] = piece
                self._bundles[self._next] = first
                self._due.add(self._next)
                self._next += 1
        by_client: dict[ClientId, list[ClockRange]] = {}
        for run in deletes:
            by_client.setdefault(run.client, []).append(run)
        for client, runs in by_client.items():
            self._deletes[client] = missing((*self._deletes.get(client, ()), *runs), ())
            self._ripe.add(client)

    def reached(self, client: ClientId, clock: int) -> None:
        """The document has the clocks of ``client`` as far as this."""
        self._due.update(reached(self._marks, client, clock))
        if client in self._deletes:
            self._ripe.add(client)

    def fit(self, clocks: Mapping[ClientId, int]) -> Fit:
        """What a document at these clocks can take now. Answer with ``settle`` or ``drop``."""
        due, self._due = self._due, set()
        return fit(self._pieces, due, self._marks, clocks)

    def settle(self, found: Fit) -> None:
        """All that was found to fit has gone in."""
        for number, rest in found.rests.items():
            if rest is None:
                self._forget(number)
            else:
                self._pieces[number] = rest

    def drop(self, number: int) -> None:
        """Give up a piece that has proved impossible, and its bundle; try the others again."""
        bundle = self._bundles[number]
        for member in [n for n, first in self._bundles.items() if first == bundle]:
            self._forget(member)
        self._marks = {}
        self._due = set(self._pieces)

    def come(self, clocks: Mapping[ClientId, int]) -> bytes | None:
        """Take out the deletions whose target a document at these clocks holds."""
        come = self._come(clocks)
        return deletion(come) if come else None

    def adds_to(self, before: Kept) -> bool:
        """Whether something waits that did not wait ``before``."""
        return next(reversed(self._pieces), -1) >= before.next or any(
            missing(runs, before.deletes.get(client, ()))
            for client, runs in self._deletes.items()
            if runs is not before.deletes.get(client)
        )

    def ranges(
        self, state: Mapping[ClientId, int]
    ) -> tuple[tuple[ClockRange, ...], tuple[ClockRange, ...]]:
        """Which structs and which deletions wait beside a document in this state."""
        runs = (piece.run for piece in self._pieces.values())
        return missing(runs, held(state)), missing(self._all_deletes(), ())

    def merged(self) -> bytes | None:
        """All that waits, as one update; None for nothing."""
        updates = [piece.payload for piece in self._pieces.values()]
        if self._deletes:
            updates.append(deletion(missing(self._all_deletes(), ())))
        return merge(updates) if updates else None

    def _all_deletes(self) -> list[ClockRange]:
        return [run for runs in self._deletes.values() for run in runs]

    def _forget(self, number: int) -> None:
        del self._pieces[number], self._bundles[number]

    def _come(self, state: Mapping[ClientId, int]) -> list[ClockRange]:
        come: list[ClockRange] = []
        ripe, self._ripe = self._ripe, set()
        for client in ripe:
            runs, clock = self._deletes[client], state.get(client, 0)
            cut = bisect_left(runs, clock, key=lambda run: run.start)
            if not cut:
                continue
            last, rest = runs[cut - 1], runs[cut:]
            come += runs[: cut - 1]
            come.append(last._replace(end=min(last.end, clock)))
            if last.end > clock:
                rest = (last._replace(start=clock), *rest)
            self._deletes[client] = rest
            if not rest:
                del self._deletes[client]
        return come


def _says_more(covered: Sequence[Piece], known: Sequence[Piece]) -> bool:
    """Whether there is something in pieces whose clocks all wait.

    The same clocks with other content (forged) may be what goes in at last; so they are
    kept, that a replay of the log may come to the same end.
    """
    merged = merge([piece.payload for piece in known])
    return merge([merged, *(piece.payload for piece in covered)]) != merge([merged])
