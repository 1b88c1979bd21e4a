"""What of a run has landed before, so that a new attempt writes nothing twice.

The operations of a run come again from its beginning: from the stream that was kept, or from
a model that was asked anew. What is there already is passed over; text goes on where what has
landed ends. If a text comes out another one this time, what landed stays as it is and the rest is
left out: two halves that do not fit are worse than one. Pure.
"""

from server.document.landed import Landed
from server.document.whereabouts import Spot


class Progress:
    """How far the operations of this attempt have caught up with what has landed."""

    def __init__(self, landed: Landed) -> None:
        self._landed = landed
        self._left: dict[Spot, str | None] = dict(landed.texts)

    def has(self, spot: Spot) -> bool:
        """Whether the run has made this element before, be it there still or not."""
        return spot in self._landed.elements

    def landed(self, spot: Spot) -> str:
        """What the run has written before into the text of this element."""
        return self._landed.texts.get(spot, "")

    def expect(self, spot: Spot, more: str) -> None:
        """Text that landed elsewhere, and belongs after that of ``spot``."""
        left = self._left.get(spot, "")
        self._left[spot] = None if left is None else left + more

    def new(self, spot: Spot, text: str) -> str:
        """What of a text for an element has not landed yet."""
        left = self._left.get(spot, "")
        if left is None:
            return ""
        both = min(len(left), len(text))
        if left[:both] != text[:both]:
            self._left[spot] = None
            return ""
        self._left[spot] = left[both:]
        return text[both:]
