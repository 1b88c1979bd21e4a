"""What waits in a document for predecessors that have not come.

pycrdt parks too, but shows to nobody what, and not soundly (yrs 0.28): its list for
a client is replaced and not extended when more comes, so that a document which got every
update lacks some for ever; and structs behind a gap are integrated with a marker for
the gap, which is cut wrongly when it is filled in parts, and then encoded with a length of
2^32-1. So what comes behind a gap waits *here*, and whatever else waits is kept here too
and tried again when it may have become possible. That is also what survives compaction
(L4) and tells that a re-sent update is redundant (L3).

A piece is looked at when a client reaches a clock that it starts at, ends at or refers to:
these marks lie in a heap for each client, so that thousands of pieces cost an edit nothing
as long as it does not concern them.

What does not live here: the document itself.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush
from typing import NamedTuple

from server.document.pieces import Piece, deletion, held
from server.document.updates import merge
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, Cover, missing

Deletes = dict[ClientId, tuple[ClockRange, ...]]
"""Of each client sorted and merged, as everything that leaves ``missing``."""


class Kept(NamedTuple):
    """What waited at some moment."""

    pieces: dict[bytes, Piece]
    deletes: Deletes


class Parked:
    """The waiting updates of one document, in the order in which they came."""

    __slots__ = ("_deletes", "_due", "_marks", "_pieces", "_ripe", "_unmarked")

    def __init__(self) -> None:
        self.restore(Kept({}, {}))

    def __bool__(self) -> bool:
        return bool(self._pieces or self._deletes)

    def __len__(self) -> int:
        """How many pieces wait; deletions alone do not count."""
        return len(self._pieces)

    def __contains__(self, payload: bytes) -> bool:
        return payload in self._pieces

    def kept(self) -> Kept:
        """What waits now; further changes do not reach it."""
        return Kept(dict(self._pieces), dict(self._deletes))

    def restore(self, kept: Kept) -> None:
        """Start over with what waited then; all of it will be tried at the next ``settle``."""
        self._pieces, self._deletes = kept
        self._marks: dict[ClientId, list[tuple[int, bytes]]] = {}
        self._due = dict.fromkeys(self._pieces)
        self._unmarked = list(self._pieces)
        self._ripe = set(self._deletes)

    def add(self, pieces: Iterable[Piece], deletes: tuple[ClockRange, ...]) -> None:
        """Keep what does not wait already; it will be tried at the next ``settle``."""
        for piece in self._news(pieces):
            self._pieces[piece.payload] = piece
            self._due[piece.payload] = None
            self._unmarked.append(piece.payload)
        by_client: dict[ClientId, list[ClockRange]] = {}
        for run in deletes:
            by_client.setdefault(run.client, []).append(run)
        for client, runs in by_client.items():
            self._deletes[client] = missing((*self._deletes.get(client, ()), *runs), ())
            self._ripe.add(client)

    def reached(self, client: ClientId, clock: int) -> None:
        """The document has the clocks of ``client`` as far as this."""
        marks = self._marks.get(client, ())
        while marks and marks[0][0] <= clock:
            self._due[heappop(marks)[1]] = None
        if client in self._deletes:
            self._ripe.add(client)

    def settle(self, state: Mapping[ClientId, int]) -> tuple[list[Piece], bytes | None]:
        """Forget what a document in this state holds; answer what it should try now.

        That is pieces which continue what is there and are new, or have been waiting for
        what has come since; no two of one client. And deletions whose target has come.
        """
        self._mark(state)
        due, self._due = self._due, {}
        ready: list[Piece] = []
        busy: set[ClientId] = set()
        for payload in due:
            piece = self._pieces.get(payload)
            if piece is None:
                continue
            lacking = [run for run in piece.structs if run.end > state.get(run.client, 0)]
            if not lacking:
                del self._pieces[payload]
            elif all(run.start <= state.get(run.client, 0) for run in lacking):
                clients = {run.client for run in piece.structs}
                if busy.isdisjoint(clients):
                    ready.append(piece)
                    busy |= clients
                else:
                    self._due[payload] = None
        come = self._come(state)
        return ready, deletion(come) if come else None

    def drop(self, payload: bytes) -> None:
        """Give up a piece, because it has proved impossible or is kept in another form."""
        self._pieces.pop(payload, None)

    def adds_to(self, before: Kept) -> bool:
        """Whether something waits that did not wait ``before``."""
        return not self._pieces.keys() <= before.pieces.keys() or any(
            missing(runs, before.deletes.get(client, ()))
            for client, runs in self._deletes.items()
            if runs is not before.deletes.get(client)
        )

    def ranges(
        self, state: Mapping[ClientId, int]
    ) -> tuple[tuple[ClockRange, ...], tuple[ClockRange, ...]]:
        """Which structs and which deletions wait beside a document in this state."""
        runs = (run for piece in self._pieces.values() for run in piece.structs)
        return missing(runs, held(state)), missing(self._all_deletes(), ())

    def merged(self) -> bytes | None:
        """All that waits, as one update; None for nothing."""
        updates = list(self._pieces)
        if self._deletes:
            updates.append(deletion(missing(self._all_deletes(), ())))
        return merge(updates) if updates else None

    def _all_deletes(self) -> list[ClockRange]:
        return [run for runs in self._deletes.values() for run in runs]

    def _mark(self, state: Mapping[ClientId, int]) -> None:
        """Note at which clocks the pieces that are new must be looked at again."""
        for payload in self._unmarked:
            piece = self._pieces.get(payload)
            if piece is None:
                continue
            marks = {(client, clock + 1) for client, clock in piece.needs}
            for client, start, end in piece.structs:
                marks |= {(client, start), (client, end)}
            for number, clock in marks:
                client = ClientId(number)
                if clock > state.get(client, 0):
                    heappush(self._marks.setdefault(client, []), (clock, payload))
        self._unmarked = []

    def _come(self, state: Mapping[ClientId, int]) -> list[ClockRange]:
        """Take out the deletions whose target a document in this state holds."""
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

    def _news(self, pieces: Iterable[Piece]) -> list[Piece]:
        """Those pieces that do not wait already."""
        unknown = [piece for piece in pieces if piece.payload not in self._pieces]
        clients = {run.client for piece in unknown for run in piece.structs}
        known = [p for p in self._pieces.values() if any(r.client in clients for r in p.structs)]
        cover = Cover(run for piece in known for run in piece.structs)
        covered = [piece for piece in unknown if all(map(cover.holds, piece.structs))]
        if not covered or self._says_more(covered, known):
            return unknown
        return [piece for piece in unknown if not all(map(cover.holds, piece.structs))]

    @staticmethod
    def _says_more(covered: Sequence[Piece], known: Sequence[Piece]) -> bool:
        """Whether there is something in pieces whose clocks all wait.

        The same clocks with other content (forged) may be what goes in at last; so they are
        kept, that a replay of the log may come to the same end.
        """
        payloads = [piece.payload for piece in known]
        merged = merge(payloads)
        return merge([merged, *(piece.payload for piece in covered)]) != merge([merged])
