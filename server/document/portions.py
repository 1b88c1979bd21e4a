"""A large difference in portions, so that whoever reads slowly does not fill our memory (L6).

pycrdt encodes a difference in one piece, however large. But what a document says is at hand
as bytes: an encoded base, and the events since (``live``). Portions are cut out of these,
with nothing new in memory but the portion itself: structs of the base first, each after
those that it refers to, then events in the order in which they happened. So what a peer has
at any moment is whole, as if the rest had not been typed yet, and nothing waits at its end.

Deletions stay out, but for those that come with an event: the small difference that ends
every catching up holds all of them. What does not live here: who is sent portions and when
(the room), and how a struct is cut (``slices``).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from server.document.pieces import StructHead, ranges
from server.document.slices import Place, Struct, cut, first_place, reach, read_struct
from server.document.updates import merge
from server.protocol.contents import read_uint
from server.protocol.ids import ClientId
from server.protocol.lib0 import write_uint
from server.protocol.structs import MAX_CLOCK
from server.protocol.update import EMPTY_UPDATE

_AT_ONCE: Final = 10_000
"""Structs, or events, looked at in one go: some ten milliseconds."""

_SMALLEST: Final = 64
"""A portion holds at least so many bytes of a text, and so at least a character."""


class Record(NamedTuple):
    """A document as bytes. ``edition`` changes whenever anything but a new event does."""

    edition: int
    base: bytes
    events: Sequence[bytes]


@dataclass(slots=True)
class Known:
    """What a peer holds: these clients up to their clocks, all others up to ``rest``."""

    clocks: dict[ClientId, int]
    rest: int

    def of(self, client: int) -> int:
        """The first clock of this client that the peer lacks."""
        return self.clocks.get(ClientId(client), self.rest)

    def reach(self, client: int, clock: int) -> None:
        """The peer is sent everything of this client before ``clock``."""
        if clock > self.of(client):
            self.clocks[ClientId(client)] = clock


@dataclass(slots=True)
class _Cursor:
    """The next struct of a client in the base: its first clock, where it lies, how many are
    left with it, and how much of it has been sent where it is sent in parts."""

    client: int
    clock: int
    pos: int
    left: int
    place: Place | None = None
    struct: Struct | None = None

    def read(self, base: bytes) -> Struct:
        """The struct, measured once: it may be as long as the document."""
        if self.struct is None:
            self.struct = read_struct(base, self.pos)
        return self.struct

    def go_past(self, struct: Struct) -> None:
        self.clock += struct.clocks
        self.pos = struct.end
        self.left -= 1
        self.place = self.struct = None


@dataclass(slots=True)
class _Run:
    """Structs of one client in a page, without a gap."""

    first: int
    end: int
    structs: list[bytes]


@dataclass(slots=True)
class _Page:
    """A portion while it is filled."""

    size: int
    runs: dict[int, _Run] = field(default_factory=dict)
    filled: int = 0

    @property
    def room(self) -> int:
        return self.size - self.filled

    def takes(self, client: int, clock: int) -> bool:
        """Whether this clock follows what the page has of the client."""
        run = self.runs.get(client)
        return run is None or run.end == clock

    def add(self, client: int, clock: int, end: int, struct: bytes) -> None:
        run = self.runs.setdefault(client, _Run(clock, clock, []))
        run.structs.append(struct)
        run.end = end
        self.filled += len(struct)

    def encoded(self) -> bytes:
        out = [write_uint(len(self.runs))]
        for client, run in self.runs.items():
            out += (write_uint(len(run.structs)), write_uint(client), write_uint(run.first))
            out += run.structs
        return b"".join((*out, b"\x00"))


class Portions:
    """How far one peer has been brought. It keeps positions, and no bytes of the document."""

    __slots__ = ("_cursors", "_edition", "_event", "_path", "_size", "_unread", "_walk")

    def __init__(self, size: int) -> None:
        self._size = max(size, _SMALLEST)
        self._edition: int | None = None

    def next(self, record: Record, known: Known) -> bytes | None:
        """The next portion, an update of about the size, after which ``known`` says more.

        ``EMPTY_UPDATE`` if more has to be looked at first: ask again. None once what is left
        fits in one portion. One value, or one event, that is larger leaves as it is.
        """
        if record.edition != self._edition:
            self._start_over(record)
        if self._walk is not None:
            self._survey(record.base, known)
            return EMPTY_UPDATE
        if self._cursors:
            return self._from_base(record.base, known)
        return self._from_events(record.events, known)

    def _start_over(self, record: Record) -> None:
        """The bytes are others now, and say the same of what the peer holds."""
        self._edition = record.edition
        self._unread, pos = read_uint(record.base, 0)
        self._walk: _Cursor | None = _Cursor(0, 0, pos, 0)
        self._cursors: dict[int, _Cursor] = {}
        self._path: list[tuple[_Cursor, int]] = []
        self._event = 0

    def _survey(self, base: bytes, known: Known) -> None:
        """Find where in the base that what the peer lacks of each client starts."""
        walk = self._walk
        assert walk is not None
        for _ in range(_AT_ONCE):
            if walk.left:
                struct = walk.read(base)
                lacks = walk.clock + struct.clocks > known.of(walk.client)
                if lacks and walk.client not in self._cursors:
                    self._cursors[walk.client] = replace(walk)
                walk.go_past(struct)
            elif self._unread:
                self._unread -= 1
                walk.left, pos = read_uint(base, walk.pos)
                walk.client, pos = read_uint(base, pos)
                walk.clock, walk.pos = read_uint(base, pos)
            else:
                self._walk = None
                return

    # --- from the base: each struct after those that it refers to ---

    def _from_base(self, base: bytes, known: Known) -> bytes:
        page = _Page(self._size)
        for _ in range(_AT_ONCE):
            if not self._path:
                if not self._cursors:
                    break
                self._path.append((next(iter(self._cursors.values())), MAX_CLOCK + 1))
            cursor, until = self._path[-1]
            if not cursor.left or known.of(cursor.client) >= until:
                self._turn_back(cursor)
                continue
            struct = cursor.read(base)
            before = self._needed(struct.head, known)
            if before is not None:
                self._path.append(before)
            elif not _take(page, base, cursor, struct, known):
                break
        return page.encoded()

    def _turn_back(self, cursor: _Cursor) -> None:
        self._path.pop()
        if not cursor.left:
            self._cursors.pop(cursor.client, None)

    def _needed(self, head: StructHead, known: Known) -> tuple[_Cursor, int] | None:
        """Who has to be sent first, and up to which clock.

        Not who is on the path already: in documents that contradict themselves it may be a
        circle, and the peer has to see how it copes, as with any other difference.
        """
        for ref in (head.origin, head.right_origin, head.parent):
            cursor = None if ref is None else self._cursors.get(ref[0])
            if ref is None or cursor is None or known.of(ref[0]) > ref[1]:
                continue
            if all(cursor is not passed for passed, _ in self._path):
                return cursor, ref[1] + 1
        return None

    # --- from the events, as they happened ---

    def _from_events(self, events: Sequence[bytes], known: Known) -> bytes | None:
        taken: list[bytes] = []
        ahead = Known(dict(known.clocks), known.rest)
        size, stop = 0, min(len(events), self._event + _AT_ONCE)
        for number in range(self._event, stop):
            if size >= self._size:
                stop = number
                break
            structs = ranges(events[number]).structs
            if any(end > ahead.of(client) for client, _, end in structs):
                taken.append(events[number])
                size += len(events[number])
                for client, _, end in structs:
                    ahead.reach(client, end)
        if stop == len(events) and size < self._size:
            return None
        self._event = stop
        for client, clock in ahead.clocks.items():
            known.reach(client, clock)
        return merge(taken)


def _take(page: _Page, base: bytes, cursor: _Cursor, struct: Struct, known: Known) -> bool:
    """Put the struct on the page, or as much as there is room for; whether there is more."""
    client, held = cursor.client, known.of(cursor.client)
    end = cursor.clock + struct.clocks
    if end <= held or struct.is_gap:
        cursor.go_past(struct)
        return True
    size = struct.end - struct.start
    fits = size <= page.room and cursor.place is None
    if not fits and struct.can_be_cut:
        return _take_part(page, base, cursor, struct, known)
    if not page.takes(client, cursor.clock) or not (fits or not page.runs):
        return False
    page.add(client, cursor.clock, end, base[struct.start : struct.end])
    known.reach(client, end)
    cursor.go_past(struct)
    return True


def _take_part(page: _Page, base: bytes, cursor: _Cursor, struct: Struct, known: Known) -> bool:
    place = cursor.place or first_place(base, struct)
    lacking = known.of(cursor.client) - cursor.clock
    if lacking > place.clocks:
        place = reach(base, struct, place, lacking, struct.end)
    first = cursor.clock + place.clocks
    if page.room < page.size // 2 or not page.takes(cursor.client, first):
        return False
    last = reach(base, struct, place, struct.clocks, page.room)
    body = cut(base, struct, (cursor.client, cursor.clock), place, last)
    page.add(cursor.client, first, cursor.clock + last.clocks, body)
    known.reach(cursor.client, cursor.clock + last.clocks)
    if last.clocks < struct.clocks:
        cursor.place = last
        return False
    cursor.go_past(struct)
    return True
