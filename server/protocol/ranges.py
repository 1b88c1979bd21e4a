"""Runs of clocks: the currency in which Yjs says what exists and what is gone.

Plain arithmetic on half-open ranges; where ranges come from is the business of
``update`` (bytes) and of the document.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

from server.protocol.ids import ClientId
from server.protocol.lib0 import MAX_UINT


class ClockRange(NamedTuple):
    """The clocks ``start <= clock < end`` of one client. Never empty.

    A tuple, not a dataclass: one is made for every section of every keystroke, and
    a frozen dataclass takes three times as long to make.
    """

    client: ClientId
    start: int
    end: int


def missing(wanted: Iterable[ClockRange], held: Iterable[ClockRange]) -> tuple[ClockRange, ...]:
    """The parts of ``wanted`` that ``held`` lacks, sorted and merged."""
    lacking: list[ClockRange] = []
    covers = _by_client(held)
    for client, runs in sorted(_by_client(wanted).items()):
        cover = iter(covers.get(client, ()))
        low, high = next(cover, _NEVER)
        for start, end in runs:
            while start < end:
                while high <= start:
                    low, high = next(cover, _NEVER)
                if start < low:
                    lacking.append(ClockRange(client, start, min(end, low)))
                start = max(start, min(end, high))
    return tuple(lacking)


class Cover:
    """Ranges, ready to be asked about one run at a time."""

    __slots__ = ("_runs",)

    def __init__(self, ranges: Iterable[ClockRange]) -> None:
        self._runs = _by_client(ranges)

    def holds(self, run: ClockRange) -> bool:
        """Whether all of a run lies within the ranges."""
        runs = self._runs.get(run.client, [])
        found = bisect_right(runs, (run.start, MAX_UINT)) - 1
        return found >= 0 and run.end <= runs[found][1]


_NEVER = (2**64, 2**64)


def _by_client(ranges: Iterable[ClockRange]) -> dict[ClientId, list[tuple[int, int]]]:
    """Sorted, disjoint runs of each client."""
    grouped: dict[ClientId, list[tuple[int, int]]] = {}
    for client, start, end in sorted(ranges):
        runs = grouped.setdefault(client, [])
        if runs and start <= runs[-1][1]:
            runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
        else:
            runs.append((start, end))
    return grouped
