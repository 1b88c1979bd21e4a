"""Presence on the wire: who is here and where their cursor is.

Only the bytes live here; whose entries are believed, how long they stay and who
is told are the room's decisions. A state stays JSON text: the server relays it
and never looks inside (beyond checking that it is JSON which every peer can
parse, L7).
"""

from dataclasses import dataclass

from server.protocol.errors import Malformed, TooLarge
from server.protocol.ids import ClientId
from server.protocol.jsontext import parse_json
from server.protocol.lib0 import Reader, write_string, write_uint

MAX_CLOCK = 2**31 - 1
"""Presence clocks are 32-bit numbers in yrs. A hostile one must leave room for others."""


@dataclass(frozen=True, slots=True)
class PresenceEntry:
    """One client's state: the text of a JSON object, or None for "gone"."""

    client: ClientId
    clock: int
    state: str | None


def removal(client: ClientId, clock: int) -> PresenceEntry:
    """The entry that ends a presence last seen at ``clock``.

    At the largest clock it repeats that clock: peers accept a null there too.
    """
    return PresenceEntry(client, min(clock + 1, MAX_CLOCK), None)


def decode_presence(
    update: bytes, *, max_entries: int, max_state_bytes: int
) -> tuple[PresenceEntry, ...]:
    """The entries of an awareness update, in wire order."""
    reader = Reader(update)
    count = reader.uint()
    if count > max_entries:
        raise TooLarge(f"presence of {count} clients is over the limit of {max_entries}")
    entries = tuple(_entry(reader, max_state_bytes) for _ in range(count))
    reader.end()
    return entries


def encode_presence(entries: tuple[PresenceEntry, ...]) -> bytes:
    """An awareness update of these entries."""
    parts = [write_uint(len(entries))]
    for entry in entries:
        state = "null" if entry.state is None else entry.state
        parts += (write_uint(entry.client), write_uint(entry.clock), write_string(state))
    return b"".join(parts)


def _entry(reader: Reader, max_state_bytes: int) -> PresenceEntry:
    client = ClientId(reader.uint())
    clock = reader.uint(MAX_CLOCK)
    start = reader.pos
    text = reader.string()
    if reader.pos - start > max_state_bytes:
        raise TooLarge(f"presence of client {client} is over the limit of {max_state_bytes} bytes")
    match parse_json(text):
        case None:
            return PresenceEntry(client, clock, None)
        case dict():
            return PresenceEntry(client, clock, text)
        case _:
            raise Malformed(f"expected a JSON object or null as presence at {start}")
