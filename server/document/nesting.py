"""How deep shared types may lie in a document, across all its updates (L7).

``update.inspect`` sees one update. Thousands of updates, each nesting a little
below the last, would build a tree whose deletion overflows the stack of every
peer. ``Nesting`` guards one live document against that.

Most updates add no shared type and cost nothing here. Types in a root, or in
types of the same update, need the document's state vector only. Types under
existing items need the level of those items: then the levels of all items are
read from the document once, as runs of clocks, and later only what is new since.
Nothing is listened to and nothing is buffered, so there is nothing to miss.

Updates that arrive before what they refer to are *parked* by the document; how
deep their types will lie is not known yet, and a second version of the same
clocks may still win. Refusing them would hurt honest peers (two tabs exchange
edits before the server has both), so they are admitted, but no more than
``MAX_PARKED_TYPES`` at a time, and fewer by as much as parked types have already
landed too deep: no chain is ever more than that much longer than the limit, which
every peer survives. A type stops counting when the document has its clock. Over
the limit a peer is told ``TooDeep``; its next handshake brings the missing edits
and the parked ones together.
"""

from typing import Protocol

from server.protocol.errors import TooDeep
from server.protocol.ids import ClientId
from server.protocol.placement import MAX_TYPE_DEPTH, Levels, Sections, place
from server.protocol.structs import GAP, MAX_CLOCK, TYPE, Placed, Ref
from server.protocol.update import (
    UpdateShape,
    read_placements,
    read_state_vector,
    write_state_vector,
)

MAX_PARKED_TYPES = 1024
"""Yjs survives types 2,000 deep and fails at 4,000; pycrdt fails later."""


class Source(Protocol):
    """What is asked of a document; ``pycrdt.Doc`` has it."""

    def get_state(self) -> bytes:
        """The state vector."""

    def get_update(self, state: bytes | None = None, /) -> bytes:
        """What is new since ``state``."""


class Nesting:
    """The guard of one live document.

    A document that is loaded with something parked passes that through ``note``, so that
    it counts.
    """

    __slots__ = ("_document", "_levels", "_mirrored", "_parked", "_readable", "_unread")

    def __init__(self, document: Source) -> None:
        self._document = document
        self._levels: dict[int, Levels] = {}
        self._mirrored: dict[ClientId, int] = {}
        self._parked: set[Ref] = set()
        self._unread: set[Ref] = set()
        self._readable = True

    def note(self, parked: bytes) -> None:
        """Count the types of what the document has parked already; never refuses."""
        fresh, gapped = _split(read_placements(parked), {})
        self._parked |= _types(fresh) | _types(gapped)

    def admit(self, update: bytes, shape: UpdateShape) -> None:
        """Raise ``TooDeep`` when ``update`` would nest types too deeply.

        ``shape`` is what ``inspect`` found in it. Call this before the update is applied.
        """
        if shape.types:
            self._admit(update, read_state_vector(self._document.get_state()))

    def admit_own(self, update: bytes, shape: UpdateShape) -> None:
        """The same for an edit that the document has made itself, and holds already."""
        if shape.types:
            state = read_state_vector(self._document.get_state())
            self._admit(update, state | {run.client: run.start for run in shape.structs})

    def _admit(self, update: bytes, state: dict[ClientId, int]) -> None:
        fresh, gapped = _split(read_placements(update), state)
        guessed = False

        def level_of(ref: Ref) -> int:
            nonlocal guessed
            level = self._level_of(ref)
            guessed = guessed or level is None
            return level or 0

        _, stuck = place(
            fresh,
            is_held=lambda ref: ref[1] < state.get(ClientId(ref[0]), 0),
            level_of=level_of,
            deepest=MAX_TYPE_DEPTH,
        )
        unread = _types(fresh) if guessed else set()
        if unread or stuck or any(gapped.values()):
            self._count(unread, _types(stuck) | _types(gapped), state)

    def _count(self, unread: set[Ref], parked: set[Ref], state: dict[ClientId, int]) -> None:
        self._mirror()
        deepest = max(map(Levels.deepest, self._levels.values()), default=0)
        parked |= {ref for ref in self._parked if ref[1] >= state.get(ClientId(ref[0]), 0)}
        unread |= self._unread
        count = len(parked) + len(unread) + max(0, deepest - MAX_TYPE_DEPTH)
        if count > MAX_PARKED_TYPES:
            raise TooDeep(
                f"{count} shared types lie where their depth is not known;"
                f" {MAX_PARKED_TYPES} is the most"
            )
        self._parked = parked
        self._unread = unread

    def _level_of(self, ref: Ref) -> int | None:
        client, clock = ref
        if clock >= self._mirrored.get(ClientId(client), 0):
            self._mirror()
        return self._levels[client].at(clock) if self._readable else None

    def _mirror(self) -> None:
        """Read the levels of what the document has got since the last time."""
        if not self._readable:
            return
        before = self._mirrored
        state = read_state_vector(self._document.get_state())
        if state == before:
            return
        news = read_placements(self._document.get_update(write_state_vector(before)))

        def level_of_older(ref: Ref) -> int:
            return self._levels[ref[0]].at(ref[1]) or 0

        placed, stuck = place(
            news,
            is_held=lambda ref: ref[1] < before.get(ClientId(ref[0]), 0),
            level_of=level_of_older,
            deepest=MAX_CLOCK,
        )
        for client, levels in placed.items():
            self._levels.setdefault(client, Levels()).extend(levels)
        self._mirrored = {ClientId(client): levels.end for client, levels in self._levels.items()}
        self._readable = not stuck and self._mirrored == state


def _split(sections: Sections, state: dict[ClientId, int]) -> tuple[Sections, Sections]:
    """What the document lacks: structs that continue what it has, and those after a gap."""
    fresh: Sections = {}
    gapped: Sections = {}
    for client, run in sections.items():
        next_clock = state.get(ClientId(client), 0)
        lacking = [struct for struct in run if struct[1] > next_clock]
        if lacking and lacking[0][0] < next_clock:
            lacking[0] = _rest(client, lacking[0], next_clock)
        whole = 0
        while whole < len(lacking) and _continues(lacking[whole], next_clock):
            next_clock = lacking[whole][1]
            whole += 1
        fresh[client] = lacking[:whole]
        gapped[client] = lacking[whole:]
    return fresh, gapped


def _continues(struct: Placed, next_clock: int) -> bool:
    return struct[0] <= next_clock and struct[2] != GAP


def _rest(client: int, struct: Placed, start: int) -> Placed:
    """What is left of a run whose beginning the document has. It will be linked in
    beside the document's version of that, whatever place the update claims for it."""
    _, end, kind, refs, inside = struct
    return start, end, kind, (*refs, (client, start - 1)), inside


def _types(sections: Sections) -> set[Ref]:
    return {
        (client, start)
        for client, run in sections.items()
        for start, _, kind, *_ in run
        if kind == TYPE
    }
