"""How checkpoints and history chunks are packed (L4): zstd, and framed runs in it.

What does not live here: digests, and what a run's bytes mean. Unpacking survives any
bytes: it answers or raises :class:`~store.faults.Unreadable`, and never allocates
more than the row says it needs.
"""

from collections.abc import Sequence
from struct import Struct
from struct import error as StructError

import zstandard

from server.protocol.ids import Millis, RunId, Seq, UserId
from server.room.ports import Attribution, HistoryRun, Means
from store.faults import Unreadable

LEVEL = 3
THOROUGH = 19
"""For what is packed seldom and kept long: a tenth smaller, and some fifty times slower."""

LARGEST = 1 << 31
"""More plain bytes than any row may claim."""

_RUN = Struct(">qqqqIIIQ")
"""first, last, started_at, ended_at, then the lengths of user, means, run and payload.

A length of ``ABSENT`` stands for None."""

ABSENT = 0xFFFFFFFF


def pack(plain: bytes, level: int = LEVEL) -> bytes:
    """Compress."""
    return zstandard.ZstdCompressor(level=level).compress(plain)


def unpack(stored: bytes, plain_bytes: int) -> bytes:
    """Decompress what must come to exactly ``plain_bytes``."""
    try:
        claimed = zstandard.frame_content_size(stored)
        if claimed != plain_bytes or not 0 <= claimed <= LARGEST:
            raise Unreadable(f"claims {claimed} bytes, expected {plain_bytes}")
        plain = zstandard.ZstdDecompressor().decompress(stored)
    except (zstandard.ZstdError, MemoryError) as error:
        raise Unreadable(f"does not decompress: {error}") from error
    if len(plain) != plain_bytes:
        raise Unreadable(f"holds {len(plain)} bytes, expected {plain_bytes}")
    return plain


def frame_runs(runs: Sequence[HistoryRun]) -> bytes:
    """Runs one after another, each behind its numbers and lengths."""
    return b"".join([_frame(run) for run in runs])


def _frame(run: HistoryRun) -> bytes:
    user, means, name = (_text(text) for text in (run.by.user, run.by.means.value, run.by.run))
    lengths = [ABSENT if text is None else len(text) for text in (user, means, name)]
    numbers = (run.first, run.last, run.started_at, run.ended_at)
    head = _RUN.pack(*numbers, *lengths, len(run.payload))
    return head + (user or b"") + (means or b"") + (name or b"") + run.payload


def _text(text: str | None) -> bytes | None:
    return None if text is None else text.encode()


def unframe_runs(plain: bytes) -> tuple[HistoryRun, ...]:
    """Read back what :func:`frame_runs` wrote."""
    reader = _Reader(plain)
    runs: list[HistoryRun] = []
    while not reader.at_end:
        try:
            runs.append(_unframe(reader))
        except (StructError, ValueError) as error:
            raise Unreadable(f"run {len(runs)} does not decode: {error}") from error
    return tuple(runs)


class _Reader:
    """A position in bytes. ``take`` never answers short."""

    __slots__ = ("_at", "_bytes")

    def __init__(self, plain: bytes) -> None:
        self._bytes = plain
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._bytes)

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._bytes):
            raise ValueError(f"{size} bytes wanted, {len(self._bytes) - self._at} left")
        taken, self._at = self._bytes[self._at : end], end
        return taken

    def text(self, size: int) -> str | None:
        return None if size == ABSENT else self.take(size).decode()


def _unframe(reader: _Reader) -> HistoryRun:
    numbers = _RUN.unpack(reader.take(_RUN.size))
    first, last, started_at, ended_at, user_size, means_size, run_size, size = numbers
    user, means, run = (reader.text(length) for length in (user_size, means_size, run_size))
    by = Attribution(
        None if user is None else UserId(user),
        Means(means or ""),
        None if run is None else RunId(run),
    )
    return HistoryRun(
        Seq(first), Seq(last), by, Millis(started_at), Millis(ended_at), reader.take(size)
    )
