"""What a run needs of the writing, as types; the writing itself is ``ai_agent.writing``.

A run talks to a model and to a room. In between, a :class:`Reader` turns the model's text into
operations as it arrives, and a :class:`Scribe` turns operations into updates of its own
replica. Neither knows time, sockets or a model. Only protocols live here.
"""

from collections.abc import Sequence
from typing import Protocol, TypeVar

from server.protocol.awareness import PresenceEntry
from server.protocol.ids import ClientId

Op = TypeVar("Op")
Op_co = TypeVar("Op_co", covariant=True)
Op_contra = TypeVar("Op_contra", contravariant=True)


class Reader(Protocol[Op_co]):
    """Reads what a model says, piece by piece."""

    def feed(self, text: str) -> Sequence[Op_co]:
        """What is complete with this piece. Raises ``Nonsense`` for what it cannot read."""

    def end(self) -> Sequence[Op_co]:
        """What is complete now that nothing more comes. Raises ``Nonsense``."""


class Scribe(Protocol[Op_contra]):
    """A peer's own replica of the document, and where it writes in it.

    Synchronous; ``close`` when done, or it is never freed.
    """

    @property
    def client_id(self) -> ClientId:
        """Fresh for each attempt."""

    def state_vector(self) -> bytes:
        """What the replica holds, for a step 1."""

    def receive(self, update: bytes) -> None:
        """An edit of somebody, or of our own coming back."""

    def hear(self, entries: Sequence[PresenceEntry]) -> None:
        """Who is here and where they are active; with a state of None: who is gone."""

    def perform(self, operations: Sequence[Op_contra]) -> bytes | None:
        """Write; the update for the room, None if nothing was written."""

    def presence(self) -> PresenceEntry:
        """Our own state for the others; its clock grows with each call."""

    def close(self) -> None:
        """Let go of the replica."""
