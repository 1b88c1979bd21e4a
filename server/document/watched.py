"""A ``pycrdt.Doc`` and the events that it fires, with nothing that leaks.

A Doc observed through pycrdt is held by its own subscription, in a cycle through Rust that
the garbage collector cannot see: ``close`` must be called. What does not live here: what
an event means (``replica``).
"""

from collections.abc import Iterable
from typing import Any

import pycrdt

from server.document.updates import reason
from server.protocol.errors import DocumentDamaged
from server.protocol.update import EMPTY_UPDATE


class Watched:
    """A document of updates that are known to apply, watched from then on."""

    __slots__ = ("_watch", "doc", "events")

    def __init__(self, updates: Iterable[bytes]) -> None:
        doc: pycrdt.Doc[Any] = pycrdt.Doc()
        try:
            for update in updates:
                doc.apply_update(update)
        except BaseException as error:
            raise DocumentDamaged(f"the document does not build: {reason(error)}") from None
        events: list[bytes] = []
        self.doc = doc
        self.events = events
        """What has been fired and not taken: at most one for each transaction."""
        # The callback holds the list and not this object: one cycle less.
        self._watch = doc.observe(lambda event: events.append(event.update))

    def take(self) -> bytes | None:
        """The event of the last transaction, if it says anything."""
        if not self.events:
            return None
        event = self.events.pop()
        # A struct that came too early, but with all that it refers to, is integrated behind
        # a gap: the event of that is empty, and says it again once the gap is filled.
        return None if event == EMPTY_UPDATE else event

    def close(self) -> None:
        """Let go of the document."""
        self._watch.drop()
