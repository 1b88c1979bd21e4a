"""One live Yjs document: the only place that holds a ``pycrdt.Doc``.

Lives here: applying updates, saying what they changed, what they left waiting, and
encoding the document for others. Not here: who may write (``server.protocol.roles``),
when an update is durable (the room, L1), what the content means (``schema``).

Laws. L3: ``Applied`` tells whether a row must be logged. L4: pycrdt's own encoding
omits what is parked, so it is kept beside the document. L7: pycrdt refuses input in
three unrelated ways (``ValueError``, ``RuntimeError``, and ``PanicException``, which is
not an ``Exception``); the last two may leave half an update behind. Here that becomes
``Malformed``, and the document is as it was.

Why the document can be rebuilt: an update may wait, well-formed, until its predecessor
comes, and only then prove impossible (a child of something that is not a shared type).
pycrdt then fails the *predecessor*, which somebody else typed. So the state before
the failure is restored from an encoded base and what was integrated since, and the
culprit among the waiting updates is dropped instead of the innocent newcomer.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import pycrdt

from server.document.interim import (
    UpdateShape,
    inspect,
    read_snapshot,
    read_state_vector,
    write_state_vector,
)
from server.document.ranges import Spans, beyond, covers, union
from server.protocol.errors import DocumentDamaged, Malformed
from server.protocol.ids import ClientId

EMPTY_UPDATE: Final = b"\x00\x00"

_JOURNAL_FLOOR: Final = 16_384
"""Bytes of updates kept, at least, before the base of a rebuild is taken anew: at 20 us
for a small document, that is a tenth of a microsecond for each keystroke."""

_ROW_COST: Final = 64
"""What a kept update weighs in memory beyond its length."""

_MOST_PARKED: Final = 64
"""Waiting updates held apart from each other; more are merged, so that a flood of them
costs its sender's rate limit and not our time."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What an update did. ``event`` is all that changed, None for nothing; ``parked``
    says that it left something waiting that was not waiting before. If neither, the
    update was redundant and needs no row in the log (L3)."""

    event: bytes | None
    parked: bool


_REDUNDANT: Final = Applied(None, False)


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why an update was refused; ``possible`` is what of it could have gone in, None
    when it does not even decode."""

    reason: str
    possible: bytes | None


def merge(updates: Sequence[bytes]) -> bytes:
    """One update that says what all of these say; a single one as it is."""
    if len(updates) == 1:
        return updates[0]
    if not updates:
        return EMPTY_UPDATE
    return guarded(lambda: pycrdt.merge_updates(*updates))


def is_refusal(error: BaseException) -> bool:
    """Whether this is pycrdt declining its input. The class of a Rust panic cannot be imported."""
    return isinstance(error, ValueError | RuntimeError) or type(error).__name__ == "PanicException"


def guarded(call: Callable[[], bytes]) -> bytes:
    """The answer of pycrdt, with any refusal as ``Malformed``."""
    try:
        return call()
    except BaseException as error:
        if not is_refusal(error):
            raise
        raise Malformed(f"expected bytes that Yjs can read: {error}") from None


class Replica:
    """A live document. Sync, single-threaded; call ``close`` when done, or it is never freed."""

    __slots__ = ("_base", "_box", "_budget", "_doc", "_journal", "_parked", "_snapshot", "_watch")

    def __init__(self) -> None:
        self._base = EMPTY_UPDATE
        self._journal: list[bytes] = []
        self._budget = 0
        self._parked: list[bytes] = []
        self._snapshot: Spans | None = None
        self._open()

    @classmethod
    def load(cls, updates: Iterable[bytes], *, checkpoint: bytes | None = None) -> Self:
        """The document that these rows make, in order. Raises ``DocumentDamaged``."""
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

    def _load_checkpoint(self, checkpoint: bytes) -> None:
        try:
            self.apply(checkpoint)
        except Malformed as error:
            raise DocumentDamaged(f"the checkpoint does not apply: {error.message}") from error

    def replay(self, update: bytes) -> Applied:
        """Apply an update that is in the log already, and so cannot be refused.

        Rows of another process may arrive in an order in which an impossible part shows at
        once instead of waiting; what can be integrated of such a row is kept, as it was where
        it was first accepted. Raises ``DocumentDamaged`` only when the bytes do not decode.
        """
        outcome = self._integrate(update)
        if isinstance(outcome, Applied):
            return outcome
        if outcome.possible is None:
            raise DocumentDamaged(f"a logged update does not decode: {outcome.reason}")
        return self.apply(outcome.possible)

    def apply(self, update: bytes) -> Applied:
        """Integrate an update. Raises ``Malformed``, and then nothing has changed."""
        outcome = self._integrate(update)
        if isinstance(outcome, _Refused):
            raise Malformed(f"expected an update that applies: {outcome.reason}")
        return outcome

    def _integrate(self, update: bytes) -> "Applied | _Refused":
        box = self._box
        if self._budget <= 0:
            self._rebase()
        try:
            self._doc.apply_update(update)
        except BaseException as error:
            return self._recover(update, error)
        if not box:
            parked = self._park(update)
            return Applied(None, True) if parked else _REDUNDANT
        event = box.pop()
        self._note(event)
        # Equal bytes: all of it went in and nothing that waited did. The common case.
        if event == update:
            return Applied(event, False)
        self._unpark()
        return Applied(event, self._park(update))

    def redundant(self, shape: UpdateShape) -> bool:
        """Whether the document holds all structs and deletions of an update (L8).

        What merely waits for predecessors does not count as held.
        """
        clocks = self._clocks()
        if any(clocks.get(client, 0) < end for client, _, end in shape.structs):
            return False
        return not shape.deletes or covers(self._deleted(), union(shape.deletes))

    def state_vector(self) -> bytes:
        """What the document holds, for a step 1."""
        return self._doc.get_state()

    def diff(self, state_vector: bytes) -> bytes:
        """What a holder of ``state_vector`` lacks. Raises ``Malformed``."""
        return guarded(lambda: self._doc.get_update(state_vector))

    def full(self) -> bytes:
        """All that is integrated, as one update; what is parked is not in it."""
        return self._doc.get_update()

    def parked(self) -> bytes | None:
        """What waits for predecessors, merged into one update."""
        self._unpark()
        return merge(self._parked) if self._parked else None

    def missing_since(self, starts: Mapping[ClientId, int]) -> bytes:
        """The difference for a peer who missed updates that start at these clocks."""
        clocks = self._clocks()
        for client, clock in starts.items():
            if clock < clocks.get(client, 0):
                clocks[client] = clock
        return self._doc.get_update(write_state_vector(clocks))

    def close(self) -> None:
        """Let go of the document. Idempotent; nothing else may be called after."""
        if hasattr(self, "_doc"):
            self._doc.unobserve(self._watch)
            del self._doc, self._watch
            self._journal.clear()
            self._parked.clear()

    # --- bookkeeping ---------------------------------------------------------

    def _open(self) -> None:
        # The callback holds the list and not the replica: no cycle runs through Rust,
        # where the garbage collector cannot see it, once the subscription is dropped.
        box: list[bytes] = []
        self._box = box
        self._doc: pycrdt.Doc[Any] = pycrdt.Doc()
        self._watch = self._doc.observe(lambda event: box.append(event.update))

    def _note(self, event: bytes) -> None:
        self._snapshot = None
        self._journal.append(event)
        self._budget -= len(event) + _ROW_COST

    def _rebase(self) -> None:
        self._base = self._doc.get_update()
        self._journal.clear()
        self._budget = max(_JOURNAL_FLOOR, len(self._base) // 2)

    def _clocks(self) -> dict[int, int]:
        return dict(read_state_vector(self._doc.get_state()))

    def _deleted(self) -> Spans:
        if self._snapshot is None:
            encoded = pycrdt.Snapshot.from_doc(self._doc).encode()
            self._snapshot = union(read_snapshot(encoded).deletes)
        return self._snapshot

    # --- what waits ----------------------------------------------------------

    def _waiting(self, update: bytes) -> tuple[bytes, Spans, Spans]:
        """The part of an update that the document lacks: bytes, structs, deletions."""
        state = self._doc.get_state()
        rest = guarded(lambda: pycrdt.get_update(update, state))
        shape = inspect(rest)
        clocks = dict(read_state_vector(state))
        return rest, beyond(union(shape.structs), clocks), beyond(union(shape.deletes), clocks)

    def _park(self, update: bytes) -> bool:
        """Keep what of ``update`` waits; whether any of it is new."""
        rest, structs, deletes = self._waiting(update)
        if not structs and not deletes:
            return False
        if self._parked:
            _, held_structs, held_deletes = self._waiting(merge(self._parked))
            if covers(held_structs, structs) and covers(held_deletes, deletes):
                return False
        if len(self._parked) == _MOST_PARKED:
            self._parked = [merge(self._parked)]
        self._parked.append(rest)
        return True

    def _unpark(self) -> None:
        """Forget what no longer waits."""
        if self._parked:
            self._parked = [part for part in self._parked if any(self._waiting(part)[1:])]

    # --- recovery --------------------------------------------------------------

    def _recover(self, update: bytes, error: BaseException) -> "Applied | _Refused":
        if not is_refusal(error):
            raise error
        # A ValueError comes from decoding, before anything was touched.
        if isinstance(error, ValueError) and not self._box:
            return _Refused(str(error), None)
        possible = merge(self._box)
        suspects = self._parked
        self._rebuild([])
        try:
            event = self._try(update)
        except Malformed:
            self._rebuild(suspects)
            return _Refused(str(error), possible)
        return self._readmit(suspects, update, event)

    def _readmit(self, suspects: list[bytes], update: bytes, event: bytes | None) -> Applied:
        """Give those that waited another try, each alone; drop the impossible ones."""
        events = [] if event is None else [event]
        parked = self._park(update)
        for part in suspects:
            try:
                event = self._try(part)
            except Malformed:
                self._rebuild(self._parked)
                continue
            if event is not None:
                events.append(event)
            self._park(part)
        self._unpark()
        return Applied(merge(events) if events else None, parked)

    def _try(self, update: bytes) -> bytes | None:
        try:
            self._doc.apply_update(update)
        except BaseException as error:
            if not is_refusal(error):
                raise
            raise Malformed(str(error)) from None
        if not self._box:
            return None
        event = self._box.pop()
        self._note(event)
        return event

    def _rebuild(self, parked: list[bytes]) -> None:
        """The document as it was after the last update that went well."""
        self._doc.unobserve(self._watch)
        self._open()
        for part in (self._base, *self._journal, *parked):
            try:
                self._doc.apply_update(part)
            except BaseException as error:
                if not is_refusal(error):
                    raise
                raise DocumentDamaged(f"the live document cannot be rebuilt: {error}") from None
        self._box.clear()
        self._parked = list(parked)
        self._snapshot = None
