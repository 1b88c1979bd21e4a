"""What waits in a document for predecessors that have not come.

pycrdt parks too, but shows to nobody what, and not soundly (yrs 0.28): its list for
a client is replaced and not extended when more comes, so that a document which got every
update lacks some for ever; and structs behind a gap are integrated with a marker for
the gap, which is cut wrongly when it is filled in parts, and then encoded with a length of
2^32-1. So what comes behind a gap waits *here*, and whatever else waits is kept here too
and tried again when it may have become possible. That is also what survives compaction
(L4) and tells that a re-sent update is redundant (L3).

What does not live here: the document itself.
"""

from collections.abc import Iterable, Mapping

from server.document.pieces import Piece, deletion, held
from server.document.updates import merge
from server.protocol.ids import ClientId
from server.protocol.lib0 import write_uint
from server.protocol.ranges import ClockRange, missing


class Parked:
    """The waiting updates of one document, in the order in which they came."""

    __slots__ = ("_deletes", "_fresh", "_pieces", "_state")

    def __init__(self) -> None:
        self._pieces: tuple[Piece, ...] = ()
        self._fresh: tuple[Piece, ...] = ()
        self._deletes: tuple[ClockRange, ...] = ()
        self._state: Mapping[ClientId, int] = {}

    def __bool__(self) -> bool:
        return bool(self._pieces or self._deletes)

    def __len__(self) -> int:
        """How many updates wait; deletions alone do not count."""
        return len(self._pieces)

    def copy(self) -> "Parked":
        """A copy that further changes do not reach."""
        other = Parked()
        other._pieces, other._fresh = self._pieces, self._fresh
        other._deletes, other._state = self._deletes, self._state
        return other

    def add(self, pieces: Iterable[Piece], deletes: tuple[ClockRange, ...]) -> None:
        """Keep what does not wait already; it will be tried at the next ``settle``."""
        for piece in pieces:
            if not self._holds(piece):
                self._pieces += (piece,)
                self._fresh += (piece,)
        # Sorted and merged, as everything that leaves ``missing``.
        self._deletes = missing((*self._deletes, *deletes), ())

    def settle(self, state: Mapping[ClientId, int]) -> list[bytes]:
        """Forget what a document in this state holds; answer what it should try now.

        That is deletions whose target has come, and updates that continue what is there
        and are new, or mention a client who has advanced since the last time.
        """
        there = held(state)
        advanced = [write_uint(c) for c, clock in state.items() if clock != self._state.get(c)]
        self._state = dict(state)
        left = [Piece(p.payload, missing(p.structs, there)) for p in self._pieces]
        again = [
            piece.payload
            for piece in left
            if piece.structs
            and all(run.start <= state.get(run.client, 0) for run in piece.structs)
            and (self._is_fresh(piece) or any(id in piece.payload for id in advanced))
        ]
        self._pieces, self._fresh = tuple(piece for piece in left if piece.structs), ()
        waiting = missing(self._deletes, there)
        come = missing(self._deletes, waiting)
        self._deletes = waiting
        return [*again, deletion(come)] if come else again

    def drop(self, payload: bytes) -> None:
        """Give up an update that has proved impossible."""
        self._pieces = tuple(piece for piece in self._pieces if piece.payload != payload)

    def adds_to(self, before: "Parked") -> bool:
        """Whether something waits that did not wait ``before``."""
        known = {piece.payload for piece in before._pieces}
        return any(piece.payload not in known for piece in self._pieces) or bool(
            missing(self._deletes, before._deletes)
        )

    def ranges(self) -> tuple[tuple[ClockRange, ...], tuple[ClockRange, ...]]:
        """Which structs and which deletions wait."""
        structs = missing((run for piece in self._pieces for run in piece.structs), ())
        return structs, self._deletes

    def merged(self) -> bytes | None:
        """All that waits, as one update; None for nothing."""
        updates = [piece.payload for piece in self._pieces]
        if self._deletes:
            updates.append(deletion(self._deletes))
        return merge(updates) if updates else None

    def _is_fresh(self, piece: Piece) -> bool:
        return any(piece.payload == fresh.payload for fresh in self._fresh)

    def _holds(self, piece: Piece) -> bool:
        if missing(piece.structs, self.ranges()[0]):
            return False
        # The same clocks with other content (forged) may be what goes in at last; so it is
        # kept, that a replay of the log may come to the same end.
        payloads = [known.payload for known in self._pieces]
        return merge([*payloads, piece.payload]) == merge(payloads)
