"""What one author has made, taken back: characters and elements, and nothing of anybody else.

As in ``blame``, the document itself is asked: in a copy, what the author wrote is deleted, and
what is left tells what others have put into it. What does not live here: who wrote which clock
(``authorship``), and everything around the edit.

Laws kept here: L10. Characters are named by their clocks and not by their place, so whatever
is typed meanwhile stays; an element goes only if nobody else has a word in it, and that is
looked at again when it goes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import pycrdt

from server.document.authorship import Authorship
from server.document.blame import text_runs
from server.document.elements import FORMS, KIND_OF_ROOT, ElementRef, Kind
from server.document.fields import value_of
from server.document.live import Document
from server.document.pieces import deletion, read_head, skip_rest
from server.document.thinning import surviving
from server.document.updates import reason
from server.protocol.contents import read_uint
from server.protocol.errors import DocumentDamaged
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, missing

A = TypeVar("A")

NAMES: Final = ("title", "label")
"""The fields that hold words of people. Where something lies says nothing."""


@dataclass(frozen=True, slots=True)
class Own:
    """What is there of an author: ``elements`` that are all theirs, with the words in them, and
    an update that deletes every character of theirs."""

    elements: Mapping[ElementRef, tuple[str, ...]]
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
    gone = 0
    for ref, words in own.elements.items():
        root: pycrdt.Map[Any] = doc.get(FORMS[ref.kind].root, type=pycrdt.Map)
        if _words(root, ref) == words:
            del root[ref.id]
            gone += 1
    doc.apply_update(own.deletion)
    return gone


def _own(
    runs: Iterable[ClockRange],
    authorship: Authorship[A],
    is_own: Callable[[A], bool],
) -> Iterator[ClockRange]:
    for run in runs:
        for part, author in authorship.of(run):
            if author is not None and is_own(author):
                yield part


def _creations(update: bytes) -> Iterator[tuple[ElementRef, ClockRange]]:
    """The clocks under which elements were put into their roots."""
    sections, pos = read_uint(update, 0)
    for _ in range(sections):
        count, pos = read_uint(update, pos)
        client, pos = read_uint(update, pos)
        clock, pos = read_uint(update, pos)
        for _ in range(count):
            head = read_head(update, pos)
            length, pos = skip_rest(update, head)
            kind = KIND_OF_ROOT.get(head.root or "")
            if kind is not None and head.key is not None:
                yield ElementRef(kind, head.key), ClockRange(ClientId(client), clock, clock + 1)
            clock += length


def _without_others(
    state: bytes,
    text: list[ClockRange],
    mine: list[ClockRange],
    made: Mapping[ElementRef, ClockRange],
) -> dict[ElementRef, tuple[str, ...]]:
    """Of the elements that were made, those in which nobody else has a word, and at which no
    edge of somebody else ends; with the words in them."""
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    doc.apply_update(state)
    there = {ref: _words(_root(doc, ref), ref) for ref in made}
    held = _ends(doc, made)
    doc.apply_update(deletion(text))
    written = {ref for ref in made if any(_texts(_root(doc, ref), ref))}
    doc.apply_update(deletion(missing(mine, list(made.values()))))
    named = {ref for ref in made if any(_names(_root(doc, ref), ref))}
    # If it is there without its creation, somebody has put it there anew.
    doc.apply_update(deletion(made.values()))
    anew = {ref for ref in made if ref.id in _root(doc, ref)}
    kept = held | written | named | anew
    return {ref: words for ref, words in there.items() if ref not in kept and words}


def _ends(doc: Document, made: Mapping[ElementRef, ClockRange]) -> set[ElementRef]:
    """Nodes at which edges end that somebody else has made."""
    edges: pycrdt.Map[Any] = doc.get(FORMS[Kind.EDGE].root, type=pycrdt.Map)
    others = [id for id in sorted(edges.keys()) if ElementRef(Kind.EDGE, id) not in made]
    found = [value_of(edges, id) for id in others]
    ends = [
        value_of(edge, end)
        for edge in found
        if isinstance(edge, pycrdt.Map)
        for end in ("source", "target")
    ]
    return {ElementRef(Kind.NODE, end) for end in ends if isinstance(end, str)}


def _root(doc: Document, ref: ElementRef) -> "pycrdt.Map[Any]":
    root: pycrdt.Map[Any] = doc.get(FORMS[ref.kind].root, type=pycrdt.Map)
    return root


def _words(root: "pycrdt.Map[Any]", ref: ElementRef) -> tuple[str, ...]:
    """All words in an element: equal if nobody has changed any. Empty if it is not there."""
    if not isinstance(value_of(root, ref.id), pycrdt.Map):
        return ()
    return ("", *_names(root, ref), *_texts(root, ref))


def _names(root: "pycrdt.Map[Any]", ref: ElementRef) -> list[str]:
    element = value_of(root, ref.id)
    if not isinstance(element, pycrdt.Map):
        return []
    names = (value_of(element, name) for name in NAMES)
    return [name for name in names if isinstance(name, str)]


def _texts(root: "pycrdt.Map[Any]", ref: ElementRef) -> list[str]:
    element, form = value_of(root, ref.id), FORMS[ref.kind]
    if form.text is None or not isinstance(element, pycrdt.Map):
        return []
    text = value_of(element, form.text)
    return [str(text)] if isinstance(text, pycrdt.Text) else []
