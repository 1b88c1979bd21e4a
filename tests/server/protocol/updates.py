"""Updates for tests: hand-made bytes, and documents that pycrdt made at random."""

import random
from typing import Any

import pycrdt

from server.protocol.lib0 import write_bytes, write_string, write_uint

ROOT = b"\x01" + write_string("t")


def section(client: int, clock: int, *structs: bytes) -> bytes:
    """All structs of one client."""
    return write_uint(len(structs)) + write_uint(client) + write_uint(clock) + b"".join(structs)


def update(*sections: bytes, deletes: bytes = b"\x00") -> bytes:
    """An update of these sections."""
    return write_uint(len(sections)) + b"".join(sections) + deletes


def ref(client: int, clock: int) -> bytes:
    """An id."""
    return write_uint(client) + write_uint(clock)


def root_map(key: str, *, name: str = "r") -> bytes:
    """A Y.Map set in a root."""
    return b"\x27\x01" + write_string(name) + write_string(key) + b"\x01"


def map_inside(client: int, clock: int, *, key: str = "k") -> bytes:
    """A Y.Map set in the type at an id."""
    return b"\x27\x00" + ref(client, clock) + write_string(key) + b"\x01"


def map_chain(client: int, clock: int, length: int, *, first: bytes) -> bytes:
    """``length`` maps, each in the one before; ``first`` is the outermost."""
    rest = (map_inside(client, c) for c in range(clock, clock + length - 1))
    return section(client, clock, first, *rest)


def values(payload: bytes, count: int = 1) -> bytes:
    """An item of "any" values in the root."""
    return b"\x08" + ROOT + write_uint(count) + payload


def text(content: str) -> bytes:
    """An item of text in the root."""
    return b"\x04" + ROOT + write_string(content)


def nested_values(levels: int) -> bytes:
    """An update with an array in an array in an array..."""
    return update(section(1, 0, values(b"\x75\x01" * levels + b"\x7e")))


def embed(json: str) -> bytes:
    """An item of one embedded JSON value."""
    return b"\x05" + ROOT + write_bytes(json.encode())


WORDS = ("a", "hello ", "é", "😀", "日本語", "👩\u200d👩\u200d👧", "\ufeff", "line\n")


def random_document(seed: int, *, skip_gc: bool = False, steps: int = 60) -> "pycrdt.Doc[Any]":
    """A document that two replicas have edited, with every kind of content and deletions."""
    rng = random.Random(seed)
    docs: list[pycrdt.Doc[Any]] = [
        pycrdt.Doc(client_id=rng.randrange(1, 2**53), skip_gc=skip_gc) for _ in range(2)
    ]
    for _ in range(steps):
        doc, other = rng.sample(docs, 2)
        _edit(doc, rng)
        if rng.random() < 0.4:
            doc.apply_update(other.get_update(doc.get_state()))
    docs[0].apply_update(docs[1].get_update())
    return docs[0]


def _edit(  # noqa: C901 - one case for each kind of edit
    doc: "pycrdt.Doc[Any]", rng: random.Random
) -> None:
    body: pycrdt.Text = doc.get("t", type=pycrdt.Text)
    items: pycrdt.Array[Any] = doc.get("a", type=pycrdt.Array)
    keys: pycrdt.Map[Any] = doc.get("m", type=pycrdt.Map)
    xml: pycrdt.XmlFragment = doc.get("x", type=pycrdt.XmlFragment)
    word = rng.choice(WORDS)
    match rng.randrange(11):
        case 0 | 1:
            body.insert(len(str(body)[: rng.randrange(9)].encode()), word)
        case 2 if len(str(body)):
            body.insert(0, word, {"bold": rng.choice([True, None, {"deep": [1]}])})
        case 3 if len(str(body)) > 1:
            del body[0 : len(str(body)[: rng.randrange(1, 4)].encode())]
        case 4:
            items.append(rng.choice([1, -2.5, 2**40, word, None, True, {"k": [1, {}]}, b"raw"]))
        case 5:
            items.insert(0, pycrdt.Map({"n": pycrdt.Text(word), "l": pycrdt.Array([1, word])}))
        case 6 if len(items):
            del items[rng.randrange(len(items))]
        case 7:
            keys[rng.choice("xyz")] = rng.choice([pycrdt.Text(word), pycrdt.Map(), 7, word])
        case 8 if len(keys):
            del keys[rng.choice(sorted(keys.keys()))]
        case 9:
            element = xml.children.append(pycrdt.XmlElement("p", {"k": word}))
            element.children.append(pycrdt.XmlText(word))
        case 10:
            doc.get("e", type=pycrdt.Text).insert_embed(0, {"image": word})
        case _:
            pass
