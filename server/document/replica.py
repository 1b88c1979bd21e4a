"""One live Yjs document: the only place that holds a ``pycrdt.Doc``.

Lives here: applying updates, saying what they changed and what they left waiting, and
encoding the document for others. Not here: who may write (``server.protocol.roles``),
what is too deep (``nesting``), when an update is durable (the room, L1), what the content
means (``schema``).

Laws. L3: ``Applied`` tells whether a row must be logged. L4: what is parked is kept
beside the document. L7: an update that pycrdt declines, whichever way, is ``Malformed``,
and the document is as it was, although pycrdt may leave half an update behind.

Why the document can be rebuilt: an update may wait, well-formed, for its predecessor, and
prove impossible only when that comes (a child of something that is not a shared type).
pycrdt then fails the *predecessor*, which somebody else typed, and fails it for ever. So
the state before is restored, from an encoded base and the events since, and the
culprit among the waiting updates is dropped instead of the innocent newcomer. Each process
that replays the same rows in the same order drops the same.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeVar

import pycrdt

from server.document.parked import Parked, by_client, waiting
from server.document.updates import guarded, merge, reason
from server.document.watched import Watched
from server.protocol.errors import DocumentDamaged, Malformed, PeerError
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, missing
from server.protocol.update import (
    EMPTY_UPDATE,
    UpdateShape,
    read_snapshot,
    read_state_vector,
    write_state_vector,
)

__all__ = ["Applied", "Replica", "merge"]

_JOURNAL_FLOOR: Final = 16_384
"""Bytes of events kept, at least, before the base of a rebuild is encoded anew: for a small
document that takes 20 us, a tenth of a microsecond for each keystroke."""

_EVENT_COST: Final = 64
"""What a kept event weighs in memory beyond its length."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Applied:
    """What an update did. ``event`` is all that changed, None for nothing; ``parked``
    says that it left something waiting that was not waiting before. If neither, the
    update was redundant and needs no row in the log (L3)."""

    event: bytes | None
    parked: bool


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why an update was refused; ``possible`` is what of it went in before that showed."""

    reason: str
    decodes: bool
    possible: bytes = EMPTY_UPDATE


_REDUNDANT: Final = Applied(None, False)


class Replica:
    """A live document. Sync, of one thread; call ``close`` when done, or it is never freed."""

    __slots__ = ("_base", "_budget", "_deletes", "_doc", "_journal", "_live", "_parked")

    def __init__(self) -> None:
        self._base = EMPTY_UPDATE
        self._journal: list[bytes] = []
        self._budget = 0
        self._parked = Parked()
        self._deletes: tuple[ClockRange, ...] | None = None
        self._open(())

    @classmethod
    def load(cls, updates: Iterable[bytes], *, checkpoint: bytes | None = None) -> Self:
        """The document that a checkpoint and rows make, in order. Raises ``DocumentDamaged``."""
        replica = cls()
        try:
            if checkpoint is not None:
                replica._load_checkpoint(checkpoint)
            for update in updates:
                replica.replay(update)
        except BaseException:
            replica.close()
            raise
        return replica

    def replay(self, update: bytes) -> Applied:
        """Apply an update that is in the log already, and so cannot be refused.

        Rows of another process may come in an order in which an impossible part shows at once
        instead of waiting: what can be integrated of such a row is kept. Raises
        ``DocumentDamaged`` when the bytes do not decode.
        """
        outcome = self._integrate(update)
        if isinstance(outcome, Applied):
            return outcome
        if not outcome.decodes:
            raise DocumentDamaged(f"a logged update does not decode: {outcome.reason}")
        return self._salvage(update)

    def apply(self, update: bytes) -> Applied:
        """Integrate an update that has passed ``server.protocol.update.inspect``.

        Raises ``Malformed``, and then nothing has changed.
        """
        outcome = self._integrate(update)
        if isinstance(outcome, _Refused):
            raise Malformed(f"expected an update that applies: {outcome.reason}")
        return outcome

    def redundant(self, shape: UpdateShape) -> bool:
        """Whether the document holds all structs and deletions of an update (L8).

        What merely waits for its predecessors does not count as held.
        """
        state = read_state_vector(self._doc.get_state())
        if any(state.get(client, 0) < end for client, _, end in shape.structs):
            return False
        return not shape.deletes or not missing(shape.deletes, self._deleted())

    def state_vector(self) -> bytes:
        """What the document holds, for a step 1."""
        return self._doc.get_state()

    def diff(self, state_vector: bytes) -> bytes:
        """What the holder of ``state_vector`` lacks. Raises ``Malformed``."""
        return guarded(lambda: self._doc.get_update(state_vector))

    def full(self) -> bytes:
        """All that is integrated, as one update; what is parked is not in it."""
        return self._doc.get_update()

    def parked(self) -> bytes | None:
        """What waits for predecessors, merged into one update; None if nothing does."""
        self._parked.settle(self._doc.get_state())
        return merge(self._parked.payloads()) if self._parked else None

    def missing_since(self, starts: Mapping[ClientId, int]) -> bytes:
        """The difference for a peer who has missed updates that start at these clocks."""
        state = read_state_vector(self._doc.get_state())
        for client, clock in starts.items():
            if clock < state.get(client, 0):
                state[client] = clock
        return self._doc.get_update(write_state_vector(state))

    def get_state(self) -> bytes:
        """The state vector, under the name that ``nesting.Source`` asks for."""
        return self.state_vector()

    def get_update(self, state: bytes | None = None, /) -> bytes:
        """A difference, under the name that ``nesting.Source`` asks for."""
        return self.full() if state is None else self.diff(state)

    def read(self, question: Callable[["pycrdt.Doc[Any]"], _T]) -> _T:
        """The answer to a question about the content, in one transaction.

        The document itself must not leave the question, and must not be written to: that
        would be an edit which nobody logs or hears of.
        """
        with self._doc.transaction():
            answer = question(self._doc)
        if self._live.events:
            raise RuntimeError("a question wrote to the document")
        return answer

    def close(self) -> None:
        """Let go of the document. Idempotent; nothing else may be called after."""
        if hasattr(self, "_doc"):
            self._live.close()
            del self._doc, self._live
            self._base = EMPTY_UPDATE
            self._journal.clear()
            self._parked = Parked()

    # --- integrating -----------------------------------------------------------

    def _integrate(self, update: bytes) -> Applied | _Refused:
        if self._budget <= 0:
            self._rebase()
        events = self._live.events
        try:
            self._doc.apply_update(update)
        except BaseException as error:
            return self._recover(update, reason(error))
        # Equal bytes: all of it went in. With nothing that waits, the common case.
        if events and events[0] == update != EMPTY_UPDATE and not self._parked:
            self._note(events.pop())
            return Applied(update, False)
        return self._settle(update)

    def _settle(self, update: bytes) -> Applied | _Refused:
        """The uncommon cases: nothing went in, or only a part, or more than was sent."""
        self._deletes = None
        state = self._doc.get_state()
        try:
            part = waiting(update, state)
        except PeerError as error:
            self._restore(self._parked.payloads())
            return _Refused(error.message, decodes=False)
        events = self._noted()
        if events and self._parked:
            events += self._retry()
        parked = part is not None and self._parked.add(part, self._doc.get_state())
        if not events and not parked:
            return _REDUNDANT
        return Applied(merge(events) if events else None, parked)

    def _retry(self) -> list[bytes]:
        """The events of what waited and can go in now."""
        events: list[bytes] = []
        again = self._parked.settle(self._doc.get_state())
        while again:
            for payload in again:
                try:
                    self._doc.apply_update(payload)
                except BaseException as error:
                    reason(error)
                    self._parked.drop(payload)
                    self._restore(self._parked.payloads())
                events += self._noted()
            again = self._parked.settle(self._doc.get_state())
        return events

    def _noted(self) -> list[bytes]:
        """The event of the last transaction, if there was one, remembered for a rebuild."""
        event = self._live.take()
        if event is None:
            return []
        self._note(event)
        return [event]

    def _note(self, event: bytes) -> None:
        self._deletes = None
        self._journal.append(event)
        self._budget -= len(event) + _EVENT_COST

    def _rebase(self) -> None:
        self._base = self._doc.get_update()
        self._journal.clear()
        self._budget = max(_JOURNAL_FLOOR, len(self._base) // 2)

    def _deleted(self) -> tuple[ClockRange, ...]:
        deletes = self._deletes
        if deletes is None:
            deletes = read_snapshot(pycrdt.Snapshot.from_doc(self._doc).encode()).deletes
            self._deletes = deletes
        return deletes

    # --- opening and recovery ----------------------------------------------------

    def _open(self, updates: Iterable[bytes]) -> None:
        self._live = Watched(updates)
        self._doc = self._live.doc
        self._deletes = None

    def _restore(self, parked: Iterable[bytes]) -> None:
        """The document as it was after the last update that went well."""
        self._live.close()
        self._open((self._base, *self._journal, *parked))

    def _load_checkpoint(self, checkpoint: bytes) -> None:
        self._live.close()
        self._open((checkpoint,))
        try:
            part = waiting(checkpoint, self._doc.get_state())
        except PeerError as error:
            raise DocumentDamaged(f"the checkpoint does not decode: {error.message}") from error
        if part is not None:
            self._parked.add(part, self._doc.get_state())

    def _recover(self, update: bytes, why: str) -> Applied | _Refused:
        # What fails to decode fails before anything is touched, and waits for nothing.
        if not self._live.events and why.startswith("Cannot decode"):
            return _Refused(why, decodes=False)
        possible = self._live.take() or EMPTY_UPDATE
        suspects, self._parked = self._parked, Parked()
        self._restore(())
        first = self._attempt(update)
        if isinstance(first, _Refused):
            self._parked = suspects
            self._restore(suspects.payloads())
            return _Refused(why, decodes=True, possible=possible)
        rest = [self._attempt(payload) for payload in suspects.payloads()]
        return Applied(_merged([first, *rest]), first.parked)

    def _attempt(self, update: bytes) -> Applied | _Refused:
        """Integrate without suspecting anybody else; a refusal leaves no trace."""
        try:
            self._doc.apply_update(update)
        except BaseException as error:
            why = reason(error)
            self._restore(self._parked.payloads())
            return _Refused(why, decodes=True)
        return self._settle(update)

    def _salvage(self, update: bytes) -> Applied:
        """What can be integrated of a logged update, client by client."""
        parts = [self._integrate(part) for part in by_client(update)]
        parts += [self._integrate(part.possible) for part in parts if isinstance(part, _Refused)]
        parked = any(isinstance(part, Applied) and part.parked for part in parts)
        return Applied(_merged(parts), parked)


def _merged(outcomes: "list[Applied | _Refused]") -> bytes | None:
    """One event of all that went in."""
    events = [part.event for part in outcomes if isinstance(part, Applied)]
    changes = [event for event in events if event is not None]
    return merge(changes) if changes else None
