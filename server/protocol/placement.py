"""How deep shared types lie: structs put in causal order, each at its level.

The level of an item is the number of shared types around it: 0 in a root. A
struct names its parent, or a neighbour whose parent it shares. ``place`` follows
these references the way a document integrates an update: client by client, each
waiting for what it refers to, in time linear but for a heap. Which references
count as satisfied is the caller's choice: inside one update (``refuse_deep``), or
against a document (``server.document.nesting``).
"""

from bisect import bisect_right
from collections.abc import Callable
from heapq import heappop, heappush

from server.protocol.errors import Invalid, TooDeep
from server.protocol.structs import GAP, TYPE, Placed, Ref

MAX_TYPE_DEPTH = 16
"""Shared types inside shared types. Deletion recurses in every implementation."""

_GAP_LEVEL = -1


class Levels:
    """The level of each clock of one client, as far as ``end``."""

    __slots__ = ("_levels", "_starts", "end")

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._levels: list[int] = []
        self.end = 0

    def append(self, start: int, end: int, level: int) -> None:
        """Continue at ``start``, which is not before ``end``; neighbours merge."""
        if start > self.end and self._levels:
            self._starts.append(self.end)
            self._levels.append(_GAP_LEVEL)
        if not self._levels or self._levels[-1] != level:
            self._starts.append(start)
            self._levels.append(level)
        self.end = end

    def extend(self, other: "Levels") -> None:
        """Continue with all of ``other``, which begins where this ends."""
        ends = [*other._starts[1:], other.end]
        for start, end, level in zip(other._starts, ends, other._levels, strict=False):
            self.append(start, end, level)

    def deepest(self) -> int:
        """The largest level of all."""
        return max(self._levels, default=0)

    def at(self, clock: int) -> int | None:
        """The level at ``clock``; None outside of what was appended."""
        found = bisect_right(self._starts, clock) - 1
        if found < 0 or clock >= self.end:
            return None
        level = self._levels[found]
        return None if level == _GAP_LEVEL else level


Sections = dict[int, list[Placed]]


def place(
    sections: Sections,
    *,
    is_held: Callable[[Ref], bool],
    level_of: Callable[[Ref], int],
    deepest: int,
) -> tuple[dict[int, Levels], Sections]:
    """Levels of what could be placed, and the structs that wait for ever.

    ``is_held`` says whether a reference out of ``sections`` is satisfied, ``level_of``
    gives the level there. Raises ``TooDeep`` for a type deeper than ``deepest``.
    """
    placed = {client: Levels() for client in sections}
    left = {client: iter(run) for client, run in sections.items()}
    next_up: dict[int, Placed | None] = {client: next(run, None) for client, run in left.items()}
    waiting: dict[int, list[tuple[int, int]]] = {}
    ready = list(sections)

    def level_at(ref: Ref) -> int | None:
        own = placed.get(ref[0])
        level = None if own is None else own.at(ref[1])
        if level is None and is_held(ref):
            return level_of(ref)
        return level

    while ready:
        client = ready.pop()
        struct = next_up[client]
        while struct is not None:
            start, end, kind, refs, inside = struct
            level = 0
            step = inside
            for ref in refs:
                beside = level_at(ref)
                if beside is None:
                    heappush(waiting.setdefault(ref[0], []), (ref[1], client))
                    break
                # Honest neighbours have one parent; of forged ones, count the deeper.
                level = max(level, beside + step)
                step = 0
            else:
                if kind == TYPE and level >= deepest:
                    raise TooDeep(f"shared types nest deeper than {deepest}")
                placed[client].append(start, end, level)
                struct = next(left[client], None)
                continue
            break
        next_up[client] = struct
        waiters = waiting.get(client, [])
        while waiters and waiters[0][0] < placed[client].end:
            ready.append(heappop(waiters)[1])
    stuck = {c: [s, *left[c]] for c, s in next_up.items() if s is not None}
    return placed, stuck


def refuse_deep(sections: Sections) -> None:
    """Raise ``TooDeep`` when types nest too deeply within one update.

    What the update does not hold itself is taken to lie in a root.
    """
    runs = {c: [s for s in run if s[2] != GAP] for c, run in sections.items()}
    own = {c: _spans(run) for c, run in runs.items()}

    def is_held(ref: Ref) -> bool:
        spans = own.get(ref[0])
        return spans is None or spans.at(ref[1]) is None

    _, stuck = place(runs, is_held=is_held, level_of=lambda _: 0, deepest=MAX_TYPE_DEPTH)
    if stuck:
        raise Invalid("structs refer to each other in a circle")


def _spans(run: list[Placed]) -> Levels:
    spans = Levels()
    for start, end, *_ in run:
        spans.append(start, end, 0)
    return spans
