"""How much of what has come a document can take, found before pycrdt is asked.

pycrdt takes what it can of an update and parks the rest, where nobody sees it, and what it
makes of that later depends on more than the log says. So it is never given a struct that it
would park. An item can go in when the document holds the clocks before it and every item
that it refers to; ``fit`` finds the longest beginning of every piece for which that comes
true, each helping the others along.

Law kept here: L3. What goes in, and in which order, follows from the pieces, the order in
which they came and the clocks of the document, and from nothing else: a replay of the log
makes the same of it, even where two pieces say different things of the same clocks.

What does not live here: keeping pieces (``parked``), and whether pycrdt agrees (``replica``).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import NamedTuple

from server.document.pieces import Piece, cut, read_head, skip_rest
from server.protocol.ids import ClientId
from server.protocol.structs import Ref

Marks = dict[ClientId, list[tuple[int, int]]]
"""For each client a heap of clocks, and the number of a piece to look at when the document
reaches that clock."""


class Taken(NamedTuple):
    """Structs that go in, and the number of the piece that they are from."""

    number: int
    piece: Piece


@dataclass(slots=True)
class Fit:
    """What goes in, in an order in which it can; ``rests`` is what then waits of every piece
    that was looked at, None for nothing; ``ends`` the clocks that this leads to."""

    taken: list[Taken] = field(default_factory=list)
    rests: dict[int, Piece | None] = field(default_factory=dict)
    ends: dict[ClientId, int] = field(default_factory=dict)


def fit(
    pieces: Mapping[int, Piece], due: Iterable[int], marks: Marks, clocks: Mapping[ClientId, int]
) -> Fit:
    """What goes into a document at ``clocks``; the lowest number that can go goes first.

    Only those ``due`` are looked at, and those whose marks are met on the way; ``marks`` is
    left with what the rests wait for. Linear in what is walked, but for the heaps.
    """
    found = Fit()
    cursors: dict[int, _Cursor] = {}
    queue = [number for number in due if number in pieces]
    heapify(queue)

    def clock_of(client: int) -> int:
        end = found.ends.get(ClientId(client))
        return clocks.get(ClientId(client), 0) if end is None else end

    while queue:
        number = heappop(queue)
        cursor = cursors.get(number)
        if cursor is None:
            if number not in pieces:
                continue
            cursor = cursors[number] = _Cursor(pieces[number])
        taken = cursor.advance(clock_of)
        for client, clock in cursor.news():
            heappush(marks.setdefault(client, []), (clock, number))
        if taken is not None:
            found.taken.append(Taken(number, taken))
            found.ends[taken.client] = taken.end
            for woken in set(reached(marks, taken.client, taken.end)) - {number}:
                heappush(queue, woken)
    found.rests = {number: cursor.rest() for number, cursor in cursors.items()}
    return found


def reached(marks: Marks, client: ClientId, clock: int) -> list[int]:
    """Take out the pieces to look at when the document has a client's clocks to here."""
    heap = marks.get(client, [])
    woken: list[int] = []
    while heap and heap[0][0] <= clock:
        woken.append(heappop(heap)[1])
    return woken


class _Cursor:
    """How far a piece has gone in. ``need`` is what its next struct lacks."""

    __slots__ = ("_said", "clock", "left", "need", "piece", "pos", "reaches")

    def __init__(self, piece: Piece) -> None:
        self.piece = piece
        self.pos, self.clock, self.left = 0, piece.start, piece.structs
        self.need: Ref | None = None
        self.reaches = piece.start
        self._said: set[tuple[ClientId, int]] = set()

    def advance(self, clock_of: Callable[[int], int]) -> Piece | None:
        """What can go in now, from here on; the cursor is then behind it."""
        client, body = self.piece.client, self.piece.body
        have = clock_of(client)
        start, parts, count, whole = have, b"", 0, self.pos
        self.need = None
        while self.left:
            head = read_head(body, self.pos)
            length, after = skip_rest(body, head)
            self.reaches = self.clock + length
            if self.reaches > have:
                self.need = self._lack(head.refs, have, clock_of)
                if self.need is not None:
                    break
                if self.clock < have:
                    parts = cut(body, head, have - self.clock, (client, have - 1))
                    whole = after
                elif not count:
                    whole = self.pos
                count += 1
                have = self.reaches
            elif count:
                count += 1  # Of no length.
            self.pos, self.clock, self.left = after, self.reaches, self.left - 1
        if not count:
            return None
        return Piece(client, start, have, count, parts + body[whole : self.pos])

    def _lack(self, refs: Iterable[Ref], have: int, clock_of: Callable[[int], int]) -> Ref | None:
        client = self.piece.client
        if self.clock > have:
            return client, self.clock - 1
        return next((ref for ref in refs if ref[0] != client and ref[1] >= clock_of(ref[0])), None)

    def news(self) -> set[tuple[ClientId, int]]:
        """When to look again: what lacks has come, or others have filled the place. Only what
        was not said before."""
        if self.need is None:
            return set()
        client, clock = self.need
        marks = {(ClientId(client), clock + 1)}
        if client != self.piece.client:
            marks.add((self.piece.client, self.reaches))
        news, self._said = marks - self._said, marks
        return news

    def rest(self) -> Piece | None:
        """What has not gone in."""
        if not self.left:
            return None
        piece = self.piece
        return Piece(piece.client, self.clock, piece.end, self.left, piece.body[self.pos :])
