"""Real frames of every kind, and ways to spoil them. Seeded: the same seed, the same frames."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import pycrdt

from server.protocol.awareness import PresenceEntry
from server.protocol.ids import ClientId
from server.protocol.lib0 import write_uint
from server.protocol.messages import (
    Denied,
    Presence,
    QueryPresence,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    encode,
)
from tests.server.protocol.updates import random_document

NUMBERS = (0, 1, 2, 7, 63, 64, 127, 128, 255, 2**14, 2**26, 2**31 - 1, 2**31, 2**32, 2**53, 2**63)
MESSAGES = bytes((0, 1, 2, 3, 102))


def corpus(seed: int, honest: Sequence[bytes]) -> list[bytes]:
    """Frames that real clients send; ``honest`` are updates of those who are in the room."""
    frames = [encode(SyncUpdate(update)) for update in honest]
    for number in range(4):
        doc = random_document(seed * 4 + number, steps=25)
        frames += [encode(SyncUpdate(doc.get_update())), encode(SyncStep1(doc.get_state()))]
        frames += [encode(SyncUpdate(update)) for update in _keystrokes(doc)]
        frames.append(encode(SyncStep2(doc.get_update(b"\x00"))))
    states = ('{"name":"Ada","cursor":{"anchor":[1,2]}}', "null", '{"é":"😀"}')
    entries = tuple(PresenceEntry(ClientId(10 + n), n, s) for n, s in enumerate(states))
    frames += [encode(Presence(entries)), encode(QueryPresence()), encode(SyncStatus(b"\x01"))]
    return [*frames, encode(Denied("no")), encode(SyncUpdate(pycrdt.merge_updates(*honest)))]


def _keystrokes(doc: "pycrdt.Doc[Any]") -> list[bytes]:
    """Small edits on top of a document, of each kind."""
    updates: list[bytes] = []
    watch = doc.observe(lambda event: updates.append(event.update))
    text: pycrdt.Text = doc.get("t", type=pycrdt.Text)
    items: pycrdt.Array[Any] = doc.get("a", type=pycrdt.Array)
    keys: pycrdt.Map[Any] = doc.get("m", type=pycrdt.Map)
    text += "typed 😀"
    text.insert(0, "bold", {"bold": True})
    del text[0:2]
    items.append(pycrdt.Map({"title": pycrdt.Text("日本"), "n": 5}))
    keys["k"] = pycrdt.Array([1, "two", {"three": [4.5, None]}])
    keys["k"].append(b"raw")
    del items[0]
    doc.get("x", type=pycrdt.XmlFragment).children.append(pycrdt.XmlElement("p", {"a": "b"}))
    doc.unobserve(watch)
    return updates


def mutate(frames: Sequence[bytes], rng: random.Random) -> bytes:
    """A frame of the corpus, spoiled once or a few times; now and then not at all, or noise."""
    chance = rng.random()
    if chance < 0.02:
        return rng.randbytes(rng.randrange(1, 60))
    if chance < 0.05:
        return rng.choice(MESSAGES).to_bytes() + rng.randbytes(rng.randrange(40))
    data = bytearray(rng.choice(frames))
    if chance > 0.08:
        for _ in range(rng.choice((1, 1, 1, 2, 5))):
            rng.choice(WAYS)(data, frames, rng)
    if data[:1] == b"\x00" and rng.random() < 0.7:
        data = _true_length(data)
    return bytes(data)


def _true_length(data: bytearray) -> bytearray:
    """Let the outer length tell the truth, so that what is inside gets looked at."""
    at = 2
    while at < len(data) and data[at] & 0x80:
        at += 1
    inner = data[at + 1 :]
    return data[:2] + write_uint(len(inner)) + inner


def _flip(data: bytearray, frames: Sequence[bytes], rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _tweak(data: bytearray, frames: Sequence[bytes], rng: random.Random) -> None:
    if data:
        at = rng.randrange(len(data))
        data[at] = (data[at] + rng.choice((-1, 1, 2))) % 256


def _number(data: bytearray, frames: Sequence[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at : at + 1] = _any_uint(rng.choice(NUMBERS))


def _any_uint(value: int) -> bytes:
    """Also beyond what our own codec writes."""
    head = bytearray()
    while value > 127:
        head.append(value & 127 | 128)
        value >>= 7
    return bytes((*head, value))


def _cut(data: bytearray, frames: Sequence[bytes], rng: random.Random) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _drop(data: bytearray, frames: Sequence[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    del data[at : at + rng.randrange(1, 9)]


def _double(data: bytearray, frames: Sequence[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = data[at : at + rng.randrange(1, 20)]


def _splice(data: bytearray, frames: Sequence[bytes], rng: random.Random) -> None:
    other = rng.choice(frames)
    start = rng.randrange(len(other))
    at = rng.randrange(len(data) + 1)
    data[at : at + rng.randrange(20)] = other[start : start + rng.randrange(1, 30)]


def _join(data: bytearray, frames: Sequence[bytes], rng: random.Random) -> None:
    data += rng.choice(frames)


def _swap(data: bytearray, frames: Sequence[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at : at + 1] = rng.randbytes(rng.randrange(1, 4))


WAYS: tuple[Callable[[bytearray, Sequence[bytes], random.Random], None], ...] = (
    _flip,
    _flip,
    _tweak,
    _tweak,
    _number,
    _number,
    _cut,
    _drop,
    _double,
    _splice,
    _join,
    _swap,
)
