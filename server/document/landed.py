"""What a run has written so far, read back from its rows of the log.

For a run that goes on after a crash. What it wrote counts even if somebody has deleted it
since: it shall not come again. What does not live here: the operations that come again, and how
they are told from those that do not (the agent).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from server.document.elements import FORMS
from server.document.pieces import ranges, read_head, skip_rest, split
from server.document.proposals import PROPOSALS
from server.document.whereabouts import Place, Spot, Whereabouts
from server.protocol.contents import read_text, read_uint
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange

TEXT_FIELDS: Final = {form.root: form.text for form in FORMS.values()} | {PROPOSALS: "text"}
"""The field of each root's elements in which a run writes text."""


@dataclass(frozen=True, slots=True)
class Landed:
    """The elements that a run has made, and what it has written into their texts, in order."""

    elements: frozenset[Spot] = frozenset()
    texts: Mapping[Spot, str] = field(default_factory=dict)


NOTHING: Final = Landed()


def landed(rows: Sequence[bytes], state: bytes) -> Landed:
    """``rows`` are the payloads of the log rows that carry the run's id, in order; ``state`` is
    the document as one update."""
    where = places_of_run(rows, state)
    runs = [run for row in rows for run in ranges(row).structs]
    elements = {place.spot for _, place in where.places(runs) if place.id and not place.field}
    texts: dict[Spot, str] = {}
    ends: dict[ClientId, int] = {}
    for run, text in _texts(rows):
        place = where.place((run.client, run.start))
        seen = ends.get(run.client, 0)
        ends[run.client] = max(seen, run.end)
        if place is not None and is_text(place):
            new = _from(text, seen - run.start)
            texts[place.spot] = texts.get(place.spot, "") + new
    return Landed(frozenset(elements), texts)


def places_of_run(rows: Sequence[bytes], state: bytes) -> Whereabouts:
    """Where everything is: the run's own by its rows, which know it even if it is deleted and
    collected; all else by the document."""
    clients = {run.client for row in rows for run in ranges(row).structs}
    pieces, _ = split(state)
    where = Whereabouts()
    for piece in pieces:
        if piece.client not in clients:
            where.note(piece.payload)
    for row in rows:
        where.note(row)
    return where


def is_text(place: Place) -> bool:
    """Whether it is a text that a run writes."""
    return place.field != "" and TEXT_FIELDS.get(place.root) == place.field


def _texts(rows: Sequence[bytes]) -> Iterator[tuple[ClockRange, str]]:
    """All text in these updates, with its clocks."""
    for row in rows:
        sections, pos = read_uint(row, 0)
        for _ in range(sections):
            count, pos = read_uint(row, pos)
            client, pos = read_uint(row, pos)
            clock, pos = read_uint(row, pos)
            for _ in range(count):
                head = read_head(row, pos)
                length, pos = skip_rest(row, head)
                if head.is_text:
                    run = ClockRange(ClientId(client), clock, clock + length)
                    yield run, read_text(row, head.end)[0]
                clock += length


def _from(text: str, units: int) -> str:
    """Without so many units of UTF-16."""
    if units <= 0:
        return text
    return text.encode("utf-16-le")[2 * units :].decode("utf-16-le", "replace")
