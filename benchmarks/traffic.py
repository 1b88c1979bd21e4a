"""The updates that writers send: genuine Yjs, made before anything is measured.

A writer types a word of eight characters (its marker) again and again, at the end of
its own run in one shared text; colleagues do the same, each with a client id of their
own, so that every insert is integrated among concurrent ones. ``typed`` writes these
updates itself, because a CRDT would need minutes for the larger runs; a test holds it
to the very bytes that pycrdt makes. A long document with deletions comes from pycrdt.
"""

import json
import random
from collections.abc import Iterator, Sequence

from pycrdt import Doc, Text, merge_updates

from benchmarks.markers import SIZE, marker

ROOT = b"content"
FIRST_CLIENT = 0x0155_0000
"""Client ids of writers start here."""
SOMEBODY = FIRST_CLIENT - 1
"""The client id of whoever wrote what was there before."""
RUN = 42
"""How many keystrokes the writer of a long document makes in one place, on average."""
DELETING, AT_END = 0.3, 0.3
"""How often such a run deletes; how often it goes on at the end."""


def varint(number: int) -> bytes:
    """lib0's varUint."""
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


def var_bytes(data: bytes) -> bytes:
    """lib0's varUint8Array."""
    return varint(len(data)) + data


def client_id(writer: int) -> int:
    """The Yjs client id of a writer."""
    return FIRST_CLIENT + writer


def typed(client: int, clock: int, text: bytes) -> bytes:
    """The update of a client whose first insert was at clock 0, which goes on at its end."""
    if clock == 0:
        where = b"\x04\x01" + var_bytes(ROOT)  # a string; its parent is a root type
    else:
        where = b"\x84" + varint(client) + varint(clock - 1)  # a string; it has an origin
    head = b"\x01\x01" + varint(client) + varint(clock)
    return head + where + var_bytes(text) + b"\x00"


def edits(writer: int, count: int, *, start: int = 0) -> Iterator[bytes]:
    """A writer's messages: ``count`` edits, each a whole y-protocols frame."""
    client = client_id(writer)
    for seq in range(start, start + count):
        yield as_update(typed(client, seq * SIZE, marker(writer, seq)))


def as_update(update: bytes) -> bytes:
    """A sync message of type "update"."""
    return b"\x00\x02" + var_bytes(update)


def cursors(writer: int, count: int) -> Iterator[bytes]:
    """A writer's presence: ``count`` states, each with a marker, clocks ascending."""
    for seq in range(count):
        state = {
            "user": {"name": f"user {writer}", "color": "#30bced"},
            "cursor": {"anchor": seq, "head": seq + 1, "at": marker(writer, seq).decode()},
        }
        body = json.dumps(state, separators=(",", ":")).encode()
        entry = varint(client_id(writer)) + varint(seq + 1) + var_bytes(body)
        yield b"\x01" + var_bytes(b"\x01" + entry)


def paragraph(size: int, *, piece: int = 1 << 16) -> Sequence[bytes]:
    """Updates that paste ``size`` bytes of plain text, in pieces."""
    words = b"a plan is a list of things that will happen otherwise, and yet "
    text = (words * (size // len(words) + 1))[:size]
    starts = range(0, size, piece)
    return [typed(SOMEBODY, start, text[start : start + piece]) for start in starts]


def long_document(keystrokes: int, *, per_update: int, seed: int) -> Sequence[bytes]:
    """Updates that together are ``keystrokes`` of somebody typing, jumping and deleting.

    Consecutive keystrokes become one item in any Yjs document; so they are made as one
    insert here, and the state is the same.
    """
    chance = random.Random(seed)
    doc: Doc[Text] = Doc({ROOT.decode(): (text := Text())}, client_id=SOMEBODY)
    updates: list[bytes] = []
    pending: list[bytes] = []
    doc.observe(lambda event: pending.append(event.update))
    done = size = 0
    while done < keystrokes:
        run = min(1 + int(chance.expovariate(1 / RUN)), keystrokes - done)
        if size > 2 * RUN and chance.random() < DELETING:
            run = min(run, size)
            at = chance.randint(0, size - run)
            del text[at : at + run]
            size -= run
        else:
            at = size if chance.random() < AT_END else chance.randint(0, size)
            text.insert(at, "".join(chance.choices("etaoin shrdlu", k=run)))
            size += run
        done += run
        if len(pending) >= per_update or done >= keystrokes:
            updates.append(merge_updates(*pending))
            pending.clear()
    return updates
