"""The struct half of a Yjs v1 update, walked once from front to back.

Only layout and the rules that one struct can break alone are here; contents are
walked by ``contents``, nesting across structs is judged by ``placement``.
"""

from server.protocol.contents import (
    Budget,
    read_run,
    read_string_content,
    read_text,
    read_uint,
    skip_content,
)
from server.protocol.errors import Invalid, Malformed, TooLarge
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange

MAX_CLOCK = 2**31 - 1
"""Clocks are 32 bits wide in yrs; above this, arithmetic on them may wrap."""

MAX_STRUCTS = 500_000
"""Structs in one foreign update. A document of 260,000 keystrokes has some 20,000."""

MAX_RANGES = 200_000
"""Clients, unbroken runs, shared types or deletions in one foreign update: each costs more
than its few bytes."""

MAX_VALUES = 1_000_000
"""Values (numbers, strings, ...) in one foreign update. Walking them takes some 0.2 s."""

Ref = tuple[int, int]
"""Client and clock of another item."""

Placed = tuple[int, int, int, tuple[Ref, ...], int]
"""Where one struct hangs: start, end, what it is (``ITEM``, ``TYPE``, ``GAP``), the
items that it refers to, and 1 if it lies inside the first of them (0: beside them).
A bare tuple, because a large document has a million."""

ITEM, TYPE, GAP = 0, 1, 2

_GC, _SKIP = 0, 10
_ORIGIN, _RIGHT_ORIGIN, _PARENT_SUB, _UNKNOWN_BIT, _KIND = 0x80, 0x40, 0x20, 0x10, 0x0F
_PLACE = _ORIGIN | _RIGHT_ORIGIN | _PARENT_SUB
_STRING, _TYPE = 4, 7


def walk_structs(  # noqa: C901 - one loop, see its docstring
    data: bytes, placed: dict[int, list[Placed]] | None, *, bounded: bool = False
) -> tuple[list[ClockRange], int, tuple[Ref, ...] | None, int]:
    """The clock ranges of the content, the number of shared types, what the only run of text
    rests on (None if there is more, or something else), and the position after.

    ``placed``, if given, gets where every struct hangs, by client. ``bounded`` refuses what
    has more parts than a peer has reason to send, or a place that is none. Long because
    every keystroke pays for this loop: a call per struct costs a third more.
    """
    size = len(data)
    ranges: list[ClockRange] = []
    clients: set[int] = set()
    types = 0
    structs = 0
    rests_on: tuple[Ref, ...] | None = None
    values: Budget | None = None
    sections, pos = read_uint(data, 0)
    if sections > size:
        raise Malformed(f"expected {sections} clients at 0, got the end of input")
    if bounded:
        refuse_many("clients", sections, MAX_RANGES)
    for _ in range(sections):
        count, pos = read_uint(data, pos)
        mark = pos
        client, pos = read_uint(data, pos)
        own = data[mark:pos]
        clock, pos = read_uint(data, pos)
        if count * 2 > size - pos:
            raise Malformed(f"expected {count} structs at {pos}, got the end of input")
        if client in clients:
            # Yjs keeps the last section of a client, yrs joins them.
            raise Invalid(f"client {client} has two sections")
        clients.add(client)
        structs += count
        if bounded:
            refuse_many("structs", structs, MAX_STRUCTS)
        into = None if placed is None else placed.setdefault(client, [])
        first = clock
        for _ in range(count):
            info = data[pos]
            pos += 1
            if info in (_GC, _SKIP):
                length, pos = read_run(data, pos)
                if info == _SKIP:
                    if first < clock:
                        ranges.append(ClockRange(ClientId(client), first, clock))
                    first = clock + length
                if into is not None:
                    into.append((clock, clock + length, GAP if info else ITEM, (), 0))
                clock += length
                continue
            refs: tuple[Ref, ...] = ()
            inside = 0
            if info & _ORIGIN:
                ref, pos = _ref(data, pos, own, client, clock)
                refs = (ref,)
            if info & _RIGHT_ORIGIN:
                ref, pos = _ref(data, pos, own, client, clock)
                if bounded and refs and ref == refs[0]:
                    # Where it lands depends on how a peer has joined its neighbours.
                    raise Invalid(f"a struct before {pos} lies between an item and itself")
                refs += (ref,)
            if not refs:
                refs, pos = _parent(data, pos, own, client, clock)
                inside = len(refs)
                if info & _PARENT_SUB:
                    _, pos = read_text(data, pos)
            kind = info & _KIND
            if kind == _STRING:
                length, pos = read_string_content(data, pos)
                if not info & _PARENT_SUB:
                    rests_on = refs
            else:
                if bounded and values is None:
                    values = Budget(MAX_VALUES)
                length, pos = skip_content(data, pos, kind, values)
            if info & _UNKNOWN_BIT:
                # Part of the content number to yjs, ignored by yrs.
                raise Invalid(f"a struct before {pos} has an info byte {info:#x}")
            if bounded and length > 1 and kind == _STRING and info & _PLACE == _PARENT_SUB:
                # Cut in two, its halves overwrite each other, and not alike everywhere. Beside
                # neighbours it may be honest text, whose neighbours are not. Values may be
                # several: a client that collects nothing joins those it has overwritten.
                raise Invalid(f"the value of a key before {pos} is {length} clocks of text")
            if kind == _TYPE:
                types += 1
            if length and into is not None:
                into.append((clock, clock + length, TYPE if kind == _TYPE else ITEM, refs, inside))
            clock += length
        if clock > MAX_CLOCK:
            raise Invalid(f"client {client} reaches clock {clock}; {MAX_CLOCK} is the most")
        if first < clock:
            ranges.append(ClockRange(ClientId(client), first, clock))
        if bounded:
            refuse_many("runs", len(ranges), MAX_RANGES)
            refuse_many("shared types", types, MAX_RANGES)
    return ranges, types, rests_on if structs == 1 else None, pos


def refuse_many(what: str, count: int, most: int) -> None:
    """Raise ``TooLarge`` for more parts of an update than are allowed."""
    if count > most:
        raise TooLarge(f"{count} {what} or more in one message; {most} are allowed")


def _ref(data: bytes, pos: int, own: bytes, client: int, clock: int) -> tuple[Ref, int]:
    """An id, which must not lie in its own client's future: yjs throws on those.

    Most references name the section's own client: comparing bytes spares decoding.
    """
    if data.startswith(own, pos):
        to_client = client
        pos += len(own)
    else:
        to_client, pos = read_uint(data, pos)
    to_clock, after = read_uint(data, pos)
    if to_clock >= MAX_CLOCK or (to_client == client and to_clock >= clock):
        raise Invalid(f"a struct refers to clock {to_clock} at {pos}, which cannot precede it")
    return (to_client, to_clock), after


def _parent(
    data: bytes, pos: int, own: bytes, client: int, clock: int
) -> tuple[tuple[Ref, ...], int]:
    """The parent that is written when no neighbour implies it: a root's name, or an id."""
    by_name, pos = read_uint(data, pos)
    if by_name == 1:
        _, pos = read_text(data, pos)
        return (), pos
    if by_name:
        raise Malformed(f"expected 0 or 1 as the kind of parent before {pos}, got {by_name}")
    ref, pos = _ref(data, pos, own, client, clock)
    return (ref,), pos
