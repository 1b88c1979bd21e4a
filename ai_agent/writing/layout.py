"""Where nodes lie: each gets a place as it comes, edges pull later, nothing lies on another.

Deterministic: the same steps give the same places. Places of people's nodes are only ever read.
Coordinates are those of the document; a node's place is its upper left corner. Pure; what does
not live here: the document.

A place is looked for on a grid around where the node would best be, ring by ring. Nodes of people
lie anywhere, so a cell is free if no node comes nearer to it than the gap; which ones could is
looked up by cells of the same grid.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

WIDTH: Final = 200.0
HEIGHT: Final = 80.0
GAP: Final = 40.0
STEP_X: Final = WIDTH + GAP
STEP_Y: Final = HEIGHT + GAP

_FAR: Final = 1e9
"""Beyond this, arithmetic on places is not exact; nobody sees what lies there."""

_COLUMNS: Final = 4
"""Columns of nodes that have no neighbours yet."""

_RINGS: Final = 8
"""How far from the middle of its neighbours a place for a node is looked for."""

_WORTH: Final = 1.5
"""How many times nearer to its neighbours a node must come to be moved at all."""


class Point(NamedTuple):
    """An upper left corner."""

    x: float
    y: float


class Layout:
    """Nodes and their places. ``taken`` are the places of nodes that are there already."""

    def __init__(self, taken: Mapping[str, Point]) -> None:
        self._places: dict[str, Point] = {}
        self._cells: dict[tuple[int, int], dict[str, Point]] = {}
        self._home: Point | None = None
        self._placed = 0
        self._neighbours: dict[str, dict[str, None]] = {}
        for id, place in taken.items():
            self.see(id, place)

    def see(self, id: str, place: Point | None) -> None:
        """Somebody has put a node there; None: it is gone."""
        before = self._places.pop(id, None)
        if before is not None:
            del self._cells[_cell(before)][id]
        if place is not None and abs(place.x) < _FAR and abs(place.y) < _FAR:
            self._places[id] = place
            self._cells.setdefault(_cell(place), {})[id] = place

    def place(self, id: str) -> Point:
        """A place for a new node: in rows below all that was there."""
        if self._home is None:
            self._home = self._below_all()
        row, column = divmod(self._placed, _COLUMNS)
        self._placed += 1
        best = Point(self._home.x + column * STEP_X, self._home.y + row * STEP_Y)
        free = next(self._free(id, best, range(len(self._places) + 1)))
        self.see(id, free)
        return free

    def join(self, source: str, target: str) -> None:
        """There is an edge between these."""
        if source != target:
            self._neighbours.setdefault(source, {})[target] = None
            self._neighbours.setdefault(target, {})[source] = None

    def pull(self, id: str) -> Point | None:
        """A better place for a node, nearer to its neighbours; None if it lies well.

        It is put there, and the space beside its neighbours is as free as before.
        """
        now = self._places.get(id)
        around = [self._places[one] for one in self._neighbours.get(id, ()) if one in self._places]
        if now is None or not around:
            return None
        middle = Point(_mean(place.x for place in around), _mean(place.y for place in around))
        below = Point(middle.x, middle.y + STEP_Y)
        better = next(self._free(id, below, range(_RINGS)), now)
        if _length(better, around) * _WORTH >= _length(now, around):
            return None
        self.see(id, better)
        return better

    def _below_all(self) -> Point:
        if not self._places:
            return Point(0.0, 0.0)
        left = min(place.x for place in self._places.values())
        return Point(left, max(place.y for place in self._places.values()) + STEP_Y)

    def _free(self, id: str, best: Point, rings: Iterable[int]) -> Iterator[Point]:
        """Of each ring that has any the free place nearest to the best, on the grid through it.
        So many nodes cannot fill as many rings."""
        for ring in rings:
            places = (Point(best.x + x * STEP_X, best.y + y * STEP_Y) for x, y in _ring(ring))
            free = [place for place in places if self._is_free(id, place)]
            if free:
                yield min(free, key=lambda place: (_distance(place, best), place))

    def _is_free(self, id: str, place: Point) -> bool:
        column, row = _cell(place)
        return not any(
            other != id and abs(x - place.x) < STEP_X and abs(y - place.y) < STEP_Y
            for beside in range(column - 1, column + 2)
            for above in range(row - 1, row + 2)
            for other, (x, y) in self._cells.get((beside, above), {}).items()
        )


def _cell(place: Point) -> tuple[int, int]:
    return int(place.x // STEP_X), int(place.y // STEP_Y)


def _ring(size: int) -> Iterator[tuple[int, int]]:
    """Cells of a square around the middle."""
    for column in range(-size, size + 1):
        inner = abs(column) < size
        yield from ((column, row) for row in ((-size, size) if inner else range(-size, size + 1)))


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found)


def _distance(one: Point, other: Point) -> float:
    return (one.x - other.x) ** 2 + (one.y - other.y) ** 2


def _length(place: Point, around: Iterable[Point]) -> float:
    """Of the edges from a place to all around it."""
    return float(sum(_distance(place, other) ** 0.5 for other in around))
