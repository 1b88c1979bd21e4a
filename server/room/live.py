"""A live document between two commits: what was applied, and the rows that it owes the log.

Single-threaded and synchronous; owned by one room's task. It applies updates, keeps
the rows and the combined event of the running turn, and knows how far into the log
it has read. Peers, sockets and commits are the room's business.

Laws kept here: L3 (a row only for what changed or parked something; raw bytes into
the log, the event's own update to the peers), L7 (depth across updates), and the
size limit of a document.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TypeVar

from server.document.nesting import Nesting
from server.document.portions import Known, Portions
from server.document.replica import Document, Replica
from server.document.updates import merge
from server.protocol.errors import PeerError, Resync, TooLarge
from server.protocol.ids import ClientId, Millis
from server.protocol.messages import SyncStep2, encode
from server.protocol.update import UpdateShape, inspect
from server.room.ports import Attribution, LoggedUpdate, NewUpdate, StoredDocument, Tail

_T = TypeVar("_T")

MAX_WAITING = 256
"""Parked updates at a time. Each costs every later edit some microseconds."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a turn did to the document: rows for the log, one update for the peers."""

    rows: tuple[NewUpdate, ...]
    event: bytes | None


class Written(Enum):
    """What an update did."""

    NOTHING = auto()
    CHANGED = auto()
    PARKED = auto()
    """Some of it waits for predecessors, whatever else it did."""


@dataclass(frozen=True, slots=True)
class _Owed:
    """A row that the log lacks; ``whole`` says that its event is the very same update."""

    new: NewUpdate
    whole: bool

    def joins(self, before: "_Owed") -> bool:
        by, other = self.new.by, before.new.by
        return self.whole and before.whole and by == other and by.attempt == other.attempt


class LiveDocument:
    """One document in memory, and the part of its log that it has seen."""

    def __init__(self, stored: StoredDocument, max_bytes: int) -> None:
        self.replica = Replica.load(_payloads(stored.tail), checkpoint=stored.checkpoint)
        self.seq = stored.head
        self._max_bytes = max_bytes
        self._bytes = stored.stored_bytes
        self._is_full = False
        self._rows: list[_Owed] = []
        self._events: list[bytes] = []
        self._answer: tuple[bytes, bytes] | None = None
        self._watch_nesting()

    @property
    def stored_bytes(self) -> int:
        """What it weighs in the log."""
        return self._bytes

    def write(self, update: bytes, shape: UpdateShape, by: Attribution, at: Millis) -> Written:
        """Apply an update from outside.

        Raises ``TooDeep``, ``TooLarge``, ``Malformed`` or ``Resync``, and has then changed
        nothing.
        """
        self._nesting.admit(update, shape)
        self._check_waiting(shape)
        self._check_size(len(update), shape)
        applied = self.replica.apply(update, shape)
        if applied.event is not None:
            self._note_event(applied.event)
        if applied.event is None and not applied.parked:
            return Written.NOTHING
        whole = applied.event == update and not applied.parked
        self._rows.append(_Owed(NewUpdate(update, by, at), whole))
        self._bytes += len(update)
        return Written.PARKED if applied.parked else Written.CHANGED

    def edit(
        self, change: Callable[[Document], _T], by: Attribution, at: Millis
    ) -> tuple[_T, Written]:
        """Make a change of our own: what ``change`` answers, and what it did.

        Raises what ``change`` raises, ``TooLarge``, ``TooDeep`` or ``Invalid``, and the
        document is then as it was.
        """
        try:
            answer, event = self.replica.edit(change, self._admit_own)
        except BaseException:
            # What the guard has read may have been undone.
            self._watch_nesting()
            raise
        if event is None:
            return answer, Written.NOTHING
        self._note_event(event)
        self._rows.append(_Owed(NewUpdate(event, by, at), True))
        self._bytes += len(event)
        return answer, Written.CHANGED

    def absorb(self, tail: Tail) -> None:
        """Apply what others have committed. Raises ``DocumentDamaged``."""
        first = [] if tail.checkpoint is None else [tail.checkpoint]
        for update in first + _payloads(tail.updates):
            applied = self.replica.replay(update)
            if applied.event is not None:
                self._note_event(applied.event)
                self._bytes += len(applied.event)
        self.seq = max(self.seq, tail.head)
        self._count_parked()

    def answer(self, state_vector: bytes) -> bytes:
        """The frame with everything a peer at ``state_vector`` lacks.

        The last one is kept until the next change: many join at once with nothing.
        """
        if self._answer is None or self._answer[0] != state_vector:
            frame = encode(SyncStep2(self.replica.diff(state_vector)))
            self._answer = (state_vector, frame)
        return self._answer[1]

    def weigh(self, state: Mapping[ClientId, int], most: int) -> int:
        """About how many bytes that answer takes; looked at closely if it could be ``most``."""
        return self._bytes if self._bytes <= most else self.replica.weigh(state)

    def portion(self, portions: Portions, known: Known) -> bytes | None:
        """The next of what a peer lacks; None once it is to be told the rest in one piece."""
        try:
            return self.replica.portion(portions, known)
        except PeerError:
            return None  # Bytes of our own that we cannot read: pycrdt can.

    def take(self) -> Change:
        """What has happened since the last call: rows of one author in a row are merged."""
        rows, events = _merge_neighbours(self._rows), self._events
        self._rows, self._events = [], []
        return Change(rows, merge(events) if events else None)

    def close(self) -> None:
        """Free the document."""
        self.replica.close()

    def _watch_nesting(self) -> None:
        self._nesting = Nesting(_Source(self.replica))
        self._count_parked()

    def _count_parked(self) -> None:
        """What waits in the log counts as well, although it was admitted long ago."""
        parked = self.replica.parked()
        if parked is not None:
            self._nesting.note(parked)

    def _note_event(self, event: bytes) -> None:
        self._answer = None
        self._is_full = False
        self._events.append(event)

    def _check_waiting(self, shape: UpdateShape) -> None:
        """A client whose edits come without their beginning brings it when it reconnects."""
        gaps = self.replica.gaps(shape)
        if gaps and self.replica.waiting + gaps > MAX_WAITING:
            raise Resync(
                f"at most {MAX_WAITING} edits may wait for others that did not come: connect again"
            )

    def _check_size(self, size: int, shape: UpdateShape) -> None:
        """Deletions always pass: they are the way back under the limit."""
        if self._bytes + size <= self._max_bytes or not shape.structs:
            return
        if not self._is_full:  # The log's bytes are an upper bound: look at what is left of them.
            self._bytes = self._weight()
            self._is_full = self._bytes + size > self._max_bytes
        if self._is_full and not self.replica.redundant(shape):
            raise self._too_large(size)

    def _admit_own(self, event: bytes) -> None:
        """The limits, for an edit that the document holds already."""
        shape = inspect(event)
        self._nesting.admit_own(event, shape)
        if self._bytes + len(event) <= self._max_bytes or not shape.structs:
            return
        self._bytes = self._weight() - len(event)
        if self._bytes + len(event) > self._max_bytes:
            raise self._too_large(len(event))

    def _weight(self) -> int:
        return len(self.replica.full()) + len(self.replica.parked() or b"")

    def _too_large(self, size: int) -> TooLarge:
        return TooLarge(
            f"the document holds {self._bytes} bytes and may hold {self._max_bytes}; "
            f"an update of {size} bytes does not fit: delete something first"
        )


@dataclass(frozen=True, slots=True)
class _Source:
    """The replica as the nesting guard asks for it."""

    replica: Replica

    def get_state(self) -> bytes:
        return self.replica.state_vector()

    def get_update(self, state: bytes | None = None, /) -> bytes:
        return self.replica.full() if state is None else self.replica.diff(state)


def _payloads(rows: Sequence[LoggedUpdate]) -> list[bytes]:
    return [row.payload for row in rows]


def _merge_neighbours(rows: Sequence[_Owed]) -> tuple[NewUpdate, ...]:
    """Consecutive updates of one author become one row (L3).

    Only those of which every byte has just been integrated: where two updates say different
    things of the same clocks, the merge may keep what the document has not.
    """
    groups: list[list[_Owed]] = []
    for row in rows:
        if groups and row.joins(groups[-1][-1]):
            groups[-1].append(row)
        else:
            groups.append([row])
    return tuple(_as_one([row.new for row in group]) for group in groups)


def _as_one(group: Sequence[NewUpdate]) -> NewUpdate:
    if len(group) == 1:
        return group[0]
    return NewUpdate(merge([row.payload for row in group]), group[0].by, group[-1].at)
