"""Stands in for ``server.protocol.update`` until that module lands; then it goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from server.protocol.lib0 import Reader, write_uint


class Range(NamedTuple):
    client: int
    start: int
    end: int


class UpdateShape(Protocol):
    @property
    def structs(self) -> tuple[tuple[int, int, int], ...]: ...
    @property
    def deletes(self) -> tuple[tuple[int, int, int], ...]: ...


@dataclass(frozen=True, slots=True)
class Shape:
    structs: tuple[Range, ...]
    deletes: tuple[Range, ...]


def _read_deletes(reader: Reader) -> tuple[Range, ...]:
    out = []
    for _ in range(reader.uint()):
        client = reader.uint()
        for _ in range(reader.uint()):
            start = reader.uint()
            out.append(Range(client, start, start + reader.uint()))
    return tuple(out)


def inspect(update: bytes) -> Shape:
    reader = Reader(update)
    if reader.uint():
        return Shape((Range(0, 0, 2**53),), ())
    return Shape((), _read_deletes(reader))


def read_snapshot(data: bytes) -> Shape:
    return Shape((), _read_deletes(Reader(data)))


def read_state_vector(data: bytes) -> dict[int, int]:
    reader = Reader(data)
    return {reader.uint(): reader.uint() for _ in range(reader.uint())}


def write_state_vector(clocks: Mapping[int, int]) -> bytes:
    pairs = b"".join(write_uint(c) + write_uint(n) for c, n in clocks.items())
    return write_uint(len(clocks)) + pairs
