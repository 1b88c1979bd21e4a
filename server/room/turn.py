"""One turn of a room: commands are performed on the document, and everything that
anybody will be told of it is collected, to be released after the commit.

Law kept here: L1. An answer is *encoded* while the turn runs and *sent* by
:meth:`Turn.release`, which the room calls only once the turn's rows are durable. So
whatever was encoded contains nothing that is not committed. Waiting first and
encoding then would leak what arrived meanwhile.
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from server.protocol.awareness import PresenceEntry
from server.protocol.errors import AgentcError
from server.protocol.ids import ClientId, Seq
from server.protocol.messages import Denied, Limits, Presence, SyncStatus, SyncUpdate, encode
from server.protocol.update import inspect
from server.room.live import Change
from server.room.peer import Peer
from server.session.session import Missed

ENTRIES_PER_FRAME = Limits().max_presence_entries
"""Clients repeat what they are told in frames of the same shape, which must fit our bound."""


def starts_of(event: bytes) -> dict[ClientId, int]:
    """For each client in an update, the first clock of its structs."""
    starts: dict[ClientId, int] = {}
    for run in inspect(event).structs:
        starts[run.client] = min(run.start, starts.get(run.client, run.start))
    return starts


def presence_frames(
    entries: tuple[PresenceEntry, ...],
) -> Iterator[tuple[bytes, Callable[[Missed], None]]]:
    """Frames that tell of these entries, each with what makes up for it if withheld."""
    for first in range(0, len(entries), ENTRIES_PER_FRAME):
        part = entries[first : first + ENTRIES_PER_FRAME]
        clients = [entry.client for entry in part]
        yield encode(Presence(part)), partial(_note_entries, clients)


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
    farewells: list[Farewell] = field(default_factory=list)
    _sends: list[tuple[Peer, bytes, Callable[[Missed], None]]] = field(default_factory=list)
    _confirmations: list[tuple[Peer, bytes]] = field(default_factory=list)
    _answers: list[tuple["asyncio.Future[Any]", Any]] = field(default_factory=list)
    _written: list["asyncio.Future[Seq]"] = field(default_factory=list)

    def answer_peer(self, peer: Peer, frame: bytes, state_vector: bytes) -> None:
        """A difference that the peer asked for by its state vector."""
        self._sends.append((peer, frame, partial(_note_request, state_vector)))

    def tell(self, peer: Peer, frame: bytes, make_up: Callable[[Missed], None]) -> None:
        """Anything else that is for one peer."""
        self._sends.append((peer, frame, make_up))

    def tell_presence(self, peer: Peer, entries: tuple[PresenceEntry, ...]) -> None:
        """Presence entries for one peer."""
        for frame, make_up in presence_frames(entries):
            self.tell(peer, frame, make_up)

    def refuse(self, peer: Peer, reason: str) -> None:
        """Tell a peer that its write was not accepted; its connection stays (L8)."""
        self.tell(peer, encode(Denied(reason)), partial(_note_refusal, reason))

    def confirm(self, peer: Peer, payload: bytes) -> None:
        """Tell a peer that everything it sent so far is committed."""
        self._confirmations.append((peer, payload))

    def resolve(self, answer: "asyncio.Future[Any]", value: Any) -> None:
        """An in-process reader's answer, already computed."""
        self._answers.append((answer, value))

    def resolve_written(self, answer: "asyncio.Future[Seq]") -> None:
        """An in-process writer; it learns the seq that its edit is contained in."""
        self._written.append(answer)

    def release(
        self, change: Change, entries: tuple[PresenceEntry, ...], peers: Iterable[Peer], seq: Seq
    ) -> None:
        """The turn's rows are durable: tell everybody what is theirs to know."""
        everybody = tuple(peers)
        for peer, frame, make_up in self._sends:
            peer.send(frame, make_up, self.now)
        if change.event is not None:
            self._broadcast_update(change.event, everybody)
        for frame, note in presence_frames(entries):
            for peer in everybody:
                peer.send(frame, note, self.now)
        for peer, payload in self._confirmations:
            peer.send(encode(SyncStatus(payload)), partial(_note_confirmation, payload), self.now)
        self._resolve(seq)
        for farewell in self.farewells:
            farewell.peer.close(farewell.error.close_code, farewell.error.told)

    def _broadcast_update(self, event: bytes, peers: tuple[Peer, ...]) -> None:
        frame = encode(SyncUpdate(event))
        starts: dict[ClientId, int] | None = None

        def make_up(missed: Missed) -> None:
            nonlocal starts
            starts = starts_of(event) if starts is None else starts
            missed.updates(starts)

        for peer in peers:
            peer.send(frame, make_up, self.now)

    def _resolve(self, seq: Seq) -> None:
        for answer, value in self._answers:
            if not answer.done():
                answer.set_result(value)
        for written in self._written:
            if not written.done():
                written.set_result(seq)


def _note_entries(clients: list[ClientId], missed: Missed) -> None:
    missed.entries(clients)


def _note_request(state_vector: bytes, missed: Missed) -> None:
    missed.state_vector = state_vector


def _note_refusal(reason: str, missed: Missed) -> None:
    missed.refusal = reason


def _note_confirmation(payload: bytes, missed: Missed) -> None:
    missed.confirmation = payload
