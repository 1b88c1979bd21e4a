"""The agent's own replica of the document, and where it writes in it."""

from collections.abc import Callable, Sequence

from ai_agent.writing.operations import Operation
from server.document.landed import NOTHING, Landed
from server.protocol.awareness import PresenceEntry
from server.protocol.ids import ClientId, RunId


class Scribe:
    """One attempt of a run. Sync, of one thread; ``close`` when done."""

    def __init__(
        self,
        run: RunId,
        state: bytes,
        *,
        name: str,
        color: str,
        now: Callable[[], float],
        landed: Landed = NOTHING,
    ) -> None:
        """``state`` is the document as one update; ``now`` answers seconds of a monotonic
        clock; ``landed`` is what earlier attempts of this run have written."""
        raise NotImplementedError

    @property
    def client_id(self) -> ClientId:
        """Fresh for each attempt."""
        raise NotImplementedError

    def state_vector(self) -> bytes:
        """What the replica holds, for a step 1."""
        raise NotImplementedError

    def receive(self, update: bytes) -> None:
        """An edit of somebody, or of our own coming back."""
        raise NotImplementedError

    def hear(self, entries: Sequence[PresenceEntry]) -> None:
        """Who is here and where their cursors are; with a state of None: who is gone."""
        raise NotImplementedError

    def perform(self, operations: Sequence[Operation]) -> bytes | None:
        """Write; the update for the room, None if there was nothing to write."""
        raise NotImplementedError

    def presence(self) -> PresenceEntry:
        """Our own state for the others; its clock grows with each call."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the replica. Idempotent."""
        raise NotImplementedError
