"""What waits in a document for predecessors that have not come.

pycrdt parks such structs and deletions inside the document and shows them to nobody: no
event, no place in the state vector, not part of its own encoding. Here they are kept
beside it, so that they survive compaction (L4) and a re-sent one is seen to be
redundant (L3). What does not live here: the document itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from server.document.updates import merge, subtract
from server.protocol.errors import Malformed
from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, missing
from server.protocol.structs import walk_structs
from server.protocol.update import EMPTY_UPDATE, read_delete_set, read_state_vector

MOST_PARTS: Final = 64
"""Waiting updates that are held apart from each other; beyond that they are merged, so that
a flood of them costs its sender's rate limit and not our time."""


@dataclass(frozen=True, slots=True)
class Part:
    """A waiting update, and which clocks of it wait."""

    payload: bytes
    structs: tuple[ClockRange, ...]
    deletes: tuple[ClockRange, ...]


def waiting(update: bytes, state_vector: bytes) -> Part | None:
    """What of an update waits in a document that has applied it; None if nothing does."""
    rest = subtract(update, state_vector)
    if rest == EMPTY_UPDATE:
        return None
    structs, deletes = _ranges(rest)
    return _trimmed(rest, structs, deletes, read_state_vector(state_vector))


class Parked:
    """The waiting updates of one document, in the order in which they came."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def add(self, part: Part) -> bool:
        """Keep it, unless all of it waits already; whether it was kept."""
        if self._holds(part):
            return False
        if len(self._parts) == MOST_PARTS:
            self._parts = [_merged(self._parts)]
        self._parts.append(part)
        return True

    def _holds(self, part: Part) -> bool:
        held_structs = [run for held in self._parts for run in held.structs]
        held_deletes = [run for held in self._parts for run in held.deletes]
        if missing(part.structs, held_structs) or missing(part.deletes, held_deletes):
            return False
        # The same clocks with other content (forged) might win inside pycrdt; so it is kept,
        # that a replay of the log may come to the same end.
        held = self.payloads()
        return merge([*held, part.payload]) == merge(held)

    def settle(self, state_vector: bytes) -> None:
        """Forget what the document has integrated."""
        if self._parts:
            state = read_state_vector(state_vector)
            trimmed = (_trimmed(p.payload, p.structs, p.deletes, state) for p in self._parts)
            self._parts = [part for part in trimmed if part is not None]

    def payloads(self) -> list[bytes]:
        """The updates that wait."""
        return [part.payload for part in self._parts]

    def __bool__(self) -> bool:
        return bool(self._parts)


def _ranges(update: bytes) -> tuple[list[ClockRange], tuple[ClockRange, ...]]:
    # Not ``inspect``: that also judges, and what is parked has been judged already.
    try:
        structs, _, end = walk_structs(update, None)
    except IndexError:
        raise Malformed("expected an update, got the end of input") from None
    return structs, read_delete_set(update[end:])


def _trimmed(
    payload: bytes,
    structs: "list[ClockRange] | tuple[ClockRange, ...]",
    deletes: tuple[ClockRange, ...],
    state: Mapping[ClientId, int],
) -> Part | None:
    held = [ClockRange(client, 0, clock) for client, clock in state.items() if clock]
    structs_left, deletes_left = missing(structs, held), missing(deletes, held)
    if not structs_left and not deletes_left:
        return None
    return Part(payload, structs_left, deletes_left)


def _merged(parts: list[Part]) -> Part:
    return Part(
        merge([part.payload for part in parts]),
        tuple(run for part in parts for run in part.structs),
        tuple(run for part in parts for run in part.deletes),
    )
