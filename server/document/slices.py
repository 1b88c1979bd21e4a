"""One struct of an encoded document, read without taking it in, and cut where it is long.

pycrdt joins what one author types in a row into one struct, which can be as large as the
document. It is cut as Yjs cuts it: the later part refers to the last clock of the earlier
one. Pure functions on bytes that pycrdt has encoded and that are not judged again; nothing
here takes more memory than the slice that is asked for.
"""

from typing import Final, NamedTuple

from server.document.pieces import StructHead, read_head, skip_rest
from server.protocol.contents import read_uint, skip_any
from server.protocol.lib0 import write_uint

_ORIGIN, _RIGHT_ORIGIN, _KIND, _ANY, _SKIP, _GC = 0x80, 0x40, 0x0F, 8, 10, 0
_CHUNK: Final = 64 * 1024
_CONTINUATIONS: Final = bytes(range(0x80, 0xC0))
_ONE_UNIT: Final = bytes(range(0xF0))
"""First bytes of the characters that take one UTF-16 unit."""


class Struct(NamedTuple):
    """A struct at ``start`` in the bytes, up to ``end``; it takes so many ``clocks``."""

    start: int
    head: StructHead
    clocks: int
    end: int

    @property
    def is_gap(self) -> bool:
        """Whether it stands for clocks that are not there."""
        return self.head.info == _SKIP

    @property
    def can_be_cut(self) -> bool:
        """Whether it holds a run of text or of plain values."""
        info = self.head.info
        return self.head.is_text or (info not in (_GC, _SKIP) and info & _KIND == _ANY)


class Place(NamedTuple):
    """A position in a struct's content: the byte ``at``, with so many clocks before it."""

    at: int
    clocks: int


def read_struct(data: bytes, pos: int) -> Struct:
    """The struct at a position."""
    head = read_head(data, pos)
    if not head.is_text:
        return Struct(pos, head, *skip_rest(data, head))
    size, start = read_uint(data, head.end)
    return Struct(pos, head, _units(data, start, start + size), start + size)


def first_place(data: bytes, struct: Struct) -> Place:
    """Where the content of a struct that can be cut starts, behind its length."""
    return Place(read_uint(data, struct.head.end)[1], 0)


def reach(data: bytes, struct: Struct, place: Place, clocks: int, size: int) -> Place:
    """How far one gets from ``place`` before these clocks and within so many bytes: at least
    one value of a list, and never into the middle of a character."""
    if struct.head.is_text:
        return _reach_in_text(data, struct, place, clocks, size)
    at, passed = place
    while passed < clocks:
        after = skip_any(data, at, 1)
        if after - place.at > size and passed > place.clocks:
            break
        at, passed = after, passed + 1
    return Place(at, passed)


def cut(data: bytes, struct: Struct, identity: tuple[int, int], first: Place, last: Place) -> bytes:
    """The part between two places of the struct whose first clock is ``identity``."""
    amount = last.at - first.at if struct.head.is_text else last.clocks - first.clocks
    head = data[struct.start : struct.head.end]
    if first.clocks:
        head = _later_head(struct.head, identity[0], identity[1] + first.clocks)
    return head + write_uint(amount) + data[first.at : last.at]


def _later_head(head: StructHead, client: int, clock: int) -> bytes:
    """What Yjs writes before the part of a struct that starts at this clock."""
    origin = write_uint(client) + write_uint(clock - 1)
    right = b"" if head.right_origin is None else b"".join(map(write_uint, head.right_origin))
    return bytes((head.info | _ORIGIN,)) + origin + right


def _reach_in_text(data: bytes, struct: Struct, place: Place, clocks: int, size: int) -> Place:
    at, passed = place
    limit = _character(data, min(at + size, struct.end), struct.end)
    while at < limit:
        stop = _character(data, min(at + _CHUNK, limit), struct.end)
        units = _units(data, at, stop)
        if passed + units > clocks:
            return _reach_in_chunk(data[at:stop], Place(at, passed), clocks)
        at, passed = stop, passed + units
    return Place(at, passed)


def _reach_in_chunk(chunk: bytes, place: Place, clocks: int) -> Place:
    """The units that there are clocks for, but for the first half of a pair at the end."""
    units = chunk.decode().encode("utf-16-le")[: 2 * (clocks - place.clocks)]
    text = units.decode("utf-16-le", "ignore").encode()
    return Place(place.at + len(text), place.clocks + _units(text, 0, len(text)))


def _character(data: bytes, pos: int, end: int) -> int:
    """The start of the character that a position lies in."""
    while pos < end and data[pos] & 0xC0 == 0x80:
        pos -= 1
    return pos


def _units(data: bytes, start: int, end: int) -> int:
    """How many UTF-16 units the UTF-8 text between two positions has."""
    units = 0
    for at in range(start, end, _CHUNK):
        chunk = data[at : min(at + _CHUNK, end)]
        if chunk.isascii():
            units += len(chunk)
            continue
        firsts = chunk.translate(None, _CONTINUATIONS)
        units += len(firsts) + len(firsts.translate(None, _ONE_UNIT))
    return units
