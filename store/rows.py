"""From stored rows to records, trusting nothing (L2: damage is never an empty document).

SQLite keeps any type in any column and a disk may change any byte, so every value is
checked for its type and every row against its digest. What does not live here:
statements, and what becomes of an unreadable row (``DocumentDamaged`` when a
document is opened, a named problem in ``fsck``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from server.protocol.ids import Seq
from server.room.ports import Attribution, HistoryRun, LoggedUpdate, Means
from store import tables as t
from store.digests import DIGEST_BYTES, fingerprint, row_digest, values_digest
from store.faults import Unreadable
from store.frames import unframe_runs, unpack
from store.tables import AnyRow

SELECT_UPDATES = select(
    t.updates.c.seq,
    t.updates.c.payload,
    t.updates.c.user_id,
    t.updates.c.means,
    t.updates.c.run,
    t.updates.c.at,
    t.updates.c.digest,
)
UPDATE_TYPES = ((int,), (bytes,), (str, type(None)), (str,), (str, type(None)), (int,), (bytes,))
"""Of the columns of ``SELECT_UPDATES``, in their order."""

UPDATE_COLUMNS = tuple(column.name for column in SELECT_UPDATES.selected_columns)
MEANS = {means.value: means for means in Means}
SELECT_CHECKPOINTS = select(t.checkpoints)
SELECT_CHUNKS = select(t.history_chunks)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint that verifies."""

    seq: Seq
    row_digest: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Chunk:
    """A history chunk that verifies."""

    first: Seq
    last: Seq
    prev_digest: bytes
    last_digest: bytes
    runs: tuple[HistoryRun, ...]


def verify_update(row: AnyRow, project: str, previous: bytes) -> LoggedUpdate:
    """The row, if its digest covers it and ``previous``. Raises ``Unreadable``."""
    update = decode_update(row)
    if digest_of(row, project, previous) != row[6]:
        raise Unreadable("the digest does not match the row and the one before it")
    return update


def digest_of(row: AnyRow, project: str, previous: bytes) -> bytes:
    """What the digest of a row with the right types should be."""
    seq, payload, user, means, run, at, _ = row
    try:
        return row_digest(previous, project, seq, payload, user=user, means=means, run=run, at=at)
    except UnicodeError as error:
        raise Unreadable(f"text that is not UTF-8: {error}") from error


def decode_update(row: AnyRow) -> LoggedUpdate:
    """The row, if its values have the right types; its digest is not looked at.

    A cold start does this thousands of times, hence by position and not by name.
    """
    seq, payload, user, means, run, at, digest = row
    _require_types(row)
    if len(digest) != DIGEST_BYTES:
        raise Unreadable(f"digest has {len(digest)} bytes, expected {DIGEST_BYTES}")
    known = MEANS.get(means)
    if known is None:
        raise Unreadable(f"means is {means!r}")
    return LoggedUpdate(seq, payload, Attribution(user, known, run), at)


def _require_types(row: AnyRow) -> None:
    for value, allowed, name in zip(row, UPDATE_TYPES, UPDATE_COLUMNS, strict=True):
        if type(value) not in allowed:
            raise Unreadable(f"{name} is {type(value).__name__}")


def verify_checkpoint(row: AnyRow) -> Checkpoint:
    """The checkpoint, decompressed, if everything in its row verifies."""
    require(
        row,
        ints=("seq", "created_at", "plain_bytes"),
        texts=("project_id",),
        blobs=("payload",),
        digests=("row_digest", "digest"),
    )
    plain = unpack(row.payload, row.plain_bytes)
    numbers = (row.seq, row.created_at)
    digest = checkpoint_digest(
        row.project_id, *numbers, row.row_digest, *contents(plain, row.payload)
    )
    if digest != row.digest:
        raise Unreadable("the digest does not match the row")
    return Checkpoint(Seq(row.seq), row.row_digest, plain)


def verify_chunk(row: AnyRow) -> Chunk:
    """The chunk, decompressed, if everything in its row verifies and its runs are
    consecutive and fill it."""
    require(
        row,
        ints=("first_seq", "last_seq", "started_at", "ended_at", "plain_bytes"),
        texts=("project_id",),
        blobs=("payload",),
        digests=("prev_digest", "last_digest", "digest"),
    )
    plain = unpack(row.payload, row.plain_bytes)
    numbers = (row.first_seq, row.last_seq, row.started_at, row.ended_at)
    ends = (row.prev_digest, row.last_digest)
    if chunk_digest(row.project_id, *numbers, *ends, *contents(plain, row.payload)) != row.digest:
        raise Unreadable("the digest does not match the row")
    runs = unframe_runs(plain)
    if not covers(runs, row.first_seq, row.last_seq):
        raise Unreadable("its runs do not fill the range of the chunk")
    return Chunk(Seq(row.first_seq), Seq(row.last_seq), *ends, runs)


def covers(runs: Sequence[HistoryRun], first: int, last: int) -> bool:
    """Whether ``runs`` are consecutive and go from ``first`` to ``last``."""
    expected = first
    for run in runs:
        if run.first != expected or run.last < run.first:
            return False
        expected = run.last + 1
    return expected == last + 1


def contents(plain: bytes, stored: bytes) -> tuple[bytes, bytes, int]:
    """What digests cover of a compressed payload: the plain bytes, which count, and
    the stored ones, because several compressed forms decode to the same bytes."""
    return fingerprint(plain), fingerprint(stored), len(plain)


def checkpoint_digest(*values: str | int | bytes) -> bytes:
    """Over project, seq, created_at, row_digest and contents."""
    return values_digest("checkpoint", values)


def chunk_digest(*values: str | int | bytes) -> bytes:
    """Over project, first, last, started, ended, both end digests and contents."""
    return values_digest("history-chunk", values)


def require(
    row: AnyRow,
    *,
    ints: Sequence[str] = (),
    texts: Sequence[str] = (),
    blobs: Sequence[str] = (),
    digests: Sequence[str] = (),
) -> None:
    """Raise ``Unreadable`` for the first column whose value has the wrong type."""
    values = row._mapping
    for names, wanted in ((ints, int), (texts, str), (blobs, bytes), (digests, bytes)):
        for name in names:
            if type(values[name]) is not wanted:
                raise Unreadable(
                    f"{name} is {type(values[name]).__name__}, expected {wanted.__name__}"
                )
    for name in digests:
        if len(values[name]) != DIGEST_BYTES:
            raise Unreadable(f"{name} has {len(values[name])} bytes, expected {DIGEST_BYTES}")


def limit_of(document: AnyRow) -> int | None:
    """The limit of one document, if it has one. Raises ``Unreadable``."""
    limit: object = document.max_bytes
    if limit is None or type(limit) is int:
        return limit
    raise Unreadable(f"max_bytes is {type(limit).__name__}")


def is_digest(value: object) -> bool:
    """Whether ``value`` could be a digest at all."""
    return type(value) is bytes and len(value) == DIGEST_BYTES
