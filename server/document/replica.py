"""One live Yjs document: the only place that holds a ``pycrdt.Doc``.

Lives here: applying updates, saying what they changed and what they left waiting, and
encoding the document for others. Not here: who may write (``server.protocol.roles``),
what is too deep (``nesting``), when an update is durable (the room, L1), what the content
means (``schema``).

Laws. L3: ``Applied`` tells whether a row must be logged. L4: what is parked is kept
beside the document. L7: an update that pycrdt declines, whichever way, is ``Malformed``,
and the document is as it was, although pycrdt may leave half an update behind.

Two things are kept beside the ``Doc``. What waits for predecessors (``parked``): pycrdt is
given only what goes in at once (``fitting``), because what it parks it may lose, and makes of
it what no log tells (L3). And an encoded base with the updates since (``live``), from which the
document is rebuilt after a failure: an update may wait, well-formed, for its predecessor, and prove
impossible only when that comes (a child of something that is not a shared type). pycrdt
then fails the *predecessor*, which somebody else typed, and fails it for ever; here the
culprit is dropped, and each process that replays the same rows drops the same.

Long because integrating, parking and recovering share one state: the document, what
waits and the clocks must change together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Self, TypeVar

import pycrdt

from server.document.fitting import Taken, fit
from server.document.live import Document, Live
from server.document.moment import Moment
from server.document.parked import Parked
from server.document.pieces import Ranges, held, joined, ranges, split
from server.document.portions import Known, Portions
from server.document.updates import guarded, is_panic, merge, reason, subtract
from server.protocol.errors import DocumentDamaged, Invalid, Malformed, PeerError
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, missing
from server.protocol.structs import Ref
from server.protocol.update import (
    UpdateShape,
    read_snapshot,
    read_state_vector,
    write_state_vector,
)

__all__ = ["Applied", "Document", "Replica", "merge"]

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
    """Why an update cannot be integrated."""

    reason: str


_WALKED_PER_CLIENT: Final = 16
"""Bytes of an event that are walked in the time that one clock of the document takes."""

_REDUNDANT: Final = Applied(None, False)


class Replica:
    """A live document. Sync, of one thread; call ``close`` when done, or it is never freed."""

    __slots__ = ("_clocks", "_deletes", "_live", "_parked")

    def __init__(self) -> None:
        self._live = Live()
        self._parked = Parked()
        self._clocks: dict[ClientId, int] = {}
        self._deletes: tuple[ClockRange, ...] | None = None

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
        try:
            outcome = self._integrate(update, ranges(update))
            return outcome if isinstance(outcome, Applied) else self._salvage(update)
        except PeerError as error:
            raise DocumentDamaged(f"a logged update does not decode: {error.message}") from error

    def apply(self, update: bytes, shape: UpdateShape | None = None) -> Applied:
        """Integrate an update; ``shape`` is what ``inspect`` found in it, if that is known.

        Raises a ``PeerError``, and then nothing has changed.
        """
        outcome = None if shape is None else self._extend(update, shape)
        if outcome is None:
            outcome = self._integrate(update, ranges(update) if shape is None else shape)
        if isinstance(outcome, _Refused):
            raise Malformed(f"expected an update that applies: {outcome.reason}")
        return outcome

    def redundant(self, shape: UpdateShape) -> bool:
        """Whether the document holds all structs and deletions of an update (L8).

        What merely waits for its predecessors does not count as held.
        """
        clocks = self._clocks
        for client, _, end in shape.structs:
            if clocks.get(client, 0) < end:
                return False
        return not shape.deletes or not missing(shape.deletes, self._deleted())

    def continues(self, shape: UpdateShape) -> bool:
        """Whether an update with this shape follows exactly on what is there: none of it is
        known, and none of it waits for clocks of its own clients."""
        return _fits(shape, self._clocks)

    def gaps(self, shape: UpdateShape) -> int:
        """How many runs of an update with this shape would have to wait, and count as
        ``waiting``: those that do not continue the clocks of their own client."""
        clocks = self._clocks
        return sum(start > clocks.get(client, 0) for client, start, _ in shape.structs)

    @property
    def waiting(self) -> int:
        """How many pieces of updates wait for predecessors."""
        return len(self._parked)

    @property
    def client_id(self) -> ClientId:
        """The id under which ``edit`` writes, for now."""
        return self._live.client_id

    def state_vector(self) -> bytes:
        """What the document holds, for a step 1."""
        return self._ask(lambda: self._live.doc.get_state())

    def diff(self, state_vector: bytes) -> bytes:
        """What the holder of ``state_vector`` lacks. Raises a ``PeerError`` for a bad one."""
        read_state_vector(state_vector)
        return guarded(lambda: self._live.doc.get_update(state_vector))

    def full(self) -> bytes:
        """All that is integrated, as one update; what is parked is not in it."""
        return self._ask(lambda: self._live.doc.get_update())

    def parked(self) -> bytes | None:
        """What waits for predecessors, merged into one update; None if nothing does."""
        return self._parked.merged()

    def everything(self) -> bytes:
        """All that the document says, with what waits: what is to be kept of it (L4)."""
        parked = self.parked()
        return self.full() if parked is None else merge([self.full(), parked])

    def missing_since(self, starts: Mapping[ClientId, int]) -> bytes:
        """The difference for a peer who has missed updates that start at these clocks."""
        state = dict(self._clocks)
        for client, clock in starts.items():
            if clock < state.get(client, 0):
                state[client] = clock
        return self._ask(lambda: self._live.doc.get_update(write_state_vector(state)))

    def portion(self, portions: Portions, known: Known) -> bytes | None:
        """The next portion of what a peer lacks; None once one difference is small enough."""
        return portions.next(self._live.record(), known)

    def weigh(self, state: Mapping[ClientId, int]) -> int:
        """About how many bytes the difference for a peer at these clocks takes.

        In proportion to the clocks, for the difference itself would have to be encoded.
        """
        _, base, events = self._live.record()
        clocks = self._clocks
        lacking = sum(max(0, clock - state.get(client, 0)) for client, clock in clocks.items())
        weight = len(base) + sum(map(len, events))
        return weight * lacking // max(1, sum(clocks.values()))

    def moment(self) -> Moment:
        """What the document holds and what waits: equal for documents that mean the same."""
        clocks = {client: clock for client, clock in self._clocks.items() if clock}
        return Moment(clocks, missing(self._deleted(), ()), *self._parked.ranges(clocks))

    def read(self, question: Callable[[Document], _T]) -> _T:
        """The answer to a question about the content, in one transaction.

        The document itself must not leave the question, and must not be written to: that
        would be an edit which nobody logs or hears of. Nor may a question call the replica,
        or take a ``pycrdt.Snapshot``: that waits for ever for the transaction to end.
        """
        doc = self._live.doc
        self._live.listen()
        with doc.transaction():
            answer = question(doc)
        if self._live.events:
            raise RuntimeError("a question wrote to the document")
        return answer

    def edit(
        self, change: Callable[[Document], _T], admit: Callable[[bytes], None]
    ) -> tuple[_T, bytes | None]:
        """Change the content in one transaction: what ``change`` answers, and the event.

        ``admit`` may refuse the event. Whatever either of them raises, the document is then
        as it was before; a panic of pycrdt is raised as ``Invalid``. The document must
        not leave the change, and the change may not call the replica.
        """
        self._live.prepare()
        try:
            answer = self._live.edit(change)
            for event in self._live.events:
                admit(event)
        except BaseException as error:
            # A change that was refused before it wrote has cost nothing.
            if self._live.events or not isinstance(error, PeerError):
                self._restore()
            if is_panic(error):
                raise Invalid(f"this edit cannot be made in this document: {error}") from None
            raise
        events = self._noted()
        return answer, events[0] if events else None

    def close(self) -> None:
        """Let go of the document. Idempotent; nothing else may be called after."""
        if hasattr(self, "_live"):
            self._live.close()
            del self._live

    # --- integrating -----------------------------------------------------------

    def _extend(self, update: bytes, shape: UpdateShape) -> Applied | _Refused | None:
        """Typing that follows on what is there, which is most of what happens; else None."""
        if shape.rests_on is None or self._parked or len(shape.structs) != 1:
            return None
        client, start, end = shape.structs[0]
        if start != self._clocks.get(client, 0) or not self._holds(shape.rests_on, client):
            return None
        self._live.prepare()
        try:
            if not self._live.extend(update):
                return None
        except BaseException as error:
            why = reason(error)
            self._restore()
            return _Refused(why)
        self._clocks[client] = end
        self._deletes = None
        return Applied(update, False)

    def _holds(self, refs: Iterable[Ref], own: ClientId) -> bool:
        """Whether nothing has to wait for these items; a client's own come before what it
        places by them."""
        clocks = self._clocks
        for client, clock in refs:
            if client != own and clock >= clocks.get(ClientId(client), 0):
                return False
        return True

    def _integrate(self, update: bytes, shape: UpdateShape | Ranges) -> Applied | _Refused:
        if self._parked or not _fits(shape, self._clocks):
            return self._integrate_pieces(update)
        live = self._live
        live.prepare()
        try:
            live.apply(update)
        except BaseException as error:
            why = reason(error)
            self._restore()
            return _Refused(why)
        if live.events and _says_all(live.events[0], update, shape):
            event = live.take()
            self._deletes = None
            for client, _, end in shape.structs:
                self._clocks[client] = end
            return Applied(event, False)
        if self._leads_to({client: end for client, _, end in shape.structs}):
            return _outcome(self._noted(), False)
        # Others' clocks are missing, and pycrdt has kept a part for itself: it must forget that.
        self._restore()
        return self._integrate_pieces(update)

    def _integrate_pieces(self, update: bytes) -> Applied | _Refused:
        """An update of which not all is new and can go in, or that comes while others wait."""
        self._live.prepare()
        pieces, deletes = split(update)
        numbered = dict(enumerate(pieces))
        found = fit(numbered, numbered, {}, self._clocks)
        rests = self._parked.news([rest for rest in found.rests.values() if rest is not None])
        ends = {run.client: found.ends.get(run.client, self._clocks.get(run.client, 0))
                for run in deletes}  # fmt: skip
        later = missing(deletes, held(ends))
        taken = [taken.piece for taken in found.taken]
        if taken == pieces and not later:
            why = self._attempt(update, found.ends)
        else:
            why = self._attempt(joined(taken, missing(deletes, later)), found.ends)
        if why is not None:
            return _Refused(why)
        before, events = self._parked.kept(), self._noted()
        stuck = [rest for rest in rests if rest.start <= self._clocks.get(rest.client, 0)]
        gapped = [[rest] for rest in rests if rest.start > self._clocks.get(rest.client, 0)]
        self._parked.add([stuck, *gapped], later)
        events += self._retry()
        return _outcome(events, self._parked.adds_to(before))

    def _retry(self) -> list[bytes]:
        """Give the document what may be possible now; what proves impossible is dropped."""
        events: list[bytes] = []
        while True:
            found = self._parked.fit(self._clocks)
            culprit = self._try(found.taken, events)
            if culprit is not None:
                self._parked.drop(culprit)
                continue
            self._parked.settle(found)
            deletes = self._parked.come(self._clocks)
            if deletes is not None and self._attempt(deletes, {}) is None:
                events += self._noted()
            elif not found.taken:
                return events

    def _try(self, taken: Sequence[Taken], events: list[bytes]) -> int | None:
        """Integrate what fits: at once, or up to what cannot be integrated; its number."""
        done, size = 0, len(taken)
        while done < len(taken):
            portion = taken[done : done + size]
            ends = {piece.client: piece.end for _, piece in portion}
            if self._attempt(joined(piece for _, piece in portion), ends) is None:
                events += self._noted()
                done, size = done + size, 2 * size
            elif size == 1:
                return portion[0].number
            else:
                size = 1
        return None

    def _attempt(self, update: bytes, ends: Mapping[ClientId, int]) -> str | None:
        """Integrate an update that leads to these clocks. If that cannot be, it leaves no
        trace; the answer is why."""
        try:
            self._live.apply(update)
            why = None if self._leads_to(ends) else "pycrdt did not take all of it"
        except BaseException as error:
            why = reason(error)
        if why is not None:
            self._restore()
        return why

    def _salvage(self, update: bytes) -> Applied:
        """What can be integrated of a logged update, piece by piece."""
        before = self._parked.kept()
        pieces, deletes = split(update)
        self._parked.add([[piece] for piece in self._parked.news(pieces)], deletes)
        return _outcome(self._retry(), self._parked.adds_to(before))

    # --- bookkeeping -------------------------------------------------------------

    def _leads_to(self, ends: Mapping[ClientId, int]) -> bool:
        """Whether the last transaction has led to these clocks: pycrdt has parked nothing."""
        if not ends:
            return True
        events = self._live.events
        new = self._clocks_after(events[0]) if events else {}
        return all(new.get(client) == end for client, end in ends.items())

    def _clocks_after(self, event: bytes) -> Mapping[ClientId, int]:
        """Of each client in an event, and perhaps of others, the clock after it."""
        if len(event) < _WALKED_PER_CLIENT * len(self._clocks):
            # An event is all that is new: walking it is cheaper than asking for all clocks.
            return {client: end for client, _, end in ranges(event).structs}
        return read_state_vector(self._live.doc.get_state())

    def _noted(self) -> list[bytes]:
        """The event of the last transaction, if there was one."""
        event = self._live.take()
        if event is None:
            return []
        self._deletes = None
        for client, clock in self._clocks_after(event).items():
            if clock != self._clocks.get(client):
                self._clocks[client] = clock
                self._parked.reached(client, clock)
        return [event]

    def _restore(self) -> None:
        self._live.restore()
        self._deletes = None
        self._clocks = read_state_vector(self._live.doc.get_state())

    def _load_checkpoint(self, checkpoint: bytes) -> None:
        live = self._live
        live.close()
        live.open(checkpoint)
        try:
            # Asked of pycrdt, because walking a large checkpoint would take as long as the join.
            self._clocks = read_state_vector(live.doc.get_state())
            rest = subtract(checkpoint, live.doc.get_state())
            if rest[0] == 0 and not missing(ranges(rest).deletes, held(self._clocks)):
                return
            live.close()
            live.open()
            self._clocks = {}
            self._salvage(checkpoint)
        except PeerError as error:
            raise DocumentDamaged(f"the checkpoint does not decode: {error.message}") from error

    def _deleted(self) -> tuple[ClockRange, ...]:
        deletes = self._deletes
        if deletes is None:
            snapshot = self._ask(lambda: pycrdt.Snapshot.from_doc(self._live.doc).encode())
            self._deletes = deletes = read_snapshot(snapshot).deletes
        return deletes

    @staticmethod
    def _ask(question: Callable[[], bytes]) -> bytes:
        """What pycrdt says of our own document; if it cannot, that is our own fault."""
        try:
            return question()
        except BaseException as error:
            raise DocumentDamaged(f"the document does not encode: {reason(error)}") from None


def _fits(shape: UpdateShape | Ranges, clocks: Mapping[ClientId, int]) -> bool:
    """Whether an update continues exactly what is there, and deletes nothing else."""
    ends: dict[ClientId, int] = {}
    for client, start, end in shape.structs:
        if client in ends or start != clocks.get(client, 0):
            return False
        ends[client] = end
    return not any(
        end > clocks.get(client, 0) and end > ends.get(client, 0)
        for client, _, end in shape.deletes
    )


def _says_all(event: bytes, update: bytes, shape: UpdateShape | Ranges) -> bool:
    """Whether all of an update that fits went in: the common case.

    Typing that was merged comes out as fewer structs, but of the same clocks.
    """
    if event == update:
        return True
    if shape.deletes or len(shape.structs) != 1:
        return False
    return ranges(event) == (shape.structs, ())


def _outcome(events: list[bytes], parked: bool) -> Applied:
    if not events and not parked:
        return _REDUNDANT
    return Applied(merge(events) if events else None, parked)
