"""Surrogate pairs, and where an update would cut one in half.

Yjs counts text in UTF-16 units, so an editor that compares texts unit by unit can delete
the first half of an emoji, or insert between its halves. Yjs then turns each half into
U+FFFD. pycrdt keeps the character on one side, counts too few clocks on the other, and
refuses from then on what the character's author writes.

So a pair is broken *before* pycrdt sees the cut: in the bytes, the character becomes two
U+FFFD, which take the same clocks and which any cut may part. That is what every
Yjs client makes of it too, so all converge. Pure functions on bytes live here; whose
bytes and when is for ``live``.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from server.document.pieces import StructHead, read_head, skip_rest
from server.protocol.contents import read_text, read_uint
from server.protocol.lib0 import write_string
from server.protocol.structs import Ref
from server.protocol.update import read_delete_set

_ASTRAL_BYTES: Final = re.compile(rb"[\xf0-\xf4][\x80-\xbf]{3}")
_ASTRAL: Final = re.compile("[\U00010000-\U0010ffff]")
_BROKEN: Final = "\ufffd\ufffd"


class Text(NamedTuple):
    """A run of text in an update: its id, and where its varString lies."""

    client: int
    clock: int
    start: int
    end: int


def may_hold_pairs(update: bytes) -> bool:
    """Whether there are bytes like a character of two units. A false alarm is harmless."""
    return _ASTRAL_BYTES.search(update) is not None


def pairs(update: bytes) -> set[Ref]:
    """Client and clock of the second half of every pair in an update's text."""
    return {
        (text.client, text.clock + unit)
        for text in _texts(update)
        for unit in _second_halves(read_text(update, text.start)[0])
    }


def cuts(update: bytes) -> set[Ref]:
    """Where integrating an update, all of which is new, parts what was one: before these clocks."""
    found: set[Ref] = set()
    sections, pos = read_uint(update, 0)
    for _ in range(sections):
        count, pos = read_uint(update, pos)
        _, pos = read_uint(update, pos)
        _, pos = read_uint(update, pos)
        for _ in range(count):
            head = read_head(update, pos)
            found.update(_cuts_of(head))
            _, pos = skip_rest(update, head)
    for gone in read_delete_set(update[pos:]):
        found.update({(gone.client, gone.start), (gone.client, gone.end)})
    return found


def broken(update: bytes, at: set[Ref]) -> bytes:
    """The same update with the pairs whose second halves are ``at`` these clocks broken."""
    out = bytearray()
    kept = 0
    for text in _texts(update):
        units = {clock - text.clock for client, clock in at if client == text.client}
        before, _ = read_text(update, text.start)
        after = _break(before, units)
        if after != before:
            out += update[kept : text.start] + write_string(after)
            kept = text.end
    return bytes(out + update[kept:])


def _cuts_of(head: StructHead) -> Iterator[Ref]:
    if head.origin is not None:
        yield head.origin[0], head.origin[1] + 1
    if head.right_origin is not None:
        yield head.right_origin


def _texts(update: bytes) -> Iterator[Text]:
    sections, pos = read_uint(update, 0)
    for _ in range(sections):
        count, pos = read_uint(update, pos)
        client, pos = read_uint(update, pos)
        clock, pos = read_uint(update, pos)
        for _ in range(count):
            head = read_head(update, pos)
            length, pos = skip_rest(update, head)
            if head.is_text:
                yield Text(client, clock, head.end, pos)
            clock += length


def _second_halves(text: str) -> Iterator[int]:
    """The UTF-16 offset of the second half of each pair."""
    for seen, match in enumerate(_ASTRAL.finditer(text)):
        yield match.start() + seen + 1


def _break(text: str, units: set[int]) -> str:
    """Replace the characters whose second halves lie at these UTF-16 offsets."""
    seen = iter(_second_halves(text))
    return _ASTRAL.sub(lambda match: _BROKEN if next(seen) in units else match[0], text)
