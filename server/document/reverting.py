"""What a run wrote, taken back: as deletions of its own clocks, whatever happened since (L10).

Nobody else's character goes. So an element that the run made goes only if nobody else has
written in it or named it, and no edge of somebody else ends there; otherwise only the run's own
characters in it go. That somebody moved it does not count. What others typed next to the run's
characters, and what they changed of its elements, stays.

Deletions name clocks, not places: so they are right wherever the text has gone, days and
restarts later, and doing it twice does nothing more. What does not live here: the rows of the
log, and the backup that comes before.
"""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Final

from server.document.blame import text_runs
from server.document.landed import is_text, places_of_run
from server.document.live import Document
from server.document.pieces import deletion, ranges
from server.document.replica import Replica
from server.document.schema import EDGES, NODES, read_project
from server.document.whereabouts import Place, Spot
from server.protocol.ranges import missing

_NO_CONTENT: Final = frozenset({"x", "y", "rank", "status", "inputs"})
"""Fields that somebody may change without having written anything."""


@dataclass(frozen=True, slots=True)
class Reverted:
    """An update that takes a run back; empty of deletions if nothing is left of it.

    ``removed`` are the elements that go, ``kept`` those that stay for what others wrote there.
    """

    update: bytes
    removed: frozenset[Spot]
    kept: frozenset[Spot]


def revert(rows: Sequence[bytes], state: bytes) -> Reverted:
    """``rows`` are the payloads of the log rows that carry the run's id, in order; ``state`` is
    the document as one update. The update applies to it, and to whatever it has become since."""
    where = places_of_run(rows, state)
    ours = [run for row in rows for run in ranges(row).structs]
    structs, deletes = ranges(state)
    living = list(where.places(missing(ours, deletes)))
    texts = missing((run for row in rows for run in text_runs(row)), deletes)
    others = [place for _, place in where.places(missing(structs, [*deletes, *ours]))]
    made = {place.spot for _, place in living if _is_element(place)}
    kept = _kept(made, others, state)
    gone = [run for run, place in living if _is_element(place) and place.spot in made - kept]
    gone += [run for run, place in where.places(texts) if is_text(place)]
    return Reverted(deletion(missing(gone, ())), frozenset(made - kept), frozenset(kept))


def revert_in(doc: Document, rows: Sequence[bytes]) -> Reverted:
    """The same as a change of a live document, so that nobody's edit comes between."""
    done = revert(rows, doc.get_update())
    doc.apply_update(done.update)
    return done


def _kept(made: set[Spot], others: Sequence[Place], state: bytes) -> set[Spot]:
    """Elements of the run in which others have written, and nodes that their edges need."""
    kept = {place.spot for place in others if place.field not in _NO_CONTENT} & made
    with closing(Replica.load([state])) as replica:
        edges = read_project(replica).edges
    for edge in edges:
        if Spot(EDGES, edge.id) not in made - kept:
            kept |= {Spot(NODES, edge.source), Spot(NODES, edge.target)} & made
    return kept


def _is_element(place: Place) -> bool:
    return bool(place.id) and not place.field
