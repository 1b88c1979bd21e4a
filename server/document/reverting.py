"""What one author has made, taken back: characters and elements, and nothing of anybody else.

As in ``blame``, the document itself is asked: in a copy, what the author wrote is deleted, and
what is left tells what others have put into it. Proposals count as elements. What does not
live here: who wrote which clock (``authorship``), and everything around the edit.

Laws kept here: L10. Characters are named by their clocks and not by their place, so whatever
is typed meanwhile stays; an element goes only if nobody else has a word in it and no edge that
stays ends at it, and that is looked at again when it goes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import pycrdt

from server.document.authorship import Authorship
from server.document.blame import text_runs
from server.document.elements import FORMS
from server.document.fields import value_of
from server.document.live import Document
from server.document.pieces import deletion, read_head, skip_rest
from server.document.proposals import PROPOSALS
from server.document.schema import EDGES, NODES
from server.document.thinning import surviving
from server.document.updates import reason
from server.document.whereabouts import Spot
from server.protocol.contents import read_uint
from server.protocol.errors import DocumentDamaged
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, missing

A = TypeVar("A")

TEXTS: Final = {form.root: form.text for form in FORMS.values()} | {PROPOSALS: "text"}
"""The roots in which a run makes something, and the field of its text."""

NAMES: Final = ("title", "label")
"""The fields that hold words of people. Where something lies says nothing."""


@dataclass(frozen=True, slots=True)
class Own:
    """What is there of an author: ``elements`` that are all theirs, with the words in them, and
    an update that deletes every character of theirs."""

    elements: Mapping[Spot, tuple[str, ...]]
    characters: int
    deletion: bytes


def own_of(state: bytes, authorship: Authorship[A], is_own: Callable[[A], bool]) -> Own:
    """What of a document, given as one update, was made by the author that ``is_own`` knows.

    Raises ``DocumentDamaged``.
    """
    mine = list(_own(surviving(state), authorship, is_own))
    text = list(_own(text_runs(state), authorship, is_own))
    made = {ref: run for ref, run in _creations(state) if not missing([run], mine)}
    try:
        elements = _without_others(state, text, mine, made)
    except BaseException as error:
        raise DocumentDamaged(f"the document does not build: {reason(error)}") from None
    return Own(elements, sum(run.end - run.start for run in text), deletion(text))


def take_back(doc: Document, own: Own) -> int:
    """Do it, as a change of a live document; answers how many elements went."""
    untouched = {spot for spot, words in own.elements.items() if _words(doc, spot) == words}
    gone = untouched - _held(_ends(doc), untouched)
    for spot in gone:
        del _root(doc, spot.root)[spot.id]
    doc.apply_update(own.deletion)
    return len(gone)


def _own(
    runs: Iterable[ClockRange],
    authorship: Authorship[A],
    is_own: Callable[[A], bool],
) -> Iterator[ClockRange]:
    for run in runs:
        for part, author in authorship.of(run):
            if author is not None and is_own(author):
                yield part


def _creations(update: bytes) -> Iterator[tuple[Spot, ClockRange]]:
    """The clocks under which elements were put into their roots."""
    sections, pos = read_uint(update, 0)
    for _ in range(sections):
        count, pos = read_uint(update, pos)
        client, pos = read_uint(update, pos)
        clock, pos = read_uint(update, pos)
        for _ in range(count):
            head = read_head(update, pos)
            length, pos = skip_rest(update, head)
            if head.root in TEXTS and head.key is not None:
                spot = Spot(head.root, head.key)
                yield spot, ClockRange(ClientId(client), clock, clock + 1)
            clock += length


def _without_others(
    state: bytes,
    text: list[ClockRange],
    mine: list[ClockRange],
    made: Mapping[Spot, ClockRange],
) -> dict[Spot, tuple[str, ...]]:
    """Of the elements that were made, those in which nobody else has a word, and at which no
    edge ends that stays; with the words in them."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    doc.apply_update(state)
    there = {spot: words for spot in made if (words := _words(doc, spot))}
    ends = _ends(doc)
    doc.apply_update(deletion(text))
    written = {spot for spot in made if any(_texts(doc, spot))}
    doc.apply_update(deletion(missing(mine, list(made.values()))))
    named = {spot for spot in made if any(_names(doc, spot))}
    # If it is there without its creation, somebody has put it there anew.
    doc.apply_update(deletion(made.values()))
    anew = {spot for spot in made if spot.id in _root(doc, spot.root)}
    untouched = there.keys() - written - named - anew
    gone = untouched - _held(ends, untouched)
    return {spot: words for spot, words in there.items() if spot in gone}


def _ends(doc: Document) -> dict[str, tuple[object, object]]:
    """The ends of every edge."""
    edges = _root(doc, EDGES)
    found = {id: value_of(edges, id) for id in edges.keys()}  # noqa: SIM118  # not iterable
    return {
        id: (value_of(edge, "source"), value_of(edge, "target"))
        for id, edge in found.items()
        if isinstance(edge, pycrdt.Map)
    }


def _held(ends: Mapping[str, tuple[object, object]], going: Set[Spot]) -> set[Spot]:
    """Nodes at which an edge ends that does not go."""
    staying = (both for id, both in ends.items() if Spot(EDGES, id) not in going)
    return {Spot(NODES, end) for both in staying for end in both if isinstance(end, str)}


def _root(doc: Document, name: str) -> "pycrdt.Map[Any]":
    root: pycrdt.Map[Any] = doc.get(name, type=pycrdt.Map)
    return root


def _words(doc: Document, spot: Spot) -> tuple[str, ...]:
    """All words in an element: equal if nobody has changed any. Empty if it is not there."""
    if not isinstance(value_of(_root(doc, spot.root), spot.id), pycrdt.Map):
        return ()
    return ("", *_names(doc, spot), *_texts(doc, spot))


def _names(doc: Document, spot: Spot) -> list[str]:
    element = value_of(_root(doc, spot.root), spot.id)
    if not isinstance(element, pycrdt.Map):
        return []
    names = (value_of(element, name) for name in NAMES)
    return [name for name in names if isinstance(name, str)]


def _texts(doc: Document, spot: Spot) -> list[str]:
    element, key = value_of(_root(doc, spot.root), spot.id), TEXTS[spot.root]
    if key is None or not isinstance(element, pycrdt.Map):
        return []
    text = value_of(element, key)
    return [str(text)] if isinstance(text, pycrdt.Text) else []
