"""One turn of a room: commands are performed on the document, and everything that
anybody will be told of it is collected, to be released after the commit.

Law kept here: L1. A letter is *encoded* while the turn runs and *sent* by
:meth:`Turn.release`, which the room calls only once the turn's rows are durable. So
whatever was encoded contains nothing that is not committed. Waiting first and
encoding then would leak what arrived meanwhile. Failures wait for the release too:
their words may quote what they saw.
"""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from server.document.pieces import ranges
from server.protocol.awareness import PresenceEntry
from server.protocol.errors import AgentcError
from server.protocol.ids import ClientId, Seq
from server.protocol.messages import Limits, Presence, SyncUpdate, encode
from server.room.commands import AtSeq, fail
from server.room.live import Change
from server.room.peer import Peer
from server.session.owed import Owed
from server.session.owners import PeerId

ENTRIES_PER_FRAME = Limits().max_presence_entries
BYTES_PER_FRAME = 512 * 1024
"""Clients repeat what they are told in frames of the same shape, which must fit our bounds."""


@dataclass(frozen=True, slots=True)
class Letter:
    """What one peer is told of a turn, encoded; ``owed`` is the same before encoding, and
    ``later`` what is too large to be told at once."""

    peer: Peer
    frames: tuple[bytes, ...]
    owed: Owed
    later: Owed | None


@dataclass(frozen=True, slots=True)
class Farewell:
    """A connection to end once the turn is released."""

    peer: Peer
    error: AgentcError


@dataclass(slots=True)
class Turn:
    """What one turn owes to whom. ``now`` is monotonic, in seconds."""

    now: float
    claims: list[tuple[ClientId, Peer]] = field(default_factory=list)
    presence: set[ClientId] = field(default_factory=set)
    letters: list[Letter] = field(default_factory=list)
    portions: dict[PeerId, tuple[Peer, bytes | None]] = field(default_factory=dict)
    farewells: list[Farewell] = field(default_factory=list)
    owed: dict[PeerId, tuple[Peer, Owed]] = field(default_factory=dict)
    _answers: list[tuple["asyncio.Future[Any]", Any]] = field(default_factory=list)
    _written: list["asyncio.Future[Seq]"] = field(default_factory=list)
    _edited: list[tuple["asyncio.Future[AtSeq[Any]]", Any]] = field(default_factory=list)
    _failed: list[tuple["asyncio.Future[Any]", Exception]] = field(default_factory=list)

    def owe(self, peer: Peer) -> Owed:
        """What this peer will be told; to be added to."""
        return self.owed.setdefault(peer.id, (peer, Owed()))[1]

    def resolve(self, answer: "asyncio.Future[Any]", value: Any) -> None:
        """An in-process reader's answer, already computed."""
        self._answers.append((answer, value))

    def resolve_written(self, answer: "asyncio.Future[Seq]") -> None:
        """An in-process writer; it learns a seq that its edit is contained in."""
        self._written.append(answer)

    def resolve_edited(self, answer: "asyncio.Future[AtSeq[Any]]", value: Any) -> None:
        """An in-process editor; it learns what its change answered, and the seq."""
        self._edited.append((answer, value))

    def fail(self, answer: "asyncio.Future[Any]", error: Exception) -> None:
        """An in-process request that cannot be served."""
        self._failed.append((answer, error))

    def release(
        self, change: Change, entries: tuple[PresenceEntry, ...], peers: Iterable[Peer], seq: Seq
    ) -> None:
        """The turn's rows are durable: tell everybody what is theirs to know."""
        everybody = tuple(peers)
        for letter in self.letters:
            letter.peer.deliver(letter.frames, letter.owed, self.now)
            if letter.later is not None:
                letter.peer.put_off(letter.later)
        for peer, portion in self.portions.values():
            peer.send_portion(portion, self.now)
        if change.event is not None:
            self._broadcast_update(change.event, everybody)
        self._broadcast_presence(entries, everybody)
        self._answer(seq)
        for farewell in self.farewells:
            farewell.peer.close(farewell.error.close_code, farewell.error.told)

    def _broadcast_update(self, event: bytes, peers: tuple[Peer, ...]) -> None:
        frame = encode(SyncUpdate(event))
        starts: dict[ClientId, int] | None = None
        for peer in peers:
            if not peer.send(frame, self.now):
                starts = starts_of(event) if starts is None else starts
                peer.session.missed.updates(starts, len(event))

    def _broadcast_presence(
        self, entries: tuple[PresenceEntry, ...], peers: tuple[Peer, ...]
    ) -> None:
        for part in in_frames(entries):
            frame = encode(Presence(part))
            clients = [entry.client for entry in part]
            for peer in peers:
                if not peer.send(frame, self.now):
                    peer.session.missed.entries(clients)

    def _answer(self, seq: Seq) -> None:
        for answer, value in self._answers:
            if not answer.done():
                answer.set_result(value)
        for written in self._written:
            if not written.done():
                written.set_result(seq)
        for edited, value in self._edited:
            if not edited.done():
                edited.set_result(AtSeq(value, seq))
        for failed, error in self._failed:
            fail(failed, error)


def in_frames(entries: Iterable[PresenceEntry]) -> Iterator[tuple[PresenceEntry, ...]]:
    """Presence entries in portions that every peer can repeat in one frame."""
    part: list[PresenceEntry] = []
    size = 0
    for entry in entries:
        weight = len(entry.state or "") * 4
        if part and (len(part) == ENTRIES_PER_FRAME or size + weight > BYTES_PER_FRAME):
            yield tuple(part)
            part, size = [], 0
        part.append(entry)
        size += weight
    if part:
        yield tuple(part)


def starts_of(event: bytes) -> dict[ClientId, int]:
    """For each client in an update, the first clock of its structs.

    Not ``inspect``: what has been integrated is not judged again.
    """
    starts: dict[ClientId, int] = {}
    for run in ranges(event).structs:
        starts[run.client] = min(run.start, starts.get(run.client, run.start))
    return starts
