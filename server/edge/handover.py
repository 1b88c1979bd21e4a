"""How a server may hand a websocket over to the rooms: an ASGI extension, as types.

A server that can do better than one ASGI message per frame says so in
``scope["extensions"]``. After the accept the application may then take the connection
over: it gets a :class:`LiveChannel`, names a :class:`Reader` for what comes in, and
returns; ``send`` and ``receive`` are not called again. Everything up to the accept
(refusals, headers, subprotocol) is plain ASGI, and so is all of it on a server or a
test client that does not know the extension.

What does not live here: the one that knows it, ``server.edge.fast_protocol``.
"""

from collections.abc import Callable
from typing import Protocol

from starlette.types import Scope

from server.room.ports import Channel

EXTENSION = "8gentc.channel"


class Reader(Protocol):
    """Who reads a connection that was taken over. Called on the loop, in order."""

    def message(self, frame: bytes | None) -> None:
        """A whole message came in; None for text, which no Yjs client sends."""

    def ended(self) -> None:
        """Nothing more comes. Called once."""


class LiveChannel(Channel, Protocol):
    """The room's way to one peer, and the edge's hold on what comes from there."""

    on_drained: Callable[[], None]
    """Called when a peer that was behind has read what it was sent."""

    def listen(self, reader: Reader) -> None:
        """Start reading. Nothing was read before, and nothing is lost by being late."""

    def pause_reading(self) -> None:
        """Read no more for now. What has come in already is still handed on."""

    def resume_reading(self) -> None:
        """Read on."""


class TakeOver(Protocol):
    """What the extension offers as ``take_over``."""

    def __call__(self, *, low_water: int) -> LiveChannel:
        """Call it right after the accept, before awaiting anything else. A peer is behind
        with more than ``low_water`` unread bytes. Raises ``OSError`` if it has gone."""


def take_over(scope: Scope, *, low_water: int) -> LiveChannel | None:
    """The connection itself, from a server that hands it over; else None."""
    offer = scope.get("extensions", {}).get(EXTENSION)
    if offer is None:
        return None
    take: TakeOver = offer["take_over"]
    return take(low_water=low_water)
