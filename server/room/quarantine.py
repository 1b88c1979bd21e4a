"""Documents whose commits keep failing are opened less and less often.

A room whose rows do not commit ends, and its clients come back at once with the same
edit. Without a pause that is a load and a failed transaction several times a second for
each of them. So from the second failure in a row on, newcomers are refused before their
handshake, for a time that doubles; one commit that succeeds ends it.

Law kept here: L2 (one bad document disturbs no other). Time is passed in.
"""

from dataclasses import dataclass, field

from server.protocol.errors import RoomClosed
from server.protocol.ids import ProjectId

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 8.0
"""Seconds. Longer would keep people waiting whose document is well again."""


@dataclass(frozen=True, slots=True)
class _Strikes:
    count: int
    until: float


@dataclass(slots=True)
class Quarantine:
    """Which documents are not to be opened yet."""

    _strikes: dict[ProjectId, _Strikes] = field(default_factory=dict)

    def check(self, project: ProjectId, now: float) -> None:
        """Raises ``RoomClosed`` while the document rests."""
        strikes = self._strikes.get(project)
        if strikes is not None and now < strikes.until:
            raise RoomClosed("edits of this document could not be saved; it rests for a moment")

    def failed(self, project: ProjectId, now: float) -> None:
        """The document's rows did not commit."""
        before = self._strikes.get(project)
        count = 1 if before is None else before.count + 1
        pause = 0.0 if count == 1 else min(FIRST_PAUSE * 2 ** (count - 2), LONGEST_PAUSE)
        self._strikes[project] = _Strikes(count, now + pause)

    def recovered(self, project: ProjectId) -> None:
        """The document's rows do commit."""
        self._strikes.pop(project, None)
