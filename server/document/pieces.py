"""Updates cut where they have gaps: one piece for each unbroken run of one client.

Lives here: cutting bytes, and asking and writing clock ranges. Not here: judging an update
(``server.protocol.update``); what comes here has been judged. The cut is exact: together
the pieces and the deletions say what the update said.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from server.protocol.contents import (
    read_run,
    read_string_content,
    read_text,
    read_uint,
    skip_any,
    skip_content,
)
from server.protocol.errors import Malformed
from server.protocol.ids import ClientId
from server.protocol.lib0 import write_string, write_uint
from server.protocol.ranges import ClockRange
from server.protocol.structs import Ref, walk_structs
from server.protocol.update import read_delete_set

_GC, _SKIP, _DELETED = 0, 10, 1
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB, _KIND, _STRING = 0x80, 0x40, 0x20, 0x0F, 4


class Piece(NamedTuple):
    """So many structs of one client without a gap: the clocks ``start`` to ``end``."""

    client: ClientId
    start: int
    end: int
    structs: int
    body: bytes

    @property
    def run(self) -> ClockRange:
        """The clocks that it writes."""
        return ClockRange(self.client, self.start, self.end)

    @property
    def payload(self) -> bytes:
        """It alone, as an update."""
        return joined((self,))


class Ranges(NamedTuple):
    """The clocks that an update writes and deletes."""

    structs: tuple[ClockRange, ...]
    deletes: tuple[ClockRange, ...]


class StructHead(NamedTuple):
    """A struct up to its content, which starts at ``end``.

    The parent is said only where no neighbour implies it: a root by its name, or an item;
    ``key`` is set for what lies in a map.
    """

    info: int
    origin: Ref | None
    right_origin: Ref | None
    parent: Ref | None
    end: int
    root: str | None = None
    key: str | None = None

    @property
    def refs(self) -> tuple[Ref, ...]:
        """The items that the struct refers to."""
        return tuple(ref for ref in self[1:4] if ref is not None)

    @property
    def has_place(self) -> bool:
        """Whether it says where it is: what was collected does not."""
        return self.info not in (_GC, _SKIP)

    @property
    def is_text(self) -> bool:
        """Whether the content is a run of text."""
        return self.info not in (_GC, _SKIP) and self.info & _KIND == _STRING


def ranges(update: bytes) -> Ranges:
    """As ``inspect`` reads them, without its judgement on depth."""
    try:
        structs, _, _, end = walk_structs(update, None)
        return Ranges(tuple(structs), read_delete_set(update[end:]))
    except IndexError:
        raise Malformed("expected an update, got the end of input") from None


def split(update: bytes) -> tuple[list[Piece], tuple[ClockRange, ...]]:
    """The runs of an update, in its own order, and its deletions. Raises ``Malformed``."""
    try:
        pieces: list[Piece] = []
        sections, pos = read_uint(update, 0)
        for _ in range(sections):
            pos = _split_section(update, pos, pieces)
        return pieces, read_delete_set(update[pos:])
    except IndexError:
        raise Malformed("expected an update, got the end of input") from None


def joined(pieces: Iterable[Piece], gone: Iterable[ClockRange] = ()) -> bytes:
    """One update of pieces and deletions. Pieces of one client follow on each other."""
    by_client: dict[ClientId, list[Piece]] = {}
    for piece in pieces:
        by_client.setdefault(piece.client, []).append(piece)
    parts = [write_uint(len(by_client))]
    for client, run in by_client.items():
        count = sum(piece.structs for piece in run)
        parts += (write_uint(count), write_uint(client), write_uint(run[0].start))
        parts += (piece.body for piece in run)
    return b"".join((*parts, deletion(gone)[1:]))


def held(state: Mapping[ClientId, int]) -> list[ClockRange]:
    """What a document in this state holds."""
    return [ClockRange(client, 0, clock) for client, clock in state.items() if clock]


def deletion(gone: Iterable[ClockRange]) -> bytes:
    """An update that only deletes."""
    by_client: dict[ClientId, list[tuple[int, int]]] = {}
    for client, start, end in gone:
        by_client.setdefault(client, []).append((start, end))
    out = bytearray(b"\x00" + write_uint(len(by_client)))
    for client, runs in by_client.items():
        out += write_uint(client) + write_uint(len(runs))
        for start, end in runs:
            out += write_uint(start) + write_uint(end - start)
    return bytes(out)


def _split_section(data: bytes, pos: int, pieces: list[Piece]) -> int:
    count, pos = read_uint(data, pos)
    number, pos = read_uint(data, pos)
    clock, pos = read_uint(data, pos)
    client = ClientId(number)
    first, first_pos, structs = clock, pos, 0
    for _ in range(count):
        before = pos
        head = read_head(data, pos)
        length, pos = skip_rest(data, head)
        if head.info != _SKIP:
            clock += length
            structs += 1
            continue
        if first < clock:
            pieces.append(Piece(client, first, clock, structs, data[first_pos:before]))
        clock += length
        first, first_pos, structs = clock, pos, 0
    if first < clock:
        pieces.append(Piece(client, first, clock, structs, data[first_pos:pos]))
    return pos


def read_head(data: bytes, pos: int) -> StructHead:
    """What a struct says before its content."""
    info = data[pos]
    pos += 1
    if info in (_GC, _SKIP):
        return StructHead(info, None, None, None, pos)
    origin = right_origin = parent = root = key = None
    if info & _ORIGIN:
        origin, pos = _read_id(data, pos)
    if info & _RIGHT_ORIGIN:
        right_origin, pos = _read_id(data, pos)
    if origin is None and right_origin is None:
        by_name, pos = read_uint(data, pos)
        if by_name:
            root, pos = read_text(data, pos)
        else:
            parent, pos = _read_id(data, pos)
        if info & _PARENT_SUB:
            key, pos = read_text(data, pos)
    return StructHead(info, origin, right_origin, parent, pos, root, key)


def cut(data: bytes, head: StructHead, units: int, before: Ref) -> bytes:
    """A struct without its first clocks, linked in behind the item ``before`` it.

    As Yjs writes what somebody lacks of an item. Its place is told by its neighbours from then
    on, and so no longer by a parent, which may be another: the sender may have written
    something else at the clocks that are cut off.
    """
    if head.info in (_GC, _SKIP):
        length, _ = read_run(data, head.end)
        return bytes([head.info]) + write_uint(length - units)
    out = bytes([head.info & (_RIGHT_ORIGIN | _KIND) | _ORIGIN]) + _id(before)
    if head.right_origin is not None:
        out += _id(head.right_origin)
    return out + _cut_content(data, head, units)


def _cut_content(data: bytes, head: StructHead, units: int) -> bytes:
    """Content without its first clocks. Of what is left of half a character is U+FFFD."""
    kind = head.info & _KIND
    if kind == _STRING:
        text, _ = read_text(data, head.end)
        left = text.encode("utf-16-le")[2 * units :].decode("utf-16-le", "replace")
        return write_string(left)
    if kind == _DELETED:
        length, _ = read_run(data, head.end)
        return write_uint(length - units)
    count, pos = read_uint(data, head.end)
    return write_uint(count - units) + data[skip_any(data, pos, units) : skip_any(data, pos, count)]


def skip_rest(data: bytes, head: StructHead) -> tuple[int, int]:
    """How many clocks the struct takes, and the position after its content."""
    if head.info in (_GC, _SKIP):
        return read_run(data, head.end)
    if head.is_text:
        return read_string_content(data, head.end)
    return skip_content(data, head.end, head.info & _KIND)


def _id(ref: Ref) -> bytes:
    return write_uint(ref[0]) + write_uint(ref[1])


def _read_id(data: bytes, pos: int) -> tuple[Ref, int]:
    client, pos = read_uint(data, pos)
    clock, pos = read_uint(data, pos)
    return (client, clock), pos
