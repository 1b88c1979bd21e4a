"""The agent's presence: its name, its colour, what it is, and its cursor where it wrote last.

The cursor is a relative position as Yjs writes it: right after the agent's own last character,
which the clocks of its own update name exactly. Asking pycrdt for a position would be wrong in
texts that are not ASCII.
"""

import json
from typing import Final

from server.document.blame import text_runs
from server.protocol.awareness import PresenceEntry
from server.protocol.ids import ClientId, RunId

ROLE: Final = "agent"


class Caret:
    """One attempt's presence under one client id."""

    def __init__(self, client: ClientId, run: RunId, name: str, color: str) -> None:
        self._client = client
        self._state = {"user": {"name": name, "color": color}, "role": ROLE, "run": run}
        self._at: dict[str, object] | None = None
        self._clock = 0

    def wrote(self, event: bytes) -> None:
        """Our own update: the cursor follows its last text."""
        last = max(text_runs(event), key=lambda run: run.end, default=None)
        if last is not None:
            item = {"client": last.client, "clock": last.end - 1}
            self._at = {"type": None, "tname": None, "item": item, "assoc": -1}

    def entry(self) -> PresenceEntry:
        """The state to be shown; its clock grows with each call."""
        self._clock += 1
        cursor = None if self._at is None else {"anchor": self._at, "head": self._at}
        state = json.dumps(self._state | {"cursor": cursor}, separators=(",", ":"))
        return PresenceEntry(self._client, self._clock, state)
