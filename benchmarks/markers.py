"""Markers: eight ASCII characters in each edit that say who wrote it and the how-manyth it is.

``~`` and seven digits of base 32 (``0`` to ``O``): three for the writer, four for the
sequence number. They survive whatever a server may do to an update: merging keeps the
strings of its inserts, squashing joins two strings end to end, and JSON escapes none of
these characters. Nothing else in our traffic is a ``~`` followed by seven such digits.
The load generator reads the same format (``native/check.c``).
"""

import re
from collections.abc import Iterator

WRITERS = 32**3
EDITS = 32**4
SIZE = 8
_PATTERN = re.compile(rb"~([0-O]{3})([0-O]{4})")


def marker(writer: int, seq: int) -> bytes:
    """The marker of a writer's ``seq``-th edit, counted from 0."""
    if not (0 <= writer < WRITERS and 0 <= seq < EDITS):
        raise ValueError(f"no marker for writer {writer}, edit {seq}")
    return b"~" + _digits(writer, 3) + _digits(seq, 4)


def markers(data: bytes) -> Iterator[tuple[int, int]]:
    """Every marker in ``data``, in order: writer and sequence number."""
    for found in _PATTERN.finditer(data):
        yield _number(found[1]), _number(found[2])


def _digits(number: int, width: int) -> bytes:
    return bytes(48 + (number >> 5 * place & 31) for place in reversed(range(width)))


def _number(digits: bytes) -> int:
    number = 0
    for digit in digits:
        number = number << 5 | digit - 48
    return number
