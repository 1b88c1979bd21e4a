"""Names of things: the identifiers that every floor uses.

Only types live here. Making an identifier needs randomness or a database, and
so happens at the edge or in the store. Two identifiers of different kinds never
mix: that is what the ``NewType`` wrappers are for.
"""

from typing import NewType

ProjectId = NewType("ProjectId", str)
UserId = NewType("UserId", str)
TokenId = NewType("TokenId", str)
RunId = NewType("RunId", str)
SnapshotId = NewType("SnapshotId", str)
InvitationId = NewType("InvitationId", str)

Seq = NewType("Seq", int)
"""Position in one document's log: 1 for the first row, gapless; 0 is "before the first"."""

ClientId = NewType("ClientId", int)
"""A Yjs client id: unsigned, at most 53 bits."""

Millis = NewType("Millis", int)
"""Wall-clock time in milliseconds since the Unix epoch, UTC."""
