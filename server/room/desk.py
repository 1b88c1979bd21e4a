"""Performs commands on a live document, one turn at a time, without waiting.

The desk is where decisions of the session's table become deeds: updates applied,
differences encoded, presence taken over, refusals worded. It is synchronous; the
room around it owns the task, the inbox and the commits. Long because every command meets
the same document, the same peers and the same presence map.

Laws kept here: L8 (rights are checked for every write by the table; nobody writes
under another's client id; a refusal is told) and L7 (an error of one peer's making
ends that peer's connection and nothing else).
"""

from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import assert_never

from server.protocol.awareness import PresenceEntry
from server.protocol.errors import (
    AgentcError,
    DocumentDamaged,
    Forbidden,
    ForgedClient,
    PeerError,
    Resync,
    TooLarge,
)
from server.protocol.ids import ClientId, UserId
from server.protocol.messages import (
    KEEP_ALIVE,
    Denied,
    Presence,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    encode,
)
from server.protocol.update import (
    EMPTY_UPDATE,
    UpdateShape,
    read_state_vector,
    write_state_vector,
)
from server.room import commands
from server.room.limits import RoomLimits
from server.room.live import LiveDocument, Written
from server.room.peer import Peer
from server.room.ports import Clock
from server.room.statistics import Statistics
from server.room.turn import Farewell, Letter, Turn, in_frames
from server.room.typing import together
from server.session.owed import Owed
from server.session.owners import ClientOwners, PeerId
from server.session.presence import CLIENTS_PER_CONNECTION
from server.session.presence import Presence as PresenceMap
from server.session.table import Action, Delivery, Standing

READ_ONLY = "you may read this document, not change it: your role is viewer"


class Desk:
    """The document and everybody at it."""

    def __init__(
        self, document: LiveDocument, clock: Clock, limits: RoomLimits, statistics: Statistics
    ) -> None:
        self.document = document
        self._most = limits.max_difference_bytes
        self.peers: dict[PeerId, Peer] = {}
        self.arriving: dict[PeerId, Peer] = {}
        """Those whose ``Join`` is in the inbox."""
        self._owners = ClientOwners()
        self._presence = PresenceMap(self._owners)
        self._clock = clock
        self._statistics = statistics

    @property
    def everybody(self) -> tuple[Peer, ...]:
        """Also those who are about to join: what is asked of them now comes after that."""
        return (*self.peers.values(), *self.arriving.values())

    def perform(self, command: commands.Command, turn: Turn) -> None:
        """Do one thing; what it owes to whom is left in ``turn``."""
        match command:
            case commands.Received():
                self._hear(command, turn)
            case commands.Typed():
                self._type(command, turn)
            case commands.Join(peer):
                self._join(peer, turn)
            case commands.Leave(peer):
                self._leave(peer, turn)
            case commands.Refuse(peer, reason):
                self._refuse(peer, reason, turn)
            case commands.Drained(peer):
                self._catch_up(peer, turn)
            case commands.SetRole():
                self._set_role(command, turn)
            case commands.Read() | commands.Write() | commands.Edit():
                self._serve(command, turn)
            case _:
                assert_never(command)

    def write_letters(self, turn: Turn) -> None:
        """Encode what the turn owes to single peers. After the last command, before the
        commit: so one answer serves all that a peer has asked in a turn."""
        if not turn.owed:
            return
        everybody = cache(lambda: _presence_frames(self._presence.all()))
        for peer, owed in turn.owed.values():
            frames: list[bytes] = []
            later = None
            if peer.session.says() is Delivery.SEND:
                later = owed.put_off(self._most)
                frames += self._frames(owed)
                frames += everybody() if owed.everybody else ()
            turn.letters.append(Letter(peer, tuple(frames), owed, later))

    def presence(self, turn: Turn) -> tuple[PresenceEntry, ...]:
        """What has changed in the presence map during the turn."""
        return self._presence.some(turn.presence) if turn.presence else ()

    def settle(self, turn: Turn) -> None:
        """The turn is committed: client ids are learned from logged edits (L8)."""
        for client, peer in turn.claims:
            if peer.id in self.peers and self._may_claim(peer):
                self._owners.claim(client, peer.owner, writes=True)

    def _frames(self, owed: Owed) -> Iterator[bytes]:
        """What is owed, in words, but for the presence map."""
        replica = self.document.replica
        if owed.handshake:
            yield encode(SyncStep1(replica.state_vector()))
        if owed.state is not None:
            yield self.document.answer(write_state_vector(owed.state))
        elif owed.behind:
            yield encode(SyncUpdate(replica.missing_since(owed.starts)))
        if owed.presence and not owed.everybody:
            yield from _presence_frames(self._presence.some(owed.presence))
        if owed.refusal is not None:
            yield encode(Denied(owed.refusal))
        if owed.confirmation is not None:
            yield encode(SyncStatus(owed.confirmation))

    # --- peers come and go ---

    def _join(self, peer: Peer, turn: Turn) -> None:
        self.peers[peer.id] = peer
        self.arriving.pop(peer.id, None)
        owed = turn.owe(peer)
        owed.handshake = owed.everybody = True

    def _leave(self, peer: Peer, turn: Turn) -> None:
        peer.session.close()
        if self.peers.pop(peer.id, None) is not None:
            gone = self._presence.leave(peer.id, turn.now)
            turn.presence.update(entry.client for entry in gone)

    def _set_role(self, command: commands.SetRole, turn: Turn) -> None:
        peer, role = command.peer, command.role
        if peer.id not in self.peers or peer.session.role == role:
            return
        if role is None:
            self._dismiss(peer, Forbidden("access to this document was withdrawn"), turn)
            return
        peer.session.role = role
        owed = turn.owe(peer)
        owed.refusal = f"your role is now {role.value}"
        # Whoever may write from now on is asked for what was refused until now: later edits
        # follow on it, and could not be integrated without it.
        owed.handshake = peer.session.standing is Standing.WRITER

    def _dismiss(self, peer: Peer, error: AgentcError, turn: Turn) -> None:
        """End one connection for a reason of its own; what it did before stands."""
        self._leave(peer, turn)
        turn.farewells.append(Farewell(peer, error))

    # --- what a peer says ---

    def _hear(self, said: commands.Received, turn: Turn) -> None:
        try:
            self._act(said, turn)
        except TooLarge as error:
            self._refuse(said.peer, error.message, turn)
        except (PeerError, Resync) as error:
            self._dismiss(said.peer, error, turn)

    def _type(self, typed: commands.Typed, turn: Turn) -> None:
        """All of it as one; if that is declined, each by itself, to find out which."""
        if self._can_take(typed.parts[0]):
            with suppress(PeerError, Resync):
                self._apply(together(typed), turn, edits=len(typed.parts))
                return
        for part in typed.parts:
            self.perform(part, turn)

    def _can_take(self, first: commands.Received) -> bool:
        """Whether what begins a run may be written, and follows what is there."""
        assert first.shape is not None, "an update is inspected before it is heard"
        may_write = first.peer.session.hears(first.message) is Action.APPLY
        return may_write and self.document.replica.continues(first.shape)

    def _act(self, said: commands.Received, turn: Turn) -> None:
        peer, message = said.peer, said.message
        action = peer.session.hears(message)
        match action:
            case Action.APPLY:
                self._apply(said, turn)
            case Action.VERIFY:
                self._verify(said, turn)
            case Action.ANSWER:
                assert isinstance(message, SyncStep1)
                state = read_state_vector(message.state_vector, bounded=True)
                turn.owe(peer).difference(state, self.document.weigh(state, self._most))
            case Action.ANNOUNCE:
                assert isinstance(message, Presence)
                self._announce(peer, message, turn)
            case Action.TELL_PRESENCE:
                turn.owe(peer).everybody = True
            case Action.CONFIRM:
                assert isinstance(message, SyncStatus)
                if not peer.session.was_refused:
                    turn.owe(peer).confirmation = message.payload
            case Action.IGNORE:
                pass
            case _:
                assert_never(action)

    def _apply(self, said: commands.Received, turn: Turn, *, edits: int = 1) -> None:
        peer, message, shape = said.peer, said.message, said.shape
        assert isinstance(message, SyncStep2 | SyncUpdate)
        assert shape is not None, "an update is inspected before it is heard"
        self._refuse_forgery(peer.seat.user, shape, turn)
        typed = self._typed_by(peer, message, shape)
        written = self.document.write(message.update, shape, peer.by, self._clock.now())
        if written is Written.PARKED:
            turn.owe(peer).handshake = True  # Ask for the beginning.
        if written is not Written.NOTHING:
            self._statistics.edits += edits
            turn.claims.extend((client, peer) for client in typed)

    def _typed_by(
        self, peer: Peer, message: SyncStep2 | SyncUpdate, shape: UpdateShape
    ) -> list[ClientId]:
        """Whose id an update shows to be its sender's, if that is news; asked before it is
        applied.

        Typing comes one client at a time and says something new. A difference after a
        reconnect may carry other people's edits, and a repetition is anybody's.
        """
        if isinstance(message, SyncStep2) or len(shape.structs) != 1:
            return []
        if self._owners.is_writer(shape.structs[0].client, peer.owner):
            return []
        if self.document.replica.redundant(UpdateShape(shape.structs, (), 0)):
            return []
        return [shape.structs[0].client]

    def _refuse_forgery(self, user: UserId, shape: UpdateShape, turn: Turn) -> None:
        """Re-sending what the document has is no forgery, so this is asked last."""
        may_write, now = self._owners.may_write, turn.now
        own = self.document.replica.client_id
        foreign = tuple(
            [
                run
                for run in shape.structs
                if run.client == own or not may_write(run.client, user, now)
            ]
        )
        if not foreign or self.document.replica.redundant(UpdateShape(foreign, (), 0)):
            return
        client = foreign[0].client
        if client == own or self._owners.owner(client) is not None:
            raise ForgedClient(f"client id {client} belongs to somebody else who is connected")
        # The second person at one browser may bring the first one's unsent work.
        raise Resync(f"client id {client} was somebody else's until just now: connect again")

    def _verify(self, said: commands.Received, turn: Turn) -> None:
        assert said.shape is not None, "an update is inspected before it is heard"
        if not self.document.replica.redundant(said.shape):
            self._refuse(said.peer, READ_ONLY, turn)

    def _refuse(self, peer: Peer, reason: str, turn: Turn) -> None:
        self._statistics.refused_writes += 1
        peer.session.was_refused = True
        turn.owe(peer).refusal = reason

    def _announce(self, peer: Peer, message: Presence, turn: Turn) -> None:
        announced = self._presence.announce(
            peer.owner,
            message.entries,
            turn.now,
            writes=peer.session.standing is Standing.WRITER,
        )
        turn.presence.update(entry.client for entry in announced.changed)
        turn.owe(peer).entries(entry.client for entry in announced.reminders)
        if announced.too_large:
            turn.owe(peer).refusal = "presence too large: it is not shown to others"

    def _may_claim(self, peer: Peer) -> bool:
        return len(self._owners.clients(peer.id)) < CLIENTS_PER_CONNECTION

    # --- a peer reads again ---

    def _catch_up(self, peer: Peer, turn: Turn) -> None:
        # Full, or asked for twice: the channel tells when it has drained, and one is enough.
        if not peer.can_catch_up or peer.id not in self.peers or peer.id in turn.portions:
            return
        portion = peer.next_portion(self.document)
        if portion is not None:
            frame = None if portion == EMPTY_UPDATE else encode(SyncUpdate(portion))
            turn.portions[peer.id] = (peer, frame)
            return
        self._statistics.catch_ups += 1
        turn.owe(peer).absorb(peer.catch_up())

    # --- programs ---

    def _serve(self, command: commands.Read | commands.Write | commands.Edit, turn: Turn) -> None:
        match command:
            case commands.Read():
                self._read(command, turn)
            case commands.Write():
                self._write(command, turn)
            case commands.Edit():
                self._edit(command, turn)
            case _:
                assert_never(command)

    def _read(self, command: commands.Read, turn: Turn) -> None:
        """The answer is made now and given after the commit (L1)."""
        try:
            turn.resolve(command.answer, command.question(self.document.replica))
        except Exception as error:
            # The question is the asker's code, and so is its failure; the room goes on.
            turn.fail(command.answer, error)

    def _write(self, command: commands.Write, turn: Turn) -> None:
        by = command.by
        try:
            if by.user is not None:
                self._refuse_forgery(by.user, command.shape, turn)
            written = self.document.write(command.update, command.shape, by, self._clock.now())
        except (PeerError, Resync) as error:
            turn.fail(command.answer, error)
            return
        self._statistics.edits += written is not Written.NOTHING
        turn.resolve_written(command.answer)

    def _edit(self, command: commands.Edit, turn: Turn) -> None:
        """The change is the asker's code: whatever it raises is theirs, and undone."""
        try:
            value, did = self.document.edit(command.change, command.by, self._clock.now())
        except Exception as error:
            if isinstance(error, DocumentDamaged):  # The way back: the room cannot go on.
                raise
            turn.fail(command.answer, error)
            return
        self._statistics.edits += did is Written.CHANGED
        turn.resolve_edited(command.answer, value)


def _presence_frames(entries: tuple[PresenceEntry, ...]) -> tuple[bytes, ...]:
    """An empty map is told as well: that is how a joiner knows that it has all."""
    return tuple(encode(Presence(part)) for part in in_frames(entries)) or (KEEP_ALIVE,)
