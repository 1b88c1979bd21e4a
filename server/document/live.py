"""A ``pycrdt.Doc`` that tells what changes, and that can be put back to before a failure.

Lives here: the events it fires, and what it takes to build it again: an encoded base and
what was applied since. Not here: what an update is, and what waits (``replica``).

What is built again must be what a replay of the log gives (L3), and that depends on more
than what the edits say, where hostile ones contradict each other: on their order, and on how
pycrdt has joined what it holds. So the very updates are applied again, and the document's own
encoding becomes the base only if it makes the same document.

Updates reach the Doc only through ``apply``, which breaks a surrogate pair before pycrdt is
asked to part it (``surrogates``), and ``extend``, which leaves pairs to that; our own changes only
through ``edit``, which part none.

A Doc observed through pycrdt is held by its own subscription, in a cycle through Rust that
the garbage collector cannot see: ``close`` must be called.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias, TypeVar

import pycrdt

from server.document.portions import Record
from server.document.surrogates import broken, cuts, may_hold_pairs, pairs
from server.document.updates import reason
from server.protocol.errors import DocumentDamaged
from server.protocol.ids import ClientId
from server.protocol.structs import Ref
from server.protocol.update import EMPTY_UPDATE

Document: TypeAlias = "pycrdt.Doc[Any]"
"""What questions and changes are given. Whoever is above this floor only hands it on."""

_T = TypeVar("_T")

_JOURNAL_FLOOR: Final = 32_768
"""Bytes of updates kept, at least, before the base is encoded anew: for a small document
that takes 50 us, a quarter of a microsecond for each keystroke."""

_UPDATE_COST: Final = 64
"""What a kept update weighs in memory beyond its length."""

_Past = tuple[bytes, list[bytes], set[Ref]]
"""An encoded base, the updates since, and the pairs that these hold."""


class Live:
    """A document and its recent past."""

    __slots__ = ("_applied", "_base", "_budget", "_edition", "_journal", "_pairs", "_unbroken",
                 "_watch", "client_id", "doc", "events")  # fmt: skip

    doc: "pycrdt.Doc[Any]"
    """Replaced by ``open`` and ``restore``: never keep it."""
    events: list[bytes]
    """What has been fired and not taken; at most one for each transaction."""

    def __init__(self) -> None:
        self._edition = 0
        self._watch: pycrdt.Subscription | None = None
        self.open()

    def open(self, base: bytes = EMPTY_UPDATE) -> None:
        """Start over with the document of this encoding. Raises ``DocumentDamaged``."""
        self._set_base(base)
        self._journal: list[bytes] = []
        self._applied = EMPTY_UPDATE
        self._unbroken: _Past | None = None
        self._budget = max(_JOURNAL_FLOOR, 2 * len(base))
        self._build((base,))
        # In a document's own encoding no pair is cut any more: whether it holds whole ones is
        # looked up when the first edit comes.
        self._pairs: set[Ref] | None = None if may_hold_pairs(base) else set()

    def apply(self, update: bytes) -> None:
        """Integrate an update that is well-formed, all of it new.

        Raises what pycrdt raises.
        """
        if self._pairs != set() or may_hold_pairs(update):
            update = self._mend(update)
        self._applied = update
        self.listen()
        self.doc.apply_update(update)

    def extend(self, update: bytes) -> bool:
        """Integrate typing, all of it new and none of it to wait: it is its own event.

        That event would cost more than integrating it: yrs measures whole runs to encode it.
        False if it has to be applied in the other way, and nothing is done. Raises what pycrdt
        raises.
        """
        if self._pairs != set() or may_hold_pairs(update):
            return False
        self._deafen()
        self.doc.apply_update(update)
        self._keep(update)
        return True

    def edit(self, change: Callable[[Document], _T]) -> _T:
        """Make a change of our own, in one transaction.

        Raises what ``change`` and pycrdt raise, and may then have done a part of it.
        """
        self.listen()
        with self.doc.transaction():
            answer = change(self.doc)
        for event in self.events:
            self._applied = event
            if self._pairs is not None and may_hold_pairs(event):
                self._pairs |= pairs(event)
        return answer

    def prepare(self) -> None:
        """Before an update: see to it that ``restore`` leads back to here."""
        if self._budget <= 0:
            encoded = self.doc.get_update()
            self._budget = max(_JOURNAL_FLOOR, 2 * len(encoded))
            if _makes_itself(encoded):
                self._set_base(encoded)
                self._journal = []

    def take(self) -> bytes | None:
        """The event of the last transaction, if it says anything; there is no way back from it."""
        self._unbroken = None
        if not self.events:
            return None
        event = self.events.pop()
        if event == EMPTY_UPDATE:
            return None
        self._keep(self._applied)
        return event

    def record(self) -> Record:
        """The document as bytes; valid until the next change."""
        return Record(self._edition, self._base, self._journal)

    def restore(self) -> None:
        """The document as it was when the last event was taken."""
        if self._unbroken is not None:
            base, self._journal, self._pairs = self._unbroken
            self._set_base(base)
            self._unbroken = None
        self.close()
        self._build((self._base, *self._journal))

    def listen(self) -> None:
        """Let what changes from now on be told in ``events``."""
        if self._watch is None:
            events = self.events
            # The callback holds the list and not this object: one cycle less.
            self._watch = self.doc.observe(lambda event: events.append(event.update))

    def close(self) -> None:
        """Let go of the document."""
        self._deafen()

    def _deafen(self) -> None:
        if self._watch is not None:
            self._watch.drop()
            self._watch = None

    def _keep(self, update: bytes) -> None:
        self._journal.append(update)
        self._budget -= len(update) + _UPDATE_COST

    def _mend(self, update: bytes) -> bytes:
        """Break every pair, here and in the update, that integrating it would cut."""
        if self._pairs is None:
            self._pairs = pairs(self.doc.get_update())
        brought = pairs(update)
        parted = cuts(update)
        if parted & self._pairs:
            self._break(parted & self._pairs)
        if parted & brought:
            update = broken(update, parted & brought)
        self._pairs |= brought - parted
        return update

    def _break(self, at: set[Ref]) -> None:
        """The same document without these pairs, and the same way back.

        Raises ``ValueError``, and has then changed nothing, where pycrdt cannot build that:
        in documents whose edits contradict each other.
        """
        known = self._pairs or set()
        past = self._base, self._journal, known
        encoded = self.doc.get_update()
        ways: tuple[tuple[bytes, list[bytes]], ...] = (
            (broken(self._base, at), [broken(update, at) for update in self._journal]),
            (broken(encoded, at), []),
        )
        for base, journal in ways:
            try:
                self._go_back_to(base, journal)
            except DocumentDamaged:
                continue
            self._pairs, self._unbroken = known - at, past
            return
        self._go_back_to(encoded, [])
        raise ValueError("half of a character cannot be cut in a document that contradicts itself")

    def _go_back_to(self, base: bytes, journal: list[bytes]) -> None:
        """Build the document anew from these."""
        self.close()
        self._build((base, *journal))
        self._set_base(base)
        self._journal = journal

    def _set_base(self, base: bytes) -> None:
        self._base = base
        self._edition += 1

    def _build(self, updates: Iterable[bytes]) -> None:
        doc: pycrdt.Doc[Any] = pycrdt.Doc()
        try:
            for update in updates:
                doc.apply_update(update)
        except BaseException as error:
            raise DocumentDamaged(f"the document does not build: {reason(error)}") from None
        self.doc = doc
        self.client_id = ClientId(doc.client_id)
        self.events = []


def _makes_itself(encoded: bytes) -> bool:
    """Whether the document of this encoding has this encoding."""
    twin: pycrdt.Doc[Any] = pycrdt.Doc()
    try:
        twin.apply_update(encoded)
        return bool(twin.get_update() == encoded)
    except BaseException as error:
        reason(error)
        return False
