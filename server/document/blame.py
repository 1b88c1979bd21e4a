"""Who wrote each character of a text.

pycrdt shows no items, and so not under which clock a character was written. But it can be
asked: in a copy of the document everything that one author wrote is deleted, and the text
tells where that was. That is the document's own integration, so it is right whatever the
history, and costs one copy and one deletion for each author.

What does not live here: who wrote which clock (``authorship``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

import pycrdt

from server.document.authorship import Authorship
from server.document.elements import FORMS, ElementRef
from server.document.fields import value_of
from server.document.pieces import deletion, read_head, skip_rest
from server.document.updates import reason
from server.protocol.contents import read_uint
from server.protocol.errors import DocumentDamaged, NotFound
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange

A = TypeVar("A")

Part = tuple[int, int]
"""From a unit of pycrdt up to another."""

_EMBED: Final = b"\xff"
"""Stands for the one unit that an embed takes; it is no UTF-8."""

_NEVER: Final = (2**64, 2**64)


@dataclass(frozen=True, slots=True)
class Span(Generic[A]):
    """Consecutive characters of one author; None if nobody is known to have written them."""

    text: str
    author: A | None


def blame(state: bytes, ref: ElementRef, authorship: Authorship[A]) -> tuple[Span[A], ...]:
    """The text of an element in spans of one author, together all of it.

    ``state`` is a document as one update. Raises ``NotFound`` when it has no such text.
    """
    doc: pycrdt.Doc[Any] = pycrdt.Doc()
    try:
        doc.apply_update(state)
        text = _text(doc, ref)
        owners = _owners(doc, text, _by_author(state, authorship))
    except BaseException as error:
        if isinstance(error, NotFound):
            raise
        raise DocumentDamaged(f"the document does not build: {reason(error)}") from None
    return tuple(_spans(*owners))


def text_runs(update: bytes) -> Iterator[ClockRange]:
    """The clocks of an update that hold text."""
    sections, pos = read_uint(update, 0)
    for _ in range(sections):
        count, pos = read_uint(update, pos)
        client, pos = read_uint(update, pos)
        clock, pos = read_uint(update, pos)
        for _ in range(count):
            head = read_head(update, pos)
            length, pos = skip_rest(update, head)
            if head.is_text and length:
                yield ClockRange(ClientId(client), clock, clock + length)
            clock += length


def _text(doc: "pycrdt.Doc[Any]", ref: ElementRef) -> pycrdt.Text:
    form = FORMS[ref.kind]
    element = value_of(doc.get(form.root, type=pycrdt.Map), ref.id)
    if form.text is not None and isinstance(element, pycrdt.Map):
        text = value_of(element, form.text)
        if isinstance(text, pycrdt.Text):
            return text
    raise NotFound(f"there is no {ref.kind} {ref.id!r} with a text")


def _by_author(state: bytes, authorship: Authorship[A]) -> dict[A, list[ClockRange]]:
    written: dict[A, list[ClockRange]] = {}
    for run in text_runs(state):
        for part, author in authorship.of(run):
            if author is not None:
                written.setdefault(author, []).append(part)
    return written


def _owners(
    doc: "pycrdt.Doc[Any]", text: pycrdt.Text, written: dict[A, list[ClockRange]]
) -> tuple[bytes, list[tuple[int, int, A]]]:
    """The text in units of pycrdt, and which of them are whose."""
    content = b"".join(
        chunk.encode() if isinstance(chunk, str) else _EMBED for chunk, _ in text.diff()
    )
    left = [(0, len(content))]
    owned: list[tuple[int, int, A]] = []
    deltas: list[Any] = []

    def note(event: Any) -> None:  # pycrdt's stubs know no delta
        deltas.extend(event.delta)

    watch = text.observe(note)
    for author, runs in written.items():
        deltas.clear()
        doc.apply_update(deletion(runs))
        taken, left = _take(left, list(_deleted(deltas)))
        owned += [(start, end, author) for start, end in taken]
    watch.drop()
    return content, sorted(owned, key=lambda part: part[0])


def _deleted(deltas: Sequence[dict[str, Any]]) -> Iterator[Part]:
    """The units that a delta deletes, counted before it."""
    at = 0
    for step in deltas:
        length = step.get("retain", 0) or step.get("delete", 0)
        if "delete" in step:
            yield at, at + length
        at += length


def _take(left: Sequence[Part], gone: Sequence[Part]) -> tuple[list[Part], list[Part]]:
    """Of what is left, counted through: the parts that are gone now, and the others."""
    taken: list[Part] = []
    rest: list[Part] = []
    cuts = iter(gone)
    first, last = next(cuts, _NEVER)
    offset = 0
    for start, end in left:
        at, size = start, end - start
        while first < offset + size:
            low, high = start + max(first - offset, 0), start + min(last - offset, size)
            if at < low:
                rest.append((at, low))
            taken.append((low, high))
            at = high
            if last > offset + size:
                break
            first, last = next(cuts, _NEVER)
        if at < end:
            rest.append((at, end))
        offset += size
    return taken, rest


def _spans(content: bytes, owned: Sequence[tuple[int, int, A]]) -> Iterator[Span[A]]:
    parts: list[tuple[bytes, A | None]] = []
    at = 0
    for start, end, author in owned:
        if at < start:
            parts.append((content[at:start], None))
        parts.append((content[start:end], author))
        at = end
    if at < len(content):
        parts.append((content[at:], None))
    yield from _joined(parts)


def _joined(parts: Sequence[tuple[bytes, A | None]]) -> Iterator[Span[A]]:
    joined: list[tuple[bytes, A | None]] = []
    for piece, author in parts:
        if joined and joined[-1][1] == author:
            joined[-1] = (joined[-1][0] + piece, author)
        else:
            joined.append((piece, author))
    for piece, author in joined:
        if text := piece.replace(_EMBED, b"").decode():
            yield Span(text, author)
