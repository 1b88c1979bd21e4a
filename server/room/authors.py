"""Who wrote what of a project, in the coarse terms in which a model is told: whose words are these?

Plain functions of a history, slow ones: they are run in a worker. What does not live here: who
exactly wrote something (``past``), and how it is told (``ai_agent.notebook``).

Law kept here: L3 (an author is whom the log names).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Final

from server.document.authorship import Authorship
from server.document.blame import blame
from server.document.elements import FORMS, KIND_OF_ROOT, ElementRef
from server.document.thinning import surviving
from server.document.whereabouts import Whereabouts
from server.protocol.errors import NotFound
from server.room.history_ports import History
from server.room.past import authorship
from server.room.ports import Attribution, Means

MAX_TEXTS: Final = 20
"""Texts of several authors that are told apart character by character: each takes a copy of the
document."""


class Hand(StrEnum):
    """Who may have written something."""

    PERSON = "person"
    AGENT = "agent"
    IMPORT = "import"
    """It came whole: from a file, another project or an older state."""


@dataclass(frozen=True, slots=True)
class Authors:
    """``hands`` are all that have written in an element, and still show; ``spans`` are texts of
    several hands, whole. What nobody is known to have written is nobody's."""

    hands: Mapping[ElementRef, tuple[Hand, ...]] = field(default_factory=dict)
    spans: Mapping[ElementRef, tuple[tuple[Hand | None, str], ...]] = field(default_factory=dict)


def authors_of(history: History, state: bytes, first: Sequence[ElementRef] = ()) -> Authors:
    """Who wrote this state of a document. Of ``first`` the spans are told before all others."""
    known = authorship(history)
    hands = _hands(state, known)
    mixed = (ref for ref in dict.fromkeys((*first, *hands)) if len(hands.get(ref, ())) > 1)
    told = [ref for ref in mixed if FORMS[ref.kind].text is not None][:MAX_TEXTS]
    return Authors(hands, {ref: spans for ref in told if (spans := _spans(state, ref, known))})


def _hands(state: bytes, known: Authorship[Attribution]) -> dict[ElementRef, tuple[Hand, ...]]:
    where = Whereabouts()
    where.note(state)
    found: dict[ElementRef, set[Hand]] = {}
    for run in surviving(state):
        for part, by in known.of(run):
            for _, place in where.places([part]) if by is not None else ():
                if by is not None and (kind := KIND_OF_ROOT.get(place.root)) is not None:
                    found.setdefault(ElementRef(kind, place.id), set()).add(_hand(by))
    return {ref: tuple(sorted(hands)) for ref, hands in found.items()}


def _spans(
    state: bytes, ref: ElementRef, known: Authorship[Attribution]
) -> tuple[tuple[Hand | None, str], ...]:
    try:
        found = blame(state, ref, known)
    except NotFound:
        return ()
    parts = ((None if one.author is None else _hand(one.author), one.text) for one in found)
    return tuple(_joined(parts))


def _joined(
    parts: Iterable[tuple[Hand | None, str]],
) -> Iterator[tuple[Hand | None, str]]:
    for hand, group in groupby(parts, key=lambda part: part[0]):
        yield hand, "".join(text for _, text in group)


def _hand(by: Attribution) -> Hand:
    match by.means:
        case Means.RUN:
            return Hand.AGENT
        case Means.CLIENT | Means.REST:
            return Hand.PERSON
        case Means.RESTORE | Means.IMPORT | Means.SEED | Means.DUPLICATE:
            return Hand.IMPORT
