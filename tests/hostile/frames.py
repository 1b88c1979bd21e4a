"""Frames that somebody with bad intentions would build, each with what becomes of its sender.

Bytes and expectations only; ``test_constructed`` throws them at a live room. ``VICTIM`` is
the client id of an honest guest who is connected and has typed five characters.
"""

import json
from dataclasses import dataclass

import pycrdt

from server.protocol.awareness import PresenceEntry
from server.protocol.errors import AgentcError, PeerError, Resync
from server.protocol.ids import ClientId
from server.protocol.lib0 import write_bytes, write_string, write_uint
from server.protocol.messages import Presence, SyncStep1, SyncStep2, SyncUpdate, encode
from tests.server.protocol.updates import (
    map_chain,
    map_inside,
    nested_values,
    root_map,
    section,
    text,
    update,
)

_KINDS: tuple[type[AgentcError], ...] = (*PeerError.__subclasses__(), Resync)
TABLE = frozenset(kind.close_code for kind in _KINDS)
"""What a sender's connection may end with for what the sender did."""

BAD_ROOT = b"\x04\x01\x02\xff\xfe\x01x"
KEYED = b"\x24\x01\x01m\x01k\x02ab"
VICTIM = 1000
TYPED = 5
MINE = 4242
REFUSED = "refused"
"""Told so, and may stay."""
UNHARMED = "unharmed"
"""Legal, if strange: the sender stays."""


@dataclass(frozen=True, slots=True)
class Attack:
    """Some frames, and the close code of who sends them, or ``REFUSED`` or ``UNHARMED``."""

    name: str
    frames: tuple[bytes, ...]
    ends: int | str


def edit(data: bytes) -> bytes:
    """An update as a frame."""
    return encode(SyncUpdate(data))


def gc(length: int) -> bytes:
    """A collected run."""
    return b"\x00" + write_uint(length)


def deletes(*runs: tuple[int, int, int]) -> bytes:
    """A delete set with one run for each client."""
    parts = (write_uint(c) + b"\x01" + write_uint(at) + write_uint(n) for c, at, n in runs)
    return write_uint(len(runs)) + b"".join(parts)


def child_of(client: int, clock: int, *, author: int, at: int) -> bytes:
    """A map entry whose parent is the item (client, clock), which is no shared type."""
    item = b"\x28\x00" + write_uint(client) + write_uint(clock) + write_string("k")
    return update(section(author, at, item + b"\x01\x77" + write_string("v")))


def later_text(client: int, clock: int, content: str) -> bytes:
    """Text behind the item before it."""
    item = b"\x84" + write_uint(client) + write_uint(clock - 1) + write_string(content)
    return update(section(client, clock, item))


def cut_emoji() -> bytes:
    """Half of a character deleted, and text put between its halves.

    In a text of its own: pycrdt shows the other half or not, depending on how it got there.
    """
    emoji = update(section(MINE, 0, b"\x04\x01" + write_string("e") + write_string("😀")))
    inside = b"\xc4" + write_uint(MINE) + write_uint(0) + write_uint(MINE) + write_uint(1)
    wedge = update(section(MINE, 2, inside + write_string("x")), deletes=deletes((MINE, 0, 1)))
    return edit(emoji) + edit(wedge)


def presence(count: int, state: str) -> bytes:
    """Entries of made-up clients."""
    entries = (PresenceEntry(ClientId(10**6 + n), 1, state) for n in range(count))
    return encode(Presence(tuple(entries)))


def many_values(count: int, *, inside: int = 1) -> bytes:
    """A list of one-byte values, or of lists of them."""
    value = b"\x7e" if inside == 1 else b"\x75\x01\x7e"
    return update(section(MINE, 0, b"\x08\x01\x01a" + write_uint(count) + value * count))


def many_deletes(count: int) -> bytes:
    """Runs of one clock, each after a gap of one."""
    runs = b"".join(write_uint(2 * n) + b"\x01" for n in range(count))
    return b"\x00\x01" + write_uint(77) + write_uint(count) + runs


def beside_itself() -> bytes:
    """Text between a character and the same character."""
    place = b"\xc4" + (write_uint(MINE) + write_uint(1)) * 2
    return update(section(MINE, 0, text("abc"), place + write_string("x")))


def text_twice() -> bytes:
    """The first version."""
    return update(section(MINE, 0, text("abc")))


def another() -> bytes:
    """A second version, elsewhere, of which a part is new."""
    return edit(update(section(MINE, 1, b"\x08\x01\x01a\x04" + b"\x7e" * 4)))


def crowd(clients: int) -> bytes:
    """A state vector with very many clients."""
    pairs = (write_uint(n + 1) + write_uint(7) for n in range(clients))
    return write_uint(clients) + b"".join(pairs)


def chain_in_steps(levels: int) -> tuple[bytes, ...]:
    """Shared types in shared types, one update for each level."""
    first = update(section(MINE, 0, root_map("k")))
    rest = (update(section(MINE, n, map_inside(MINE, n - 1))) for n in range(1, levels))
    return edit(first), *(edit(data) for data in rest)


def honest_update() -> bytes:
    """Something harmless."""
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc(client_id=MINE)
    doc.get("other", type=pycrdt.Text).insert(0, "fine")
    return doc.get_update()


FORGED = update(section(VICTIM, TYPED, gc(2**20)))
GIANT = update(section(VICTIM, TYPED, gc(2**30)))

ATTACKS = [
    Attack("values 100,000 deep", (edit(nested_values(100_000)),), 4422),
    Attack("values 65 deep", (edit(nested_values(70)),), 4422),
    Attack(
        "types 100,000 deep",
        (edit(update(map_chain(MINE, 0, 100_000, first=root_map("k")))),),
        4422,
    ),
    Attack("types deeper with each update", chain_in_steps(40), 4422),
    Attack("a collected run under the victim's id", (edit(FORGED),), 4411),
    Attack("the same in step 2", (encode(SyncStep2(FORGED)),), 4411),
    Attack("a giant run under the victim's id", (edit(GIANT),), 4411),
    Attack("a giant run in step 2", (encode(SyncStep2(GIANT)),), 4411),
    Attack("text under the victim's id", (edit(later_text(VICTIM, TYPED, "me")),), 4411),
    Attack("a gap and then the victim's id", (edit(later_text(VICTIM, 900, "me")),), 4411),
    Attack("a run past the last clock", (edit(update(section(MINE, 0, gc(2**31)))),), 4423),
    Attack("a run of 2^53", (edit(update(section(MINE, 0, gc(2**53 - 1)))),), 4423),
    Attack("a giant run of one's own", (edit(update(section(MINE, 0, gc(2**30)))),), UNHARMED),
    Attack(
        "runs that join to the longest there may be",
        tuple(edit(update(section(MINE, at, gc(2**30 - 1)))) for at in (0, 2**30 - 1)),
        UNHARMED,
    ),
    Attack("a length that lies", (b"\x00\x02\xff\xff\xff\xff\x07abc",), 4400),
    Attack("a length of 2^63", (b"\x00\x02" + b"\xff" * 9 + b"\x01",), 4400),
    Attack("a string that lies", (edit(update(b"\x01\x07\x00\x04\x01\x01t\xff\x0fab")),), 4400),
    Attack("a count of structs that lies", (edit(b"\x01\xff\xff\xff\x07\x07\x00\x00"),), 4400),
    Attack("a count of clients that lies", (edit(b"\xff\xff\xff\xff\x07\x00"),), 4400),
    Attack("a count of deletes that lies", (edit(b"\x00\x01\x07\xff\xff\xff\x07\x00"),), 4400),
    Attack(
        "deletes of everything to come",
        (
            edit(
                b"\x00" + deletes((MINE, 0, 2**31)),
            ),
        ),
        4423,
    ),
    Attack("deletes of 2^30", (edit(b"\x00" + deletes((77, 0, 2**30))),), UNHARMED),
    Attack("empty frame", (b"",), 4400),
    Attack("unknown message", (b"\x2a\x00",), 4400),
    Attack("unknown step", (b"\x00\x03\x00",), 4400),
    Attack("trailing bytes", (edit(honest_update() + b"\x00"),), 4400),
    Attack("257 messages in a frame", (b"\x03" * 257,), REFUSED),
    Attack("256 messages in a frame", (b"\x03" * 256,), UNHARMED),
    Attack("a state vector that lies", (b"\x00\x00\x03\xff\xff\x03",), 4400),
    Attack("a state vector of 100,000", (encode(SyncStep1(crowd(100_000))),), UNHARMED),
    Attack("a state vector of 600,000", (encode(SyncStep1(crowd(600_000))),), REFUSED),
    Attack("4,000,000 values", (edit(many_values(4_000_000)),), REFUSED),
    Attack("4,000,000 values in values", (edit(many_values(2_000_000, inside=2)),), REFUSED),
    Attack("a struct between an item and itself", (edit(beside_itself()),), 4423),
    Attack("a key with text of two clocks", (edit(update(section(MINE, 0, KEYED))),), 4423),
    Attack("another version of what is known and more", (edit(text_twice()), another()), UNHARMED),
    Attack("deletes of 200,001 runs", (edit(many_deletes(200_001)),), REFUSED),
    Attack("a clock of 2^53", (edit(update(section(MINE, 2**53 - 1, text("x")))),), 4423),
    Attack("a client id of 2^53", (edit(update(b"\x01" + b"\xff" * 7 + b"\x10\x00")),), 4400),
    Attack("a root's name that is no UTF-8", (edit(update(section(MINE, 0, BAD_ROOT))),), 4400),
    Attack("presence that is no UTF-8", (b"\x01\x06\x01\x07\x01\x02\xff\xfe",), 4400),
    Attack("a client twice", (encode(SyncStep1(b"\x02\x07\x01\x07\x02")),), 4423),
    Attack("257 presence entries", (presence(257, "{}"),), REFUSED),
    Attack("a flood of presence", (presence(256, "{}"),) * 50, REFUSED),
    Attack("presence of 100 kB", (presence(1, json.dumps("x" * 100_000)),), REFUSED),
    Attack("presence 10,000 deep", (presence(1, "[" * 10_000 + "]" * 10_000),), 4422),
    Attack("presence that is no JSON", (presence(1, "{nonsense"),), 4400),
    Attack(
        "presence of the victim",
        (encode(Presence((PresenceEntry(ClientId(VICTIM), 99, None),))),),
        UNHARMED,
    ),
    Attack("a child of text", (edit(child_of(VICTIM, 0, author=MINE, at=0)),), 4400),
    Attack(
        "a child of text to come",
        (edit(child_of(VICTIM, TYPED + 2, author=MINE, at=0)),),
        UNHARMED,
    ),
    Attack("half an emoji", (cut_emoji(),), UNHARMED),
    Attack(
        "a lone high surrogate", (edit(update(section(MINE, 0, text("\U0001f600")[:-2]))),), 4400
    ),
    Attack("keep-alive", (b"\x01\x01\x00",) * 20, UNHARMED),
    Attack("a long reason", (b"\x02\x00" + write_bytes(b"x" * 10_000),), UNHARMED),
]
