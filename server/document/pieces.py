"""Updates cut where they have gaps: one piece for each unbroken run of one client.

Lives here: cutting bytes, and asking and writing clock ranges. Not here: judging an update
(``server.protocol.update``); what comes here has been judged. The cut is exact: together
the pieces and the deletions say what the update said.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from server.protocol.contents import (
    read_run,
    read_string_content,
    read_text,
    read_uint,
    skip_content,
)
from server.protocol.errors import Malformed
from server.protocol.ids import ClientId
from server.protocol.lib0 import write_uint
from server.protocol.ranges import ClockRange
from server.protocol.structs import Ref, walk_structs
from server.protocol.update import read_delete_set

_GC, _SKIP = 0, 10
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB, _KIND, _STRING = 0x80, 0x40, 0x20, 0x0F, 4


class Piece(NamedTuple):
    """An update without deletions: ``structs`` are its runs, ``needs`` what they refer to.

    What a client's structs refer to of the same client is not listed: it precedes them.
    """

    payload: bytes
    structs: tuple[ClockRange, ...]
    needs: frozenset[Ref]


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
    def is_text(self) -> bool:
        """Whether the content is a run of text."""
        return self.info not in (_GC, _SKIP) and self.info & _KIND == _STRING


def ranges(update: bytes) -> Ranges:
    """As ``inspect`` reads them, without its judgement on depth."""
    try:
        structs, _, end = walk_structs(update, None)
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


def joined(pieces: Sequence[Piece]) -> bytes:
    """One update of pieces that have no client in common."""
    sections, bodies = 0, []
    for payload, _, _ in pieces:
        count, start = read_uint(payload, 0)
        sections += count
        bodies.append(payload[start:-1])
    return b"".join((write_uint(sections), *bodies, b"\x00"))


def whole(pieces: Sequence[Piece]) -> Piece:
    """One piece of pieces that have no client in common."""
    if len(pieces) == 1:
        return pieces[0]
    structs = tuple(run for piece in pieces for run in piece.structs)
    return Piece(joined(pieces), structs, frozenset().union(*(piece.needs for piece in pieces)))


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
    needs: set[Ref] = set()
    for _ in range(count):
        before = pos
        head = read_head(data, pos)
        length, pos = skip_rest(data, head)
        if head.info != _SKIP:
            clock += length
            structs += 1
            needs.update(ref for ref in head[1:4] if ref is not None and ref[0] != number)
            continue
        run = ClockRange(client, first, clock)
        _cut(data[first_pos:before], run, structs, needs, pieces)
        clock += length
        first, first_pos, structs = clock, pos, 0
        needs = set()
    _cut(data[first_pos:pos], ClockRange(client, first, clock), structs, needs, pieces)
    return pos


def _cut(body: bytes, run: ClockRange, structs: int, needs: set[Ref], pieces: list[Piece]) -> None:
    if run.start < run.end:
        head = write_uint(structs) + write_uint(run.client) + write_uint(run.start)
        pieces.append(Piece(b"\x01" + head + body + b"\x00", (run,), frozenset(needs)))


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


def skip_rest(data: bytes, head: StructHead) -> tuple[int, int]:
    """How many clocks the struct takes, and the position after its content."""
    if head.info in (_GC, _SKIP):
        return read_run(data, head.end)
    if head.is_text:
        return read_string_content(data, head.end)
    return skip_content(data, head.end, head.info & _KIND)


def _read_id(data: bytes, pos: int) -> tuple[Ref, int]:
    client, pos = read_uint(data, pos)
    clock, pos = read_uint(data, pos)
    return (client, clock), pos
