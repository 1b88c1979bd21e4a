"""What two copies of a document must agree on, and in what they differ.

Plain values; a replica says what its own are.
"""

from dataclasses import dataclass

from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange


@dataclass(frozen=True, slots=True)
class Moment:
    """What a document holds, what of it is deleted, and what waits for predecessors.

    Ranges are sorted and merged: equal moments say the same.
    """

    clocks: dict[ClientId, int]
    deletes: tuple[ClockRange, ...]
    parked_structs: tuple[ClockRange, ...]
    parked_deletes: tuple[ClockRange, ...]

    def difference(self, other: "Moment") -> str | None:
        """In what they differ, as the end of a sentence; None if in nothing."""
        if self.clocks != other.clocks:
            return f"clocks differ: {_changed(self.clocks, other.clocks)}"
        for what, ours, theirs in (
            ("deletions", self.deletes, other.deletes),
            ("parked edits", self.parked_structs, other.parked_structs),
            ("parked deletions", self.parked_deletes, other.parked_deletes),
        ):
            if ours != theirs:
                return f"{what} differ"
        return None


def _changed(ours: dict[ClientId, int], theirs: dict[ClientId, int]) -> str:
    clients = sorted(ours.keys() | theirs.keys())
    found = [c for c in clients if ours.get(c, 0) != theirs.get(c, 0)]
    shown = ", ".join(f"client {c} at {ours.get(c, 0)} and {theirs.get(c, 0)}" for c in found[:3])
    return shown + (" and more" if len(found) > 3 else "")
