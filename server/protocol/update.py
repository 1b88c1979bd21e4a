"""Yjs updates, state vectors and snapshots (format v1): walked, measured, refused.

Foreign bytes pass here before pycrdt sees them (L7): pycrdt reads nested values
by recursion and dies of 100,000 of them, and what yrs and yjs read differently
would part their documents. ``inspect`` either accepts the whole update or raises
one ``PeerError``. It builds no document: whether an update's neighbours exist,
and how deep its types lie in the *document*, is not known here.

    update       = structs deletes
    snapshot     = deletes state-vector
    deletes      = n (client m (clock length){m}){n}
    state-vector = n (client clock){n}
"""

from collections.abc import Mapping
from dataclasses import dataclass

from server.protocol.contents import read_run, read_uint
from server.protocol.errors import Invalid, Malformed
from server.protocol.ids import ClientId
from server.protocol.lib0 import write_uint
from server.protocol.placement import MAX_TYPE_DEPTH, Sections, refuse_deep
from server.protocol.ranges import ClockRange
from server.protocol.structs import (
    MAX_CLOCK,
    MAX_RANGES,
    MAX_STRUCTS,
    Ref,
    refuse_many,
    walk_structs,
)

EMPTY_UPDATE = b"\x00\x00"


@dataclass(frozen=True, slots=True)
class UpdateShape:
    """What an update says that it contains.

    ``structs`` is one range per contiguous run of a client (gaps are not content),
    ``deletes`` its delete set in wire order, ``types`` how many shared types it makes.
    ``rests_on`` is for typing, an update of nothing but one run of text: the items that it
    is placed by. For anything else it is None.
    """

    structs: tuple[ClockRange, ...]
    deletes: tuple[ClockRange, ...]
    types: int
    rests_on: tuple[Ref, ...] | None = None


@dataclass(frozen=True, slots=True)
class SnapshotShape:
    """A moment of a document: what existed, and what of it was deleted."""

    deletes: tuple[ClockRange, ...]
    state: dict[ClientId, int]


def inspect(update: bytes, *, bounded: bool = True) -> UpdateShape:
    """Walk the whole update. Raises ``Malformed``, ``Invalid``, ``TooDeep`` or ``TooLarge``.

    ``bounded`` is for foreign bytes: no more parts than can be walked in a moment. What
    we have accepted once, and merges of it, must be read whatever they have become.
    """
    try:
        ranges, types, rests_on, pos = walk_structs(update, None, bounded=bounded)
        deletes, pos = _read_deletes(update, pos, bounded=bounded)
    except IndexError:
        raise _ended_early(update) from None
    _refuse_trailing(update, pos)
    if types > MAX_TYPE_DEPTH:
        refuse_deep(read_placements(update))
    return UpdateShape(tuple(ranges), deletes, types, None if deletes else rests_on)


def read_placements(update: bytes) -> Sections:
    """Where every struct hangs, by client. For the few updates that add shared types."""
    sections: Sections = {}
    try:
        walk_structs(update, sections)
    except IndexError:
        raise _ended_early(update) from None
    return sections


def read_delete_set(data: bytes) -> tuple[ClockRange, ...]:
    """A delete set that stands alone."""
    try:
        deletes, pos = _read_deletes(data, 0)
    except IndexError:
        raise _ended_early(data) from None
    _refuse_trailing(data, pos)
    return deletes


def read_state_vector(data: bytes, *, bounded: bool = False) -> dict[ClientId, int]:
    """The next clock of every client. A repeated client is refused.

    ``bounded`` is for foreign bytes, as in ``inspect``.
    """
    try:
        state, pos = _read_state(data, 0, bounded=bounded)
    except IndexError:
        raise _ended_early(data) from None
    _refuse_trailing(data, pos)
    return state


def write_state_vector(state: Mapping[ClientId, int]) -> bytes:
    """The bytes of a state vector; clients in the order given."""
    parts = [write_uint(len(state))]
    for client, clock in state.items():
        parts += (write_uint(client), write_uint(clock))
    return b"".join(parts)


def read_snapshot(data: bytes) -> SnapshotShape:
    """An encoded snapshot."""
    try:
        deletes, pos = _read_deletes(data, 0)
        state, pos = _read_state(data, pos)
    except IndexError:
        raise _ended_early(data) from None
    _refuse_trailing(data, pos)
    return SnapshotShape(deletes, state)


def _read_deletes(
    data: bytes, pos: int, *, bounded: bool = False
) -> tuple[tuple[ClockRange, ...], int]:
    clients, pos = read_uint(data, pos)
    if not clients:
        return (), pos
    if clients * 2 > len(data) - pos:
        raise Malformed(f"expected deletes of {clients} clients at {pos}, got the end of input")
    if bounded:
        refuse_many("clients", clients, MAX_RANGES)
    deletes: list[ClockRange] = []
    seen: set[int] = set()
    for _ in range(clients):
        client, pos = read_uint(data, pos)
        if client in seen:
            # yrs keeps only the last part, and so would lose deletes.
            raise Invalid(f"client {client} has two parts in the delete set")
        seen.add(client)
        count, pos = read_uint(data, pos)
        if count * 2 > len(data) - pos:
            raise Malformed(f"expected {count} deletes at {pos}, got the end of input")
        if bounded:
            refuse_many("deletions", len(deletes) + count, MAX_RANGES)
        for _ in range(count):
            start, pos = read_uint(data, pos)
            length, pos = read_run(data, pos)
            if start + length > MAX_CLOCK:
                raise Invalid(f"a delete reaches clock {start + length}; {MAX_CLOCK} is the most")
            deletes.append(ClockRange(ClientId(client), start, start + length))
    return tuple(deletes), pos


def _read_state(data: bytes, pos: int, *, bounded: bool = False) -> tuple[dict[ClientId, int], int]:
    count, pos = read_uint(data, pos)
    if count * 2 > len(data) - pos:
        raise Malformed(f"expected {count} clients at {pos}, got the end of input")
    if bounded:
        refuse_many("clients", count, MAX_STRUCTS)
    state: dict[ClientId, int] = {}
    for _ in range(count):
        client, pos = read_uint(data, pos)
        clock, pos = read_uint(data, pos)
        if clock > MAX_CLOCK:
            raise Invalid(f"client {client} is at clock {clock}; {MAX_CLOCK} is the most")
        state[ClientId(client)] = clock
    if len(state) != count:
        raise Invalid("a client occurs twice in the state vector")
    return state, pos


def _refuse_trailing(data: bytes, pos: int) -> None:
    if pos != len(data):
        raise Malformed(f"expected the end of input at {pos}, got {len(data) - pos} bytes")


def _ended_early(data: bytes) -> Malformed:
    return Malformed(f"expected more at {len(data)}, got the end of input")
