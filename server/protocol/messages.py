"""The y-protocols messages: one websocket frame <-> a few small records.

The grammar and nothing else: what a message is answered with is decided in
``server.session``. Updates and state vectors stay opaque bytes here and are
walked by ``server.protocol.update``. A frame either decodes as a whole or raises
one typed error (L7).

    frame    = message+          many may come in; we send one per frame
    message  = 0 sync | 1 varBytes(presence) | 2 0 varString | 3 | 102 varBytes
    sync     = 0 varBytes(state vector) | 1 varBytes(update) | 2 varBytes(update)
"""

from dataclasses import dataclass
from typing import assert_never

from server.protocol.awareness import PresenceEntry, decode_presence, encode_presence
from server.protocol.errors import Malformed, TooLarge
from server.protocol.lib0 import Reader, write_bytes, write_string

KEEP_ALIVE = b"\x01\x01\x00"
"""An empty presence update: harmless, and a sign of life to every Yjs client."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one frame may hold.

    Clients repeat the presence that they are sent, in frames of the same shape: a
    sender keeps to ``max_presence_entries`` per message too.
    """

    max_frame_bytes: int = 16 * 2**20
    max_messages: int = 256
    max_presence_entries: int = 256
    max_presence_bytes: int = 64 * 2**10


@dataclass(frozen=True, slots=True)
class SyncStep1:
    """ "This is what I have": asks for the rest."""

    state_vector: bytes


@dataclass(frozen=True, slots=True)
class SyncStep2:
    """The answer to step 1: everything that the other side lacks."""

    update: bytes


@dataclass(frozen=True, slots=True)
class SyncUpdate:
    """An edit, as it happens."""

    update: bytes


@dataclass(frozen=True, slots=True)
class Presence:
    """New presence states."""

    entries: tuple[PresenceEntry, ...]


@dataclass(frozen=True, slots=True)
class QueryPresence:
    """Asks for all presence states."""


@dataclass(frozen=True, slots=True)
class Denied:
    """Permission denied, with a reason for people."""

    reason: str


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """y-sweet's probe: the same payload comes back once all that was sent before is safe."""

    payload: bytes


Message = SyncStep1 | SyncStep2 | SyncUpdate | Presence | QueryPresence | Denied | SyncStatus


def decode(frame: bytes, limits: Limits) -> tuple[Message, ...]:
    """The messages of one frame, in order; at least one."""
    size = len(frame)
    if size > limits.max_frame_bytes:
        raise TooLarge(f"frame of {size} bytes is over the limit of {limits.max_frame_bytes}")
    reader = Reader(frame)
    message = _message(reader, limits)
    if reader.pos == size:
        return (message,)
    messages = [message]
    while reader.pos < size:
        if len(messages) == limits.max_messages:
            raise TooLarge(f"frame has more than {limits.max_messages} messages")
        messages.append(_message(reader, limits))
    return tuple(messages)


def encode(message: Message) -> bytes:
    """One message as one frame."""
    match message:
        case SyncStep1(state_vector):
            return b"\x00\x00" + write_bytes(state_vector)
        case SyncStep2(update):
            return b"\x00\x01" + write_bytes(update)
        case SyncUpdate(update):
            return b"\x00\x02" + write_bytes(update)
        case Presence(entries):
            return b"\x01" + write_bytes(encode_presence(entries))
        case QueryPresence():
            return b"\x03"
        case Denied(reason):
            return b"\x02\x00" + write_string(reason)
        case SyncStatus(payload):
            return b"\x66" + write_bytes(payload)
        case _:
            assert_never(message)


def _message(reader: Reader, limits: Limits) -> Message:
    start = reader.pos
    match reader.uint():
        case 0:
            return _sync(reader)
        case 1:
            return Presence(
                decode_presence(
                    reader.bytes(),
                    max_entries=limits.max_presence_entries,
                    max_state_bytes=limits.max_presence_bytes,
                )
            )
        case 2:
            return _auth(reader)
        case 3:
            return QueryPresence()
        case 102:
            return SyncStatus(reader.bytes())
        case number:
            raise Malformed(f"expected message 0, 1, 2, 3 or 102 at {start}, got {number}")


def _sync(reader: Reader) -> SyncStep1 | SyncStep2 | SyncUpdate:
    start = reader.pos
    step = reader.uint()
    if step == 2:
        return SyncUpdate(reader.bytes())
    if step == 1:
        return SyncStep2(reader.bytes())
    if step == 0:
        return SyncStep1(reader.bytes())
    raise Malformed(f"expected sync step 0, 1 or 2 at {start}, got {step}")


def _auth(reader: Reader) -> Denied:
    start = reader.pos
    kind = reader.uint()
    if kind != 0:
        raise Malformed(f"expected auth message 0 at {start}, got {kind}")
    return Denied(reader.string())
