"""What must be written so that a projection shows a document: pure, and away from the loop.

Runs in the worker process, because reading a large document takes pycrdt half a second
in which it holds the interpreter. Rows that have not changed are known by their digest
and not mentioned, so that a keystroke in a large project writes one row. What does not
live here: where the document and the digests come from (``server.room.projector``).
"""

import json
import pickle
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b
from typing import assert_never

from server.document.portable import portable_view
from server.document.replica import Replica
from server.document.schema import Diagram, Edge, Node, ProjectView, Section, read_project
from server.document.words import words
from server.protocol.ids import ProjectId, Seq
from server.room.projection_ports import (
    MAX_PROBLEMS,
    Conclusion,
    Drop,
    Element,
    Kind,
    Known,
    Put,
    Step,
    Wording,
)

_Digests = dict[str, str]

ROWS_PER_STEP = 100
"""SQLite has one writer: edits of all rooms wait while a step is written."""

BYTES_PER_STEP = 1024 * 1024

MAX_INDEXED = 100_000
"""Characters of a text that can be found; the rest of a longer one cannot."""

MAX_WORDING = 400_000
"""Bytes of the words of a row; PostgreSQL holds a megabyte with their positions."""


@dataclass(frozen=True, slots=True)
class Source:
    """A document as bytes: a state, and updates that follow it; they contain at least the
    rows of the log up to ``seq``, and nothing that is not committed (L1)."""

    project: ProjectId
    seq: Seq
    checkpoint: bytes | None
    updates: tuple[bytes, ...]


def difference(source: Source, known: Known) -> tuple[Step, ...]:
    """The steps from what is known to what the document says; at least one.

    Raises ``DocumentDamaged``.
    """
    view = projected(source)
    digests = {kind: _Digests(json.loads(text)) for kind, text in known.digests.items()}
    puts = tuple(_puts(view, digests))
    drops = tuple(_drops(view, digests))
    shown = tuple(view.problems[:MAX_PROBLEMS])
    conclusion = Conclusion(shown, len(view.problems))
    parts = list(_portions(puts, drops)) or [((), ())]
    return tuple(
        Step(
            source.project, source.seq, known.version + number, *part, conclusion if last else None
        )
        for number, part in enumerate(parts)
        for last in (number == len(parts) - 1,)
    )


@dataclass(frozen=True, slots=True)
class Job:
    """A document to be projected."""

    source: Source
    known: Known


def packed_differences(jobs: Sequence[Job]) -> list[tuple[bytes, ...] | Exception]:
    """The same of several documents, each step pickled: the process that asked unpacks them one
    by one, so that it is never held up for the whole. Or why there is none of a document."""
    return [_packed(job) for job in jobs]


def _packed(job: Job) -> tuple[bytes, ...] | Exception:
    try:
        return tuple(pickle.dumps(step) for step in difference(job.source, job.known))
    except Exception as error:
        return error


def unpacked(step: bytes) -> Step:
    """A step that our own worker has packed."""
    found = pickle.loads(step)
    assert isinstance(found, Step), found
    return found


def projected(source: Source) -> ProjectView:
    """The document as the projection shows it. Raises ``DocumentDamaged``."""
    with closing(Replica.load(source.updates, checkpoint=source.checkpoint)) as replica:
        return portable_view(read_project(replica))


def elements(view: ProjectView) -> Iterator[tuple[Kind, Sequence[Element]]]:
    """The elements of a view, such that the ends of edges come before them."""
    yield Kind.NODE, view.nodes
    yield Kind.EDGE, view.edges
    yield Kind.SECTION, view.sections
    yield Kind.DIAGRAM, view.diagrams


def wording(element: Element) -> Wording:
    """The words by which an element is found."""
    heading, body = _texts(element)
    found = words(heading)
    room = MAX_WORDING - _weight(found)
    return Wording(tuple(found), tuple(_within(words(body[:MAX_INDEXED]), room)))


def _drops(view: ProjectView, digests: Mapping[Kind, _Digests]) -> Iterator[Drop]:
    """Edges before nodes: an end goes after what hangs on it."""
    for kind, there in reversed(list(elements(view))):
        gone = digests[kind].keys() - {element.id for element in there}
        yield from (Drop(kind, id) for id in sorted(gone))


def _puts(view: ProjectView, digests: Mapping[Kind, _Digests]) -> Iterator[Put]:
    for kind, there in elements(view):
        for element in there:
            before = digests[kind].get(element.id)
            digest = digest_of(element)
            if digest.hex() != before:
                same = before is not None and before[2 * _ROW :] == digest[_ROW:].hex()
                yield Put(element, digest, None if same else wording(element))


_ROW = 16
"""Bytes of a digest that are about the row; the others are about its words."""


def digest_of(element: Element) -> bytes:
    """By which it is seen whether a row, or its words, have changed."""
    row = blake2b(repr(element).encode(), digest_size=_ROW)
    text = blake2b(repr(_texts(element)).encode(), digest_size=8)
    return row.digest() + text.digest()


def _texts(element: Element) -> tuple[str, str]:
    match element:
        case Node(label=heading, content=body) | Section(title=heading, body=body):
            return heading, body
        case Edge(label=heading) | Diagram(title=heading):
            return heading, ""
        case _:
            assert_never(element)


def _portions(
    puts: Sequence[Put], drops: Sequence[Drop]
) -> Iterator[tuple[tuple[Put, ...], tuple[Drop, ...]]]:
    """Puts, then drops, a bounded number of rows and bytes at a time."""
    part: list[Put] = []
    size = 0
    for put in puts:
        weight = sum(len(text) for text in _texts(put.element))
        if part and (len(part) == ROWS_PER_STEP or size + weight > BYTES_PER_STEP):
            yield tuple(part), ()
            part, size = [], 0
        part.append(put)
        size += weight
    if part:
        yield tuple(part), ()
    for start in range(0, len(drops), ROWS_PER_STEP):
        yield (), tuple(drops[start : start + ROWS_PER_STEP])


def _weight(found: Sequence[str]) -> int:
    return sum(len(word.encode()) + 1 for word in found)


def _within(found: Sequence[str], room: int) -> Iterator[str]:
    for word in found:
        room -= len(word.encode()) + 1
        if room < 0:
            return
        yield word
