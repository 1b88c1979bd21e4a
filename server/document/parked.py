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
from server.protocol.lib0 import write_uint
from server.protocol.ranges import ClockRange, missing
from server.protocol.structs import walk_structs
from server.protocol.update import (
    EMPTY_UPDATE,
    read_delete_set,
    read_state_vector,
    write_state_vector,
)

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


def by_client(update: bytes) -> list[bytes]:
    """An update as one for each client; the deletions are in every one of them."""
    structs, _ = _ranges(update)
    ends: dict[ClientId, int] = {}
    for client, _, end in structs:
        ends[client] = max(end, ends.get(client, 0))
    return [
        subtract(update, write_state_vector({c: end for c, end in ends.items() if c != client}))
        for client in sorted(ends)
    ] or [update]


class Parked:
    """The waiting updates of one document, in the order in which they came.

    pycrdt may forget some of what it has parked (when more comes for the same client, its
    list is replaced instead of extended), so whatever may have become possible is given to
    it again: the updates that mention a client who has advanced.
    """

    __slots__ = ("_parts", "_state")

    def __init__(self) -> None:
        self._parts: list[Part] = []
        self._state: Mapping[ClientId, int] = {}

    def add(self, part: Part, state_vector: bytes) -> bool:
        """Keep it, unless all of it waits already; whether it was kept."""
        if not self._parts:
            self._state = read_state_vector(state_vector)
        if self._holds(part):
            return False
        if len(self._parts) == MOST_PARTS:
            self._parts = [_merged(self._parts)]
        self._parts.append(part)
        return True

    def settle(self, state_vector: bytes) -> list[bytes]:
        """Forget what a document in this state holds; which updates to try again."""
        if not self._parts:
            return []
        state = read_state_vector(state_vector)
        before, self._state = self._state, state
        advanced = [write_uint(client) for client in state if state[client] != before.get(client)]
        again = [p.payload for p in self._parts if any(id in p.payload for id in advanced)]
        trimmed = (_trimmed(p.payload, p.structs, p.deletes, state) for p in self._parts)
        self._parts = [part for part in trimmed if part is not None]
        return again

    def drop(self, payload: bytes) -> None:
        """Give up an update that has proved impossible."""
        self._parts = [part for part in self._parts if part.payload != payload]

    def _holds(self, part: Part) -> bool:
        held_structs = [run for held in self._parts for run in held.structs]
        held_deletes = [run for held in self._parts for run in held.deletes]
        if missing(part.structs, held_structs) or missing(part.deletes, held_deletes):
            return False
        # The same clocks with other content (forged) might win inside pycrdt; so it is kept,
        # that a replay of the log may come to the same end.
        held = self.payloads()
        return merge([*held, part.payload]) == merge(held)

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
