"""A document built from updates that somebody brings, each held to what a room holds it to (L7).

For histories from outside: what is in a log already is replayed without a question, and what a
live connection sends is the room's business.
"""

from typing import Self

from server.document.nesting import Nesting
from server.document.replica import Replica
from server.protocol.errors import DocumentDamaged, Malformed
from server.protocol.update import inspect


class Admission:
    """A document that grows by foreign updates. ``close`` it when done."""

    def __init__(self) -> None:
        self._replica = Replica()
        self._nesting = Nesting(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._replica.close()

    def add(self, update: bytes) -> None:
        """Raises a ``PeerError`` for what must not reach a document.

        Not bounded in parts: a merge of what was accepted in many updates must be read.
        """
        shape = inspect(update, bounded=False)
        self._nesting.admit(update, shape)
        try:
            self._replica.replay(update)
        except DocumentDamaged as error:
            raise Malformed(error.message) from None

    def everything(self) -> bytes:
        """What the document says by now, with what waits."""
        return self._replica.everything()

    def get_state(self) -> bytes:
        """For the guard: the state vector."""
        return self._replica.state_vector()

    def get_update(self, state: bytes | None = None, /) -> bytes:
        """For the guard: what is new since ``state``."""
        return self._replica.full() if state is None else self._replica.diff(state)
