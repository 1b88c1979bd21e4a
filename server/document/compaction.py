"""Merging a document's log into a checkpoint and a history of who wrote what (L4).

Pure functions on bytes, to be run in a process of their own: pycrdt holds the GIL
while it merges. What does not live here: reading and replacing rows (the store), when
to compact (the room's compactor).

Law kept here: L4. pycrdt's own encoding of a document omits what is parked, so that is
merged in. Before a checkpoint is answered it is loaded into a fresh document, which must
hold the same clocks and deletions and wait for the same. If it does not, the rows
themselves are merged instead: larger, for deleted text stays in, but never wrong.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from server.document.moment import Moment
from server.document.replica import Replica
from server.document.updates import merge
from server.protocol.errors import DocumentDamaged
from server.protocol.ids import Millis, Seq

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Row(Generic[A]):
    """A row of the log; ``author`` is compared, nothing else is asked of it."""

    seq: Seq
    author: A
    at: Millis
    payload: bytes


@dataclass(frozen=True, slots=True)
class Run(Generic[A]):
    """Consecutive rows of one author as one update.

    Only consecutive ones: merged around somebody else's row, the earlier part would depend
    on what comes later, and a replay up to here would leave it parked.
    """

    first: Seq
    last: Seq
    author: A
    started_at: Millis
    ended_at: Millis
    payload: bytes


@dataclass(frozen=True, slots=True)
class Compaction(Generic[A]):
    """A checkpoint that holds everything, and its history."""

    checkpoint: bytes
    runs: tuple[Run[A], ...]


def compact(checkpoint: bytes | None, rows: Sequence[Row[A]]) -> Compaction[A]:
    """Everything that checkpoint and rows say, put away.

    Raises ``DocumentDamaged`` when they do not load, or when no checkpoint that can be made
    of them says the same; then the log must stay as it is.
    """
    payloads = [row.payload for row in rows]
    with closing(Replica.load(payloads, checkpoint=checkpoint)) as original:
        wanted = original.moment()
        candidates = _candidates(original, checkpoint, payloads)
        found = next((made for made in candidates if _holds(made, wanted)), None)
    if found is None:
        raise DocumentDamaged("no checkpoint of these rows says what they say")
    return Compaction(found, runs_of(rows))


def runs_of(rows: Sequence[Row[A]]) -> tuple[Run[A], ...]:
    """Rows merged with their neighbours of the same author."""
    return tuple(_run(list(group)) for _, group in groupby(rows, key=lambda row: row.author))


def replay_difference(checkpoint: bytes | None, history: Sequence[bytes]) -> str | None:
    """In what a checkpoint differs from the replay of the history that it stands for.

    None if in nothing; otherwise the end of a sentence.
    """
    try:
        with closing(Replica.load(history)) as replayed:
            wanted = replayed.moment()
        with closing(Replica.load((), checkpoint=checkpoint)) as loaded:
            return loaded.moment().difference(wanted)
    except DocumentDamaged as error:
        return error.message


def _candidates(
    original: Replica, checkpoint: bytes | None, payloads: Sequence[bytes]
) -> Iterable[bytes]:
    """Possible checkpoints, the smallest first, each made only if it is asked for."""
    yield original.everything()
    yield merge([*([] if checkpoint is None else [checkpoint]), *payloads])


def _holds(checkpoint: bytes, wanted: Moment) -> bool:
    try:
        with closing(Replica.load((), checkpoint=checkpoint)) as loaded:
            return loaded.moment().difference(wanted) is None
    except DocumentDamaged:
        return False


def _run(rows: list[Row[A]]) -> Run[A]:
    return Run(
        first=rows[0].seq,
        last=rows[-1].seq,
        author=rows[0].author,
        started_at=rows[0].at,
        ended_at=rows[-1].at,
        payload=merge([row.payload for row in rows]),
    )
