"""What a run wrote, taken back: by its own clocks, whatever has happened since (L10).

Nobody else's character goes. So an element that the run made goes only if nobody else has
written in it or named it, and no edge that stays ends there; otherwise only the run's own
characters in it go. That somebody moved it does not count. What others typed next to the run's
characters, and what they changed of its elements, stays. Proposals count as elements.

Deletions name clocks, not places: so they are right wherever the text has gone, days and
restarts later, and doing it twice does nothing more. What is to go is found out beside the room,
for that takes a walk through the document; that it is still untouched is looked at when it
goes. What does not live here: the rows of the log, and the backup that comes before.
"""

from collections.abc import Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import pycrdt

from server.document.blame import text_runs
from server.document.fields import value_of
from server.document.landed import TEXT_FIELDS, is_text, places_of_run
from server.document.live import Document
from server.document.pieces import deletion, ranges
from server.document.replica import Replica
from server.document.schema import EDGES, NODES
from server.document.whereabouts import Place, Spot
from server.document.writing import root_of
from server.protocol.ranges import missing

_NAMES: Final = ("title", "label")
"""The fields that hold words of people. Where something lies says nothing."""

_NO_CONTENT: Final = frozenset({"x", "y", "rank", "status", "inputs"})
"""Fields that somebody may change without having written anything."""

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taking:
    """What there is of a run: ``elements`` that are all its own, with the words in them;
    ``kept`` ones, for what others wrote there; and an update that deletes all its characters."""

    elements: Mapping[Spot, Words]
    kept: frozenset[Spot]
    deletion: bytes


@dataclass(frozen=True, slots=True)
class Reverted:
    """``removed`` elements are gone, ``kept`` ones stay for what others wrote there."""

    removed: frozenset[Spot]
    kept: frozenset[Spot]


def taking_of(rows: Sequence[bytes], state: bytes) -> Taking:
    """``rows`` are the payloads of the log rows that carry the run's id, in order; ``state`` is
    the document as one update."""
    where = places_of_run(rows, state)
    ours = [run for row in rows for run in ranges(row).structs]
    structs, deletes = ranges(state)
    made = {place.spot for _, place in where.places(missing(ours, deletes)) if _is_element(place)}
    others = (place for _, place in where.places(missing(structs, [*deletes, *ours])))
    touched = {place.spot for place in others if place.field not in _NO_CONTENT} & made
    texts = missing((run for row in rows for run in text_runs(row)), deletes)
    gone = [run for run, place in where.places(texts) if is_text(place)]
    with closing(Replica.load([state])) as replica:
        going = replica.read(lambda doc: _going(doc, made - touched))
        elements = replica.read(lambda doc: {spot: _words(doc, spot) for spot in going})
    return Taking(elements, frozenset(made - going), deletion(gone))


def take_back(doc: Document, taking: Taking) -> Reverted:
    """Do it, as a change of a live document."""
    found = taking.elements
    going = _going(doc, {spot for spot, words in found.items() if _words(doc, spot) == words})
    for spot in going:
        del root_of(doc, spot.root)[spot.id]
    doc.apply_update(taking.deletion)
    there = {spot for spot in found.keys() - going if spot.id in root_of(doc, spot.root)}
    return Reverted(frozenset(going), taking.kept | there)


def _is_element(place: Place) -> bool:
    return bool(place.id) and not place.field


def _going(doc: Document, untouched: Set[Spot]) -> set[Spot]:
    """Of elements in which nobody else has written those at which no edge ends that stays."""
    edges = root_of(doc, EDGES)
    held: set[Spot] = set()
    for id in edges.keys():  # noqa: SIM118  # a pycrdt.Map is not iterated
        edge = value_of(edges, id)
        if Spot(EDGES, id) not in untouched and isinstance(edge, pycrdt.Map):
            ends = (value_of(edge, "source"), value_of(edge, "target"))
            held |= {Spot(NODES, end) for end in ends if isinstance(end, str)}
    return set(untouched - held)


def _words(doc: Document, spot: Spot) -> Words:
    """All words in an element: equal if nobody has changed any. Empty if it is not there."""
    element = value_of(root_of(doc, spot.root), spot.id)
    if not isinstance(element, pycrdt.Map):
        return ()
    names = [value_of(element, name) for name in _NAMES]
    key = TEXT_FIELDS.get(spot.root)
    text = None if key is None else value_of(element, key)
    words = [name for name in names if isinstance(name, str)]
    return ("", *words, str(text) if isinstance(text, pycrdt.Text) else "")
