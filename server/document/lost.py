"""Text that arrived in a document too late: its place had been deleted meanwhile.

A Yjs document drops such text as it comes, for good and without a word. The log has it: it
is what a row wrote and the document deleted at once, though the row itself did not ask for
that. So what somebody typed offline into a section that others deleted can be given back.
What does not live here: giving it back.

Law kept here: L6, nothing is dropped silently.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.document.ancestry import Ancestry, Struct, structs
from server.document.elements import ElementRef
from server.document.pieces import ranges
from server.document.replica import Replica
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, missing

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Written(Generic[A]):
    """An update, and whatever is to be said of it."""

    label: A
    payload: bytes


@dataclass(frozen=True, slots=True)
class LostText(Generic[A]):
    """Text as it was typed in one go. ``element`` is where it belonged, if that is known."""

    label: A
    text: str
    element: ElementRef | None


def lost_texts(base: bytes | None, updates: Sequence[Written[A]]) -> tuple[LostText[A], ...]:
    """What was lost on arrival, in the order of the log. Raises ``DocumentDamaged``."""
    lost = [
        (update.label, struct, part)
        for update, gone in _dropped(base, updates)
        for struct, part in _texts(update.payload, gone)
    ]
    if not lost:
        return ()
    known = [*([] if base is None else [base]), *(update.payload for update in updates)]
    ancestry = Ancestry(known)
    return tuple(
        LostText(label, text, ancestry.element(first.head)) for label, first, text in _joined(lost)
    )


def _dropped(
    base: bytes | None, updates: Sequence[Written[A]]
) -> Iterator[tuple[Written[A], tuple[ClockRange, ...]]]:
    """Updates, and what of theirs the document deleted on arrival."""
    waiting: list[Written[A]] = []
    with closing(Replica.load((), checkpoint=base)) as replica:
        for update in updates:
            applied = replica.replay(update.payload)
            if applied.event is not None:
                deleted = ranges(applied.event).deletes
                # What waited may have arrived with this one.
                for one in (*waiting, update) if deleted else ():
                    if gone := missing(deleted, ranges(one.payload).deletes):
                        yield one, gone
            if applied.parked:
                waiting.append(update)


def _texts(payload: bytes, gone: tuple[ClockRange, ...]) -> Iterator[tuple[Struct, ClockRange]]:
    for struct in structs(payload):
        if struct.text is None:
            continue
        run = ClockRange(ClientId(struct.client), struct.start, struct.end)
        for part in missing([run], missing([run], gone)):
            yield struct, part


def _joined(lost: Sequence[tuple[A, Struct, ClockRange]]) -> Iterator[tuple[A, Struct, str]]:
    """With what was typed on: a struct whose origin is the end of the one before."""
    current: tuple[A, Struct, str] | None = None
    last: ClockRange | None = None
    for label, struct, part in lost:
        text = _slice(struct, part)
        follows = (
            struct.head.origin if part.start == struct.start else (part.client, part.start - 1)
        )
        if current and last and current[0] == label and follows == (last.client, last.end - 1):
            current = (label, current[1], current[2] + text)
        else:
            if current is not None:
                yield current
            current = (label, struct, text)
        last = part
    if current is not None:
        yield current


def _slice(struct: Struct, part: ClockRange) -> str:
    """A clock of text is a unit of UTF-16."""
    assert struct.text is not None
    units = struct.text.encode("utf-16-le")
    first, last = part.start - struct.start, part.end - struct.start
    return units[2 * first : 2 * last].decode("utf-16-le", "replace")
