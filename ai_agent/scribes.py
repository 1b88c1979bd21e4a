"""The writing as the rest of the agent sees it: a peer's replica, told and written to.

What does not live here: the one that there is (``ai_agent.writing.scribe``).
"""

from collections.abc import Sequence
from typing import Protocol

from ai_agent.writing.operations import Operation
from server.protocol.awareness import PresenceEntry


class Scribe(Protocol):
    """A peer's own replica of the document, and where it writes in it.

    Synchronous; ``close`` when done, or it is never freed.
    """

    def receive(self, update: bytes) -> None:
        """An edit of somebody, or of our own coming back."""

    def hear(self, entries: Sequence[PresenceEntry]) -> None:
        """Who is here and where they are active; with a state of None: who is gone."""

    def perform(self, operations: Sequence[Operation]) -> bytes | None:
        """Write; the update for the room, None if nothing was written."""

    def presence(self) -> PresenceEntry:
        """Our own state for the others; its clock grows with each call."""

    def close(self) -> None:
        """Let go of the replica."""
