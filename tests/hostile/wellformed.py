"""Updates that decode and mean mischief: real ids, wrong places, other versions of the past.

What spoiled bytes seldom reach: structs that wait, that contradict each other under one id,
that hang below text, beside what is gone, or before what has yet to come. Seeded.
"""

import random

from server.protocol.lib0 import write_string, write_uint
from tests.server.protocol.updates import ref, section, update

MALLORY = (70, 71, 72)
HONEST = (1000, 1001)
ROOTS = ("honest", "t", "m", "a")


def well_formed(rng: random.Random) -> bytes:
    """An update of one or two clients, and perhaps some deletions."""
    clients = rng.sample(MALLORY, rng.choice((1, 1, 2)))
    if rng.random() < 0.03:
        clients[0] = rng.choice(HONEST)
    sections = (_section(client, rng) for client in sorted(clients, reverse=True))
    return update(*sections, deletes=_deletes(rng))


def _section(client: int, rng: random.Random) -> bytes:
    clock = rng.choice((0, 0, rng.randrange(12), rng.randrange(40)))
    return section(client, clock, *(_struct(rng) for _ in range(rng.choice((1, 1, 2, 4)))))


def _struct(rng: random.Random) -> bytes:
    chance = rng.random()
    if chance < 0.08:
        return b"\x00" + write_uint(rng.randrange(1, 6))
    if chance < 0.14:
        return b"\x0a" + write_uint(rng.randrange(1, 4))
    kind, content = _content(rng)
    return _placed(kind, rng) + content


def _content(rng: random.Random) -> tuple[int, bytes]:
    match rng.randrange(5):
        case 0 | 1:
            return 4, write_string(rng.choice(("x", "yz", "é", "😀", "mallory")))
        case 2:
            return 1, write_uint(rng.randrange(1, 5))
        case 3:
            return 7, write_uint(rng.choice((0, 1, 2, 4)))
        case _:
            return 8, b"\x02\x77" + write_string("v") + b"\x7e"


def _placed(kind: int, rng: random.Random) -> bytes:
    """A struct's head: after something, before something, or below a root or an item."""
    after, before, key = rng.random() < 0.4, rng.random() < 0.25, rng.random() < 0.3
    info = kind | 0x80 * after | 0x40 * before | 0x20 * key
    head = bytes([info])
    if after:
        head += _someone(rng)
    if before:
        head += _someone(rng)
    if not after and not before:
        root = b"\x01" + write_string(rng.choice(ROOTS))
        head += root if rng.random() < 0.6 else b"\x00" + _someone(rng)
        if key:
            head += write_string(rng.choice("kl"))
    return head


def _someone(rng: random.Random) -> bytes:
    return ref(rng.choice(MALLORY + MALLORY + HONEST), rng.randrange(14))


def _deletes(rng: random.Random) -> bytes:
    if rng.random() < 0.7:
        return b"\x00"
    client = rng.choice((*MALLORY, *HONEST, 99))
    start, length = rng.randrange(20), rng.choice((1, 2, 9))
    return b"\x01" + write_uint(client) + b"\x01" + write_uint(start) + write_uint(length)
