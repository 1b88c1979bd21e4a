"""Performs commands on a live document, one turn at a time, without waiting.

The desk is where decisions of the session's table become deeds: updates applied,
differences encoded, presence taken over, refusals worded. It is synchronous; the
room around it owns the task, the inbox and the commits.

Laws kept here: L8 (rights are checked for every write by the table; nobody writes
under another's client id; a refusal is told) and L7 (an error of one peer's making
ends that peer's connection and nothing else).
"""

from typing import assert_never

from server.protocol.awareness import PresenceEntry
from server.protocol.errors import AgentcError, Forbidden, ForgedClient, PeerError, Resync, TooLarge
from server.protocol.ids import UserId
from server.protocol.messages import (
    Message,
    Presence,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    encode,
)
from server.protocol.update import UpdateShape
from server.room import commands
from server.room.live import LiveDocument
from server.room.peer import Peer
from server.room.ports import Clock
from server.room.statistics import Statistics
from server.room.turn import Farewell, Turn
from server.session.owners import ClientOwners, PeerId
from server.session.presence import CLIENTS_PER_CONNECTION
from server.session.presence import Presence as PresenceMap
from server.session.session import Missed
from server.session.table import Action, State

READ_ONLY = "you may read this document, not change it: your role is viewer"


class Desk:
    """The document and everybody at it."""

    def __init__(self, document: LiveDocument, clock: Clock, statistics: Statistics) -> None:
        self.document = document
        self.peers: dict[PeerId, Peer] = {}
        self._owners = ClientOwners()
        self._presence = PresenceMap(self._owners)
        self._clock = clock
        self._statistics = statistics

    def perform(self, command: commands.Command, turn: Turn) -> None:
        """Do one thing; what it owes to whom is left in ``turn``."""
        match command:
            case commands.Received(peer, message, shape):
                self._hear(peer, message, shape, turn)
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
            case commands.Read():
                self._read(command, turn)
            case commands.Write():
                self._write(command, turn)
            case commands.CatchUp():
                pass  # The room has read the log before the turn began.
            case _:
                assert_never(command)

    def presence(self, turn: Turn) -> tuple[PresenceEntry, ...]:
        """What has changed in the presence map during the turn."""
        return self._presence.some(turn.presence)

    def settle(self, turn: Turn) -> None:
        """The turn is committed: client ids are learned from logged edits (L8)."""
        for client, peer in turn.claims:
            # Repeating somebody's structs beside a new deletion is an edit, but of no author.
            foreign = self._owners.is_foreign(client, peer.seat.user, turn.now)
            if peer.id in self.peers and not foreign and self._may_claim(peer):
                self._owners.claim(client, peer.owner)

    # --- peers come and go ---

    def _join(self, peer: Peer, turn: Turn) -> None:
        self.peers[peer.id] = peer
        state_vector = self.document.replica.state_vector()
        turn.tell(peer, encode(SyncStep1(state_vector)), _nothing_missed)
        turn.tell_presence(peer, self._presence.all())

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
        turn.refuse(peer, f"your role is now {role.value}")

    def _dismiss(self, peer: Peer, error: AgentcError, turn: Turn) -> None:
        """End one connection for a reason of its own; what it did before stands."""
        self._leave(peer, turn)
        turn.farewells.append(Farewell(peer, error))

    # --- what a peer says ---

    def _hear(self, peer: Peer, message: Message, shape: UpdateShape | None, turn: Turn) -> None:
        try:
            self._act(peer, message, shape, turn)
        except TooLarge as error:
            self._refuse(peer, error.message, turn)
        except (PeerError, Resync) as error:
            self._dismiss(peer, error, turn)

    def _act(self, peer: Peer, message: Message, shape: UpdateShape | None, turn: Turn) -> None:
        action = peer.session.hears(message)
        match action:
            case Action.APPLY | Action.VERIFY:
                assert isinstance(message, SyncStep2 | SyncUpdate)
                assert shape is not None, "an update is inspected before it is heard"
                if action is Action.APPLY:
                    self._apply(peer, message, shape, turn)
                else:
                    self._verify(peer, shape, turn)
            case Action.ANSWER:
                assert isinstance(message, SyncStep1)
                frame = self.document.answer(message.state_vector)
                turn.answer_peer(peer, frame, message.state_vector)
            case Action.ANNOUNCE:
                assert isinstance(message, Presence)
                self._announce(peer, message, turn)
            case Action.TELL_PRESENCE:
                turn.tell_presence(peer, self._presence.all())
            case Action.CONFIRM:
                assert isinstance(message, SyncStatus)
                turn.confirm(peer, message.payload)
            case Action.IGNORE:
                pass
            case _:
                assert_never(action)

    def _apply(
        self, peer: Peer, message: SyncStep2 | SyncUpdate, shape: UpdateShape, turn: Turn
    ) -> None:
        self._refuse_forgery(peer.seat.user, shape, turn)
        if self.document.write(message.update, shape, peer.by, self._clock.now()):
            self._statistics.edits += 1
            # Typing comes one client at a time. A difference after a reconnect may carry
            # other people's edits, and says nothing about whose ids they are.
            if isinstance(message, SyncUpdate) and len(shape.structs) == 1:
                turn.claims.append((shape.structs[0].client, peer))

    def _refuse_forgery(self, user: UserId, shape: UpdateShape, turn: Turn) -> None:
        """Re-sending what the document has is no forgery, so this is asked last."""
        foreign = tuple(
            run for run in shape.structs if self._owners.is_foreign(run.client, user, turn.now)
        )
        if not foreign or self.document.replica.redundant(UpdateShape(foreign, (), 0)):
            return
        client = foreign[0].client
        if self._owners.owner(client) is not None:
            raise ForgedClient(f"client id {client} belongs to somebody else who is connected")
        # The second person at one browser may bring the first one's unsent work.
        raise Resync(f"client id {client} was somebody else's until just now: connect again")

    def _verify(self, peer: Peer, shape: UpdateShape, turn: Turn) -> None:
        if not self.document.replica.redundant(shape):
            self._refuse(peer, READ_ONLY, turn)

    def _refuse(self, peer: Peer, reason: str, turn: Turn) -> None:
        self._statistics.refused_writes += 1
        turn.refuse(peer, reason)

    def _announce(self, peer: Peer, message: Presence, turn: Turn) -> None:
        announced = self._presence.announce(peer.owner, message.entries, turn.now)
        turn.presence.update(entry.client for entry in announced.changed)
        if announced.reminders:
            turn.tell_presence(peer, announced.reminders)

    def _may_claim(self, peer: Peer) -> bool:
        return self._owners.count(peer.id) < CLIENTS_PER_CONNECTION

    # --- a peer reads again ---

    def _catch_up(self, peer: Peer, turn: Turn) -> None:
        if peer.session.state is not State.LAGGING or peer.id not in self.peers:
            return
        missed = peer.session.catch_up()
        self._statistics.catch_ups += 1
        self._make_up_updates(peer, missed, turn)
        if missed.presence:
            turn.tell_presence(peer, self._presence.some(missed.presence))
        if missed.confirmation is not None:
            turn.confirm(peer, missed.confirmation)
        if missed.refusal is not None:
            turn.refuse(peer, missed.refusal)

    def _make_up_updates(self, peer: Peer, missed: Missed, turn: Turn) -> None:
        if missed.state_vector is not None:
            frame = self.document.answer(missed.state_vector)
            turn.answer_peer(peer, frame, missed.state_vector)
        elif missed.deletes:
            update = self.document.replica.missing_since(missed.starts)
            starts = missed.starts
            turn.tell(peer, encode(SyncUpdate(update)), lambda again: again.updates(starts))

    # --- programs ---

    def _read(self, command: commands.Read, turn: Turn) -> None:
        """The answer is made now and given after the commit (L1)."""
        try:
            turn.resolve(command.answer, command.question(self.document.replica))
        except Exception as error:
            # The question is the asker's code, and so is its failure; the room goes on.
            commands.fail(command.answer, error)

    def _write(self, command: commands.Write, turn: Turn) -> None:
        by = command.by
        try:
            if by.user is not None:
                self._refuse_forgery(by.user, command.shape, turn)
            changed = self.document.write(command.update, command.shape, by, self._clock.now())
        except (PeerError, Resync) as error:
            commands.fail(command.answer, error)
            return
        self._statistics.edits += changed
        turn.resolve_written(command.answer)


def _nothing_missed(_: Missed) -> None:
    """A lagging peer is in the middle of its handshake; its own step 1 makes up for it."""
