"""Sets of clock ranges: which structs or deletions of which clients.

Only set arithmetic lives here, on plain half-open ranges. What does not: reading
ranges out of bytes (``server.protocol.update``) and asking a document for them
(``replica``). Every answer is exact: a viewer's right to send an update (L8) and the
question whether something waits for its predecessors (L4) hang on it.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

Spans = dict[int, list[tuple[int, int]]]
"""Per client: sorted, disjoint, not touching, half-open."""


class Span(NamedTuple):
    """The clocks ``start`` to ``end`` (exclusive) of one client."""

    client: int
    start: int
    end: int


def union(ranges: Iterable[tuple[int, int, int]]) -> Spans:
    """The set of all clocks in ``ranges`` of (client, start, end), in any order."""
    spans: Spans = {}
    for client, start, end in sorted(ranges):
        if start >= end:
            continue
        row = spans.setdefault(client, [])
        if row and start <= row[-1][1]:
            row[-1] = (row[-1][0], max(row[-1][1], end))
        else:
            row.append((start, end))
    return spans


def flatten(spans: Spans) -> Iterable[Span]:
    """The ranges of a set, by client and clock."""
    for client, row in spans.items():
        for start, end in row:
            yield Span(client, start, end)


def covers(outer: Spans, inner: Spans) -> bool:
    """Whether every clock of ``inner`` is in ``outer``."""
    return all(_row_covers(outer.get(client, []), row) for client, row in inner.items())


def _row_covers(outer: list[tuple[int, int]], inner: list[tuple[int, int]]) -> bool:
    position = 0
    for start, end in inner:
        while position < len(outer) and outer[position][1] < end:
            position += 1
        if position == len(outer) or outer[position][0] > start:
            return False
    return True


def beyond(spans: Spans, clocks: Mapping[int, int]) -> Spans:
    """The part of a set that lies at or after each client's clock."""
    return union(
        (client, max(start, clocks.get(client, 0)), end) for client, start, end in flatten(spans)
    )
