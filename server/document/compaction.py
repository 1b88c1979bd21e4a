"""Merging a document's log into a checkpoint and a history of who wrote what (L4).

Pure functions on bytes, to be run in a process of their own: pycrdt holds the GIL
while it merges. What does not live here: reading and replacing rows (the store), when
to compact (the room's compactor).

Law kept here: L4. pycrdt's own encoding of a document omits what is parked, so that is
merged in. Before a checkpoint is answered it is loaded into a fresh document, which must
hold the same clocks, deletions and content and wait for the same. If it does not, the rows
themselves are merged instead: larger, for deleted text stays in, but never wrong.

Content is compared by pycrdt's encoding of it. That is the same for the same content, however
it came, because pycrdt joins what it can when it integrates: shown by a test over histories
in any order. Should one document nevertheless be joined less than another, both are
encoded once more after loading, before they are called different.
"""

from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Generic, TypeVar

from server.document.pieces import ranges
from server.document.replica import Applied, Replica
from server.document.updates import merge
from server.protocol.errors import DocumentDamaged
from server.protocol.ids import Millis, Seq
from server.protocol.ranges import missing

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
    on what comes later, and a replay up to here would leave it parked. And only rows that
    went in whole when they came: where two rows say different things of the same clocks,
    the merge may keep what the document has not.
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
    with closing(Replica.load((), checkpoint=checkpoint)) as original:
        runs = tuple(map(_run, _groups(original, rows)))
        candidates = _candidates(original, checkpoint, payloads)
        found = next((made for made in candidates if _holds(made, original)), None)
    if found is None:
        raise DocumentDamaged("no checkpoint of these rows says what they say")
    return Compaction(found, runs)


def runs_of(rows: Sequence[Row[A]], checkpoint: bytes | None = None) -> tuple[Run[A], ...]:
    """Rows after a checkpoint, merged with their neighbours of the same author where that
    says the same. Raises ``DocumentDamaged``."""
    with closing(Replica.load((), checkpoint=checkpoint)) as replica:
        return tuple(map(_run, _groups(replica, rows)))


def replay_difference(checkpoint: bytes | None, history: Sequence[bytes]) -> str | None:
    """In what a checkpoint differs from the replay of the history that it stands for.

    None if in nothing; otherwise the end of a sentence.
    """
    try:
        with (
            closing(Replica.load(history)) as replayed,
            closing(Replica.load((), checkpoint=checkpoint)) as loaded,
        ):
            return _difference(loaded, replayed)
    except DocumentDamaged as error:
        return error.message


def _candidates(
    original: Replica, checkpoint: bytes | None, payloads: Sequence[bytes]
) -> Iterable[bytes]:
    """Possible checkpoints, the smallest first, each made only if it is asked for."""
    yield original.everything()
    yield merge([*([] if checkpoint is None else [checkpoint]), *payloads])


def _holds(checkpoint: bytes, wanted: Replica) -> bool:
    try:
        with closing(Replica.load((), checkpoint=checkpoint)) as loaded:
            return _difference(loaded, wanted) is None
    except DocumentDamaged:
        return False


def _difference(ours: Replica, theirs: Replica) -> str | None:
    """In what two documents differ, as the end of a sentence; None if in nothing."""
    difference = ours.moment().difference(theirs.moment())
    if difference is None:
        one, other = ours.full(), theirs.full()
        if one != other and _again(one) != _again(other):
            return "content differs"
    return difference


def _again(full: bytes) -> bytes:
    with closing(Replica.load((), checkpoint=full)) as loaded:
        return loaded.full()


def _groups(replica: Replica, rows: Sequence[Row[A]]) -> list[list[Row[A]]]:
    """Replay the rows, and group those that may be merged."""
    groups: list[list[Row[A]]] = []
    joinable = False
    for row in rows:
        whole = _went_in_whole(replica.replay(row.payload), row.payload)
        if joinable and whole and row.author == groups[-1][-1].author:
            groups[-1].append(row)
        else:
            groups.append([row])
        joinable = whole
    return groups


def _went_in_whole(applied: Applied, payload: bytes) -> bool:
    """Whether an update wrote all its clocks anew, and nothing but them came of it."""
    if applied.parked or applied.event is None:
        return False
    if applied.event == payload:
        return True
    # Merges of several updates come back in other bytes.
    return missing(ranges(applied.event).structs, ()) == missing(ranges(payload).structs, ())


def _run(rows: list[Row[A]]) -> Run[A]:
    return Run(
        first=rows[0].seq,
        last=rows[-1].seq,
        author=rows[0].author,
        started_at=rows[0].at,
        ended_at=rows[-1].at,
        payload=merge([row.payload for row in rows]),
    )
