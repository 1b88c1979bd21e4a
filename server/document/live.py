"""A ``pycrdt.Doc`` that is watched, and that can be put back to before a failure.

Lives here: the events it fires, and what it takes to build it again: an encoded base and
the events since. Not here: what an update is, and what waits (``replica``).

Updates reach the Doc only through ``apply``, which breaks a surrogate pair before pycrdt is
asked to part it (``surrogates``); our own changes only through ``edit``, which part none.

A Doc observed through pycrdt is held by its own subscription, in a cycle through Rust that
the garbage collector cannot see: ``close`` must be called.
"""

from collections.abc import Callable, Iterable, Mapping
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

_JOURNAL_FLOOR: Final = 16_384
"""Bytes of events kept, at least, before the base is encoded anew: for a small document
that takes 20 us, a tenth of a microsecond for each keystroke."""

_EVENT_COST: Final = 64
"""What a kept event weighs in memory beyond its length."""


class Live:
    """A document and its recent past."""

    __slots__ = ("_base", "_budget", "_edition", "_journal", "_lost", "_pairs", "_watch",
                 "client_id", "doc", "events")  # fmt: skip

    doc: "pycrdt.Doc[Any]"
    """Replaced by ``open`` and ``restore``: never keep it."""
    events: list[bytes]
    """What has been fired and not taken; at most one for each transaction."""

    def __init__(self) -> None:
        self._edition = 0
        self.open(())

    def open(self, updates: Iterable[bytes]) -> None:
        """Start over with a document of these. Raises ``DocumentDamaged``."""
        self._set_base(EMPTY_UPDATE)
        self._journal: list[bytes] = []
        self._lost = False
        self._budget = 0
        self._build(updates := list(updates))
        # A checkpoint is a document's own encoding, in which no pair is cut any more: whether
        # it holds whole ones is looked up when the first edit comes.
        self._pairs: set[Ref] | None = None if any(map(may_hold_pairs, updates)) else set()

    def apply(self, update: bytes, clocks: Mapping[ClientId, int]) -> None:
        """Integrate an update that is well-formed into the document, which is at ``clocks``.

        Raises what pycrdt raises.
        """
        if self._pairs != set() or may_hold_pairs(update):
            update = self._mend(update, clocks)
        self.doc.apply_update(update)

    def edit(self, change: Callable[[Document], _T]) -> _T:
        """Make a change of our own, in one transaction.

        Raises what ``change`` and pycrdt raise, and may then have done a part of it.
        """
        with self.doc.transaction():
            answer = change(self.doc)
        if self._pairs is not None:
            self._pairs = self._pairs.union(*map(pairs, filter(may_hold_pairs, self.events)))
        return answer

    def prepare(self) -> None:
        """Before an update: see to it that ``restore`` leads back to here."""
        if self._budget <= 0:
            self._set_base(self.doc.get_update())
            self._journal.clear()
            self._budget = max(_JOURNAL_FLOOR, len(self._base) // 2)

    def take(self) -> bytes | None:
        """The event of the last transaction, if it says anything."""
        if not self.events:
            return None
        event = self.events.pop()
        if event == EMPTY_UPDATE:
            return None
        self._journal.append(event)
        self._budget -= len(event) + _EVENT_COST
        return event

    def record(self) -> Record:
        """The document as bytes; valid until the next change."""
        if not self._journal:
            self.prepare()  # After a load nothing has been encoded yet.
        return Record(self._edition, self._base, self._journal)

    def mark(self) -> int:
        """A name for now, until the next ``prepare``."""
        self._lost = False
        return len(self._journal)

    def restore(self, mark: int | None = None) -> None:
        """The document as it was when the last event was taken, or at a mark."""
        if mark is not None:
            if self._lost:
                raise DocumentDamaged("the way back to before this update is lost")
            del self._journal[mark:]
        self.close()
        self._build((self._base, *self._journal))

    def close(self) -> None:
        """Let go of the document."""
        self._watch.drop()

    def _mend(self, update: bytes, clocks: Mapping[ClientId, int]) -> bytes:
        """Break every pair, here and in the update, that integrating it would cut."""
        if self._pairs is None:
            self._pairs = pairs(self.doc.get_update())
        brought = pairs(update)
        parted = cuts(update, clocks)
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
        encoded, known = self.doc.get_update(), self._pairs or set()
        ways: tuple[tuple[bytes, list[bytes]], ...] = (
            (broken(self._base, at), [broken(event, at) for event in self._journal]),
            (broken(encoded, at), []),
        )
        self._pairs = known - at
        for base, journal in ways:
            try:
                self._go_back_to(base, journal)
            except DocumentDamaged:
                continue
            return
        self._pairs = known
        self._go_back_to(encoded, [])
        raise ValueError("half of a character cannot be cut in a document that contradicts itself")

    def _go_back_to(self, base: bytes, journal: list[bytes]) -> None:
        """Build the document anew from these. A mark means nothing if events were lost."""
        self.close()
        self._build((base, *journal))
        self._lost = self._lost or len(journal) < len(self._journal)
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
        events: list[bytes] = []
        self.doc = doc
        self.client_id = ClientId(doc.client_id)
        self.events = events
        # The callback holds the list and not this object: one cycle less.
        self._watch = doc.observe(lambda event: events.append(event.update))
