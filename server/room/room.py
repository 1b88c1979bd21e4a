"""The owner of one live document: one task, one inbox, one turn after the other.

A turn takes everything that waits, performs it on the document, commits the rows,
and only then tells anybody. While a commit is in flight the inbox fills; the next
turn handles all of it at once, so that a busy room sends few, merged updates.

    LOADING --> LIVE --> DRAINING --> CLOSED        FAILED is reached from any of the first three

What does not live here: what commands do (:mod:`server.room.desk`), what is told to
whom (:mod:`server.room.turn`), who opens and unloads rooms (:mod:`server.room.rooms`).

Laws kept here: L1 (apply, commit, release, in this order), L2 (a failed commit
ends the room, and the next joiner reloads from the log) and L5 (one owner task).
"""

import asyncio
import logging
from collections.abc import Callable
from enum import Enum, auto
from typing import TypeVar

from server.document.replica import Document, Replica
from server.protocol.errors import AgentcError, DocumentFault, NotFound, RoomClosed, ServerError
from server.protocol.ids import ProjectId, Seq
from server.protocol.roles import Role
from server.protocol.update import inspect
from server.room import commands
from server.room.breath import WORTH_A_TURN, Breath, rest
from server.room.commands import AtSeq
from server.room.committer import Committer
from server.room.desk import Desk
from server.room.inbox import Inbox, refuse
from server.room.limits import RoomLimits
from server.room.live import Change, LiveDocument
from server.room.peer import Peer
from server.room.ports import Attribution, Batch, Channel, Clock, Seat, UpdateLog
from server.room.statistics import Statistics
from server.room.turn import Turn
from server.room.typing import by_runs
from server.session.owners import PeerId

logger = logging.getLogger(__name__)

T = TypeVar("T")


class State(Enum):
    """Where a room is in its life (L5)."""

    LOADING = auto()
    LIVE = auto()
    DRAINING = auto()
    CLOSED = auto()
    FAILED = auto()


class Room:
    """One live document. ``run`` is its owner task; everything else only queues."""

    def __init__(
        self,
        project: ProjectId,
        *,
        log: UpdateLog,
        committer: Committer,
        breath: Breath,
        clock: Clock,
        limits: RoomLimits,
        statistics: Statistics,
    ) -> None:
        self.project = project
        self.state = State.LOADING
        self.idle_since = clock.monotonic()
        self._log = log
        self._committer = committer
        self._breath = breath
        self._clock = clock
        self._limits = limits
        self._statistics = statistics
        self._inbox = Inbox(limits.max_inbox_bytes, WORTH_A_TURN)
        self._desk: Desk | None = None
        self._behind = False
        self._told_at = 0.0
        self._goodbye: AgentcError | None = None
        self._loaded = asyncio.Event()
        self._ended = asyncio.Event()
        self.failure: AgentcError | None = None
        """Why the room has ended; None while it has not."""
        self.has_committed = False

    # --- for those who hold a room ---

    @property
    def peers(self) -> tuple[Peer, ...]:
        """The connections in this room, and those whose ``Join`` is in the inbox."""
        return () if self._desk is None else self._desk.everybody

    @property
    def seq(self) -> Seq:
        """How far into the log this room has read."""
        return Seq(0) if self._desk is None else self._desk.document.seq

    @property
    def stored_bytes(self) -> int:
        """What its document weighs in the log."""
        return 0 if self._desk is None else self._desk.document.stored_bytes

    async def loaded(self) -> None:
        """Return once the room is live. Raises why it could not be loaded."""
        await self._loaded.wait()
        if self.failure is not None and self._desk is None:
            raise self.failure

    async def ended(self) -> None:
        """Return once the room is closed or has failed."""
        await self._ended.wait()

    def join(
        self, peer: PeerId, channel: Channel, seat: Seat, role: Role, by: Attribution | None = None
    ) -> Peer:
        """Add a connection; ``by`` is whose its edits are. Raises ``RoomClosed`` unless live."""
        self._require_live()
        newcomer = Peer(peer, seat, role, channel, self._inbox, self._limits, by)
        self._desk_().arriving[peer] = newcomer
        self._inbox.put(commands.Join(newcomer), 0)
        return newcomer

    async def read(self, question: Callable[[Replica], T]) -> T:
        """Ask the document; the answer is given once what it shows is durable (L1).

        ``question`` must return values of its own, nothing that lives in the replica.
        """
        self._require_live()
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._inbox.put(commands.Read(question, answer), 0)
        return await answer

    async def write(self, update: bytes, by: Attribution) -> Seq:
        """Apply an update for a program; answers a seq that contains it, once committed."""
        shape = await asyncio.to_thread(inspect, update)
        await self._inbox.has_room()
        self._require_live()
        answer: asyncio.Future[Seq] = asyncio.get_running_loop().create_future()
        self._inbox.put(commands.Write(update, shape, by, answer), len(update))
        return await answer

    async def submit(
        self, change: Callable[[Document], T], by: Attribution
    ) -> "asyncio.Future[AtSeq[T]]":
        """Queue a change; the answer comes once it is committed.

        Raises ``RoomClosed`` if it was not queued. A failure of the answer says that the
        change was not made, or that nobody knows (L2).
        """
        await self._inbox.has_room()
        self._require_live()
        answer: asyncio.Future[AtSeq[T]] = asyncio.get_running_loop().create_future()
        self._inbox.put(commands.Edit(change, by, answer), 0)
        return answer

    def set_role(self, peer: Peer, role: Role | None) -> None:
        """What the directory says of a peer's rights now."""
        if peer.granted is not role:
            peer.granted = role
            self._inbox.put(commands.SetRole(peer, role), 0)

    def catch_up(self) -> None:
        """Somebody else has written to the log."""
        self._behind = True
        self._inbox.wake()

    def close(self, goodbye: AgentcError) -> None:
        """Finish what waits, then end; the connections are told ``goodbye``."""
        if self.state in {State.LOADING, State.LIVE}:
            self._goodbye = goodbye
            self.state = State.DRAINING
            self._inbox.shut(goodbye)

    def keep_alive(self, now: float) -> None:
        """Break silences before clients give up. No document content, so no turn."""
        for peer in self.peers:
            peer.keep_alive(now, self._limits.keep_alive_seconds)

    # --- the owner task ---

    async def run(self) -> None:
        """Load, take turns until closed, and never leave a waiter behind."""
        try:
            await self._load()
            while not self._is_done():
                await self._inbox.wait()
                await self._gather(self._desk_())
                await self._take_turn(self._desk_())
            self._end(State.CLOSED, self._goodbye or RoomClosed("the room has closed"))
        except (ServerError, NotFound) as error:
            self._end(State.FAILED, error)
        except BaseException as error:
            # Not only Exception: a panic in pycrdt is none. Whose error it was is not known here.
            if isinstance(error, asyncio.CancelledError | KeyboardInterrupt | SystemExit):
                raise
            logger.exception("room %s failed", self.project)
            self._end(State.FAILED, DocumentFault(self.project, "the room failed"))
        finally:
            self.abandon()

    def abandon(self) -> None:
        """The task will not go on, or never began: nobody may wait for it."""
        if self.state not in {State.CLOSED, State.FAILED}:
            self._end(State.FAILED, RoomClosed("the room was stopped"))

    async def _load(self) -> None:
        stored = await self._log.load(self.project)
        most = self._limits.max_document_bytes
        document = LiveDocument(stored, min(most, stored.max_bytes or most))
        self._desk = Desk(document, self._clock, self._limits, self._statistics)
        if self.state is State.LOADING:
            self.state = State.LIVE
        self._loaded.set()

    def _is_done(self) -> bool:
        return self.state is State.DRAINING and not len(self._inbox)

    async def _gather(self, desk: Desk) -> None:
        """Let more come, if much is going on and this is little."""
        if self.state is State.DRAINING or self._inbox.has_plenty:
            return
        since = self._clock.monotonic() - self._told_at
        if pause := rest(len(desk.peers), self._limits.spacing_seconds, since):
            await self._inbox.rest(pause, self._clock)
        await self._breath.ready()

    async def _take_turn(self, desk: Desk) -> None:
        waiting = self._inbox.take()
        try:
            await self._perform(waiting, desk)
        except BaseException as error:
            reason = error if isinstance(error, AgentcError) else RoomClosed("the room failed")
            for command in waiting:
                refuse(command, reason)
            raise

    async def _perform(self, waiting: list[commands.Command], desk: Desk) -> None:
        if self._behind:
            await self._read_log(desk)
        turn = Turn(self._clock.monotonic())
        self._breath.took(len(waiting), turn.now)
        for command in by_runs(waiting):
            desk.perform(command, turn)
        desk.write_letters(turn)
        change = desk.document.take()
        seq = await self._commit(change, desk)
        desk.settle(turn)
        presence = desk.presence(turn)
        turn.release(change, presence, desk.peers.values(), seq)
        if presence or change.event is not None:
            self._told_at = turn.now
        self.idle_since = turn.now

    async def _commit(self, change: Change, desk: Desk) -> Seq:
        """Make a turn durable; the seq up to which the log then holds it."""
        if not change.rows:
            return desk.document.seq
        appended = await self._committer.commit(Batch(self.project, change.rows))
        self.has_committed = True
        self._note_rows(appended.first, appended.last)
        return appended.last

    def _note_rows(self, first: Seq, last: Seq) -> None:
        """Our rows are in the log; if others' slipped in before them, read those next."""
        document = self._desk_().document
        if first == document.seq + 1:
            document.seq = last
        else:
            self.catch_up()

    async def _read_log(self, desk: Desk) -> None:
        """Rows of other processes are committed already: they may be told at once."""
        self._behind = False
        desk.document.absorb(await self._log.read_after(self.project, desk.document.seq))

    def _end(self, state: State, error: AgentcError) -> None:
        self.state = state
        self.failure = error
        if state is State.FAILED:
            self._statistics.failed_rooms += 1
        for peer in self.peers:
            peer.close(error.close_code, error.told)
        self._inbox.close(error)
        if self._desk is not None:
            self._desk.document.close()
        self._loaded.set()
        self._ended.set()

    def _require_live(self) -> None:
        if self.state is not State.LIVE:
            raise RoomClosed("the room is closing; connect again")

    def _desk_(self) -> Desk:
        assert self._desk is not None, "the room is loaded before its first turn"
        return self._desk
