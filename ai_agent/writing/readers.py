"""From what a model says, piece by piece, to operations."""

from typing import Protocol

from ai_agent.writing.operations import Operation


class Reader(Protocol):
    """Reads the answer to one task. Both methods raise ``Nonsense`` for what no continuation
    can make right, and never for a prefix of something right."""

    def feed(self, text: str) -> list[Operation]:
        """What can be done with this piece: text flows before its JSON string closes."""

    def end(self) -> list[Operation]:
        """What can be done now that nothing more comes. Raises ``Nonsense`` for an answer that
        is cut short; the operations so far are a clean prefix of the whole."""
