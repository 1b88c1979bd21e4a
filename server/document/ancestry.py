"""Where items hang, read from the bytes of updates: what pycrdt does not show.

Good for what a document has long forgotten, as long as the log has it. What does not live
here: whether an item still exists.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from server.document.elements import KIND_OF_ROOT, ElementRef
from server.document.pieces import StructHead, read_head, skip_rest
from server.protocol.contents import read_string_content, read_text, read_uint
from server.protocol.structs import Ref

_GC: Final = 0
_SKIP: Final = 10
_OVERLAPS: Final = 64
_DEEPEST: Final = 1_000_000
"""Steps to a root; a loop in contradictory updates ends here."""


class Struct(NamedTuple):
    """One struct of an update: its clocks, its head, and the text in it, if it is text."""

    client: int
    start: int
    end: int
    head: StructHead
    text: str | None


def structs(update: bytes) -> Iterator[Struct]:
    """All structs of an update, gaps left out. The bytes have been judged before."""
    sections, pos = read_uint(update, 0)
    for _ in range(sections):
        count, pos = read_uint(update, pos)
        client, pos = read_uint(update, pos)
        clock, pos = read_uint(update, pos)
        for _ in range(count):
            head = read_head(update, pos)
            if head.is_text:
                length, pos = read_string_content(update, head.end)
                text = read_text(update, head.end)[0]
            else:
                length, pos = skip_rest(update, head)
                text = None
            if length and head.info != _SKIP:
                yield Struct(client, clock, clock + length, head, text)
            clock += length


class _Place(NamedTuple):
    start: int
    end: int
    head: StructHead


class Ancestry:
    """The places of all items of some updates."""

    def __init__(self, updates: Iterable[bytes]) -> None:
        self._places: dict[int, list[_Place]] = {}
        for update in updates:
            for struct in structs(update):
                if struct.head.info == _GC:
                    continue
                place = _Place(struct.start, struct.end, struct.head)
                self._places.setdefault(struct.client, []).append(place)
        for places in self._places.values():
            places.sort(key=lambda place: place[:2])

    def element(self, head: StructHead) -> ElementRef | None:
        """The element inside which a struct lies; None if that is not known, or none."""
        for _ in range(_DEEPEST):
            if head.root is not None:
                kind = KIND_OF_ROOT.get(head.root)
                return None if kind is None or head.key is None else ElementRef(kind, head.key)
            # Neighbours lie in the same place, those under one key of a map included.
            next_to = head.parent or head.origin or head.right_origin
            found = None if next_to is None else self._at(next_to)
            if found is None:
                return None
            head = found
        return None

    def _at(self, ref: Ref) -> StructHead | None:
        places = self._places.get(ref[0], [])
        at = bisect_right(places, ref[1], key=lambda place: place.start)
        # The same clocks may have come several times, cut in other ways.
        for place in reversed(places[max(0, at - _OVERLAPS) : at]):
            if place.end > ref[1]:
                return place.head
        return None
