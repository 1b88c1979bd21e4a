"""In which element and field a clock was written: of text, of cursors, of deletions.

pycrdt shows no items, but every struct of an update says beside or inside which other it was
written, and following that leads to a root. Updates are noted as they come and links are
followed only when asked, each once: typing costs nothing but its own clock.

What does not live here: who wrote a clock (``authorship``), and where in a text it is.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from server.document.pieces import StructHead, read_head, skip_rest
from server.protocol.contents import read_uint
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange
from server.protocol.structs import Ref


class Spot(NamedTuple):
    """An element: its root and its id."""

    root: str
    id: str


class Place(NamedTuple):
    """A field of an element; the element itself where the field is empty."""

    root: str
    id: str
    field: str

    @property
    def spot(self) -> Spot:
        """The element."""
        return Spot(self.root, self.id)


class _Beside(NamedTuple):
    """Where the item ``ref`` is."""

    ref: Ref


class _Inside(NamedTuple):
    """Under a key of the item ``ref``, or among its text."""

    ref: Ref
    key: str | None


class Whereabouts:
    """The places of all clocks in the updates that were noted."""

    def __init__(self) -> None:
        self._starts: dict[int, list[int]] = {}
        self._ends: dict[int, list[int]] = {}
        self._links: dict[int, list[Place | _Beside | _Inside | None]] = {}

    def note(self, update: bytes) -> None:
        """Learn where the structs of an update are. It is one that pycrdt has taken or made, and
        of one client its clocks come in order."""
        sections, pos = read_uint(update, 0)
        for _ in range(sections):
            pos = self._note_section(update, pos)

    def place(self, ref: Ref) -> Place | None:
        """Where a clock is; None for what is unknown, or was collected with its parent."""
        path: list[tuple[int, int, str | None]] = []
        found: Place | None = None
        while (index := self._index(ref)) is not None:
            client = ref[0]
            link = self._links[client][index]
            if link is None or isinstance(link, Place):
                found = link
                break
            path.append((client, index, link.key if isinstance(link, _Inside) else ""))
            # Hostile structs that wait for each other lead in a circle: it ends here.
            self._links[client][index] = None
            ref = link.ref
        for client, index, key in reversed(path):
            if found is not None and key and found.id and not found.field:
                found = Place(found.root, found.id, key)
            self._links[client][index] = found
        return found

    def places(self, ranges: Iterable[ClockRange]) -> Iterator[tuple[ClockRange, Place]]:
        """Ranges in parts of one place each; what has none is left out."""
        for client, start, end in ranges:
            while start < end:
                index = self._index((client, start))
                if index is None:
                    start = self._next_start(client, start, end)
                    continue
                stop = min(end, self._ends[client][index])
                if (place := self.place((client, start))) is not None:
                    yield ClockRange(client, start, stop), place
                start = stop

    def _note_section(self, data: bytes, pos: int) -> int:
        count, pos = read_uint(data, pos)
        client, pos = read_uint(data, pos)
        clock, pos = read_uint(data, pos)
        for _ in range(count):
            head = read_head(data, pos)
            length, pos = skip_rest(data, head)
            if length and head.has_place:
                self._add(ClockRange(ClientId(client), clock, clock + length), head)
            clock += length
        return pos

    def _add(self, run: ClockRange, head: StructHead) -> None:
        starts = self._starts.setdefault(run.client, [])
        ends = self._ends.setdefault(run.client, [])
        links = self._links.setdefault(run.client, [])
        if ends and run.end <= ends[-1]:
            return  # Noted before.
        if ends and ends[-1] == run.start and head.origin == (run.client, run.start - 1):
            ends[-1] = run.end  # Typed on: in the same place.
            return
        starts.append(run.start)
        ends.append(run.end)
        links.append(_link(head))

    def _index(self, ref: Ref) -> int | None:
        client, clock = ref
        index = bisect_right(self._starts.get(client, ()), clock) - 1
        return index if index >= 0 and clock < self._ends[client][index] else None

    def _next_start(self, client: int, start: int, end: int) -> int:
        starts = self._starts.get(client, [])
        index = bisect_right(starts, start)
        return min(end, starts[index]) if index < len(starts) else end


def _link(head: StructHead) -> Place | _Beside | _Inside | None:
    if head.origin is not None:
        return _Beside(head.origin)
    if head.right_origin is not None:
        return _Beside(head.right_origin)
    if head.root is not None:
        return Place(head.root, head.key or "", "")
    return None if head.parent is None else _Inside(head.parent, head.key)
