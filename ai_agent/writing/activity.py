"""Where people are: their cursors, and what they have edited a moment ago.

A cursor is whatever in a presence state says a relative position of Yjs, however the editor
calls it: an object with an ``item`` or a ``type`` of client and clock. Agents are no people. What
does not live here: what is done where a person is active (``scribe``).
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ai_agent.writing.caret import ROLE
from server.document.whereabouts import Place, Spot, Whereabouts
from server.protocol.awareness import PresenceEntry
from server.protocol.errors import PeerError
from server.protocol.ids import ClientId
from server.protocol.jsontext import parse_json
from server.protocol.structs import Ref

ACTIVE_SECONDS: Final = 10.0
"""So long after an edit its author is taken to be still there."""

_MOST_REFS: Final = 16
"""Positions of one presence state that are looked at."""


class Activity:
    """Who is where. ``now`` answers seconds of a monotonic clock."""

    def __init__(self, where: Whereabouts, now: Callable[[], float]) -> None:
        self._where = where
        self._now = now
        self._cursors: dict[ClientId, tuple[Ref, ...]] = {}
        self._edited: dict[Spot, float] = {}

    def hear(self, entries: Iterable[PresenceEntry]) -> None:
        """The newest states of other clients; None: gone."""
        for entry in entries:
            self._cursors.pop(entry.client, None)
            if entry.state is not None and (refs := _refs(entry.state)):
                self._cursors[entry.client] = refs

    def edited(self, places: Iterable[Place]) -> None:
        """Somebody has edited there just now."""
        for place in places:
            self._edited[place.spot] = self._now()

    def is_active(self, spot: Spot) -> bool:
        """Whether a person is in this element."""
        if self._now() - self._edited.get(spot, -ACTIVE_SECONDS) < ACTIVE_SECONDS:
            return True
        return any(
            place.spot == spot
            for refs in self._cursors.values()
            for ref in refs
            if (place := self._where.place(ref)) is not None
        )


def _refs(state: str) -> tuple[Ref, ...]:
    """The items that the positions in a presence state name."""
    try:
        value = parse_json(state)
    except PeerError:
        return ()
    if isinstance(value, dict) and value.get("role") == ROLE:
        return ()
    refs: list[Ref] = []
    for ref in _found(value):
        refs.append(ref)
        if len(refs) == _MOST_REFS:
            break
    return tuple(dict.fromkeys(refs))


def _found(value: object) -> Iterator[Ref]:
    if isinstance(value, list):
        for one in value:
            yield from _found(one)
    elif isinstance(value, dict):
        for key, one in value.items():
            match one:
                case {"client": int(client), "clock": int(clock)} if key in ("item", "type"):
                    yield (client, clock)
                case _:
                    yield from _found(one)
