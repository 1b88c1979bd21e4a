"""A guest at the end of a bad network: late, in part, or cut.

Frames wait in both directions until ``up`` and ``down`` carry them. What the server writes
is checked in the moment in which it writes it (L1), not when it arrives. Not here: the
processes (``process``) and when anything happens (``world``).
"""

from collections.abc import Callable
from typing import Any

import pycrdt

from server.document.offsets import delete_text, insert_text
from server.protocol.errors import Forbidden, PeerError, RoomClosed, ServerError
from server.protocol.ids import UserId
from server.protocol.messages import (
    Limits,
    Message,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    decode,
)
from server.protocol.ranges import ClockRange, missing
from server.protocol.roles import Right, Role, allows
from server.protocol.update import EMPTY_UPDATE, UpdateShape, inspect, read_state_vector
from server.room.peer import Peer
from server.room.ports import Seat
from tests.doubles.channels import RecordingChannel
from tests.doubles.guest import Guest
from tests.simulation.ledger import PROJECT, Ledger, Violation, deletes_of, require
from tests.simulation.process import Process
from tests.simulation.steps import KEYS, Edit

FORGIVEN = frozenset({4500, 4502, 4503, 4504, 1012})
"""Close codes that an honest guest may get: the server could not serve, come back."""


class Socket(RecordingChannel):
    """A channel that shows each frame to a witness when it is written."""

    def __init__(self, witness: Callable[[Message], None]) -> None:
        super().__init__()
        self._witness = witness

    def write(self, frame: bytes) -> None:
        """Queue one message."""
        if self.closed is None:
            for message in decode(frame, Limits()):
                self._witness(message)
        super().write(frame)


class Participant(Guest):
    """One client of the simulation."""

    def __init__(self, name: str, client_id: int, ledger: Ledger, role: Role) -> None:
        super().__init__(name, client_id)
        self.role: Role | None = role
        self.ledger = ledger
        self.shadow = ledger.follow(name)
        self.outgoing: list[bytes] = []
        self.own: list[bytes] = []
        self.ghosts: list[Peer] = []
        self.open = False
        self.removed = False
        self.process: Process | None = None
        self.changed = True
        self.barred: tuple[ClockRange, ...] = ()
        self._permitted: tuple[ClockRange, ...] = ()
        self._delivered: list[UpdateShape] = []
        self._asked: dict[bytes, int] = {}
        self._calls = 0
        self._questions = 0

    # --- what a person does ---

    def do(self, change: Callable[["pycrdt.Doc[Any]"], None]) -> bytes:
        """Change the document; the update, empty if nothing changed."""
        events: list[bytes] = []
        watch = self.doc.observe(lambda event: events.append(event.update))
        with self.doc.transaction():
            change(self.doc)
        self.doc.unobserve(watch)
        if not events:
            return EMPTY_UPDATE
        self.own.append(events[0])
        self.shadow.add(events[0])
        self.changed = True
        return events[0]

    async def repeat(self, which: int) -> None:
        """Send an update of our own once more, or at last."""
        if self.own:
            await self.say(SyncUpdate(self.own[-1 - which % len(self.own)]))

    async def ask(self) -> None:
        """Ask whether all is saved."""
        self._questions += 1
        await self.say(SyncStatus(b"%d" % self._questions))

    def reload(self, client_id: int) -> None:
        """A new page: the document starts empty."""
        self.sever()
        self.doc = pycrdt.Doc(client_id=client_id)
        self.own, self.barred = [], ()
        self.shadow = self.ledger.follow(self.name)
        self.changed = True

    # --- the socket ---

    async def join(self, process: Process) -> None:
        """Connect as the edge would; gives up when the server cannot serve."""
        self.sever()
        self._calls += 1
        call = self._calls
        channel = Socket(lambda message: self._witness(message, call))
        self.channel, self._seen, self.synced = channel, 0, False
        self.process, self.removed = process, False
        try:
            peer = await self._sit_down(process, channel)
        except (ServerError, Forbidden):
            return
        if call != self._calls:
            peer.leave()
            return
        self.open, self.peer = True, peer
        await self.say(SyncStep1(self.doc.get_state()))

    async def _sit_down(self, process: Process, channel: Socket) -> Peer:
        if self.role is None:
            raise Forbidden("not a member")
        seat, role = Seat(UserId(self.name), None, PROJECT), self.role
        peer = await process.rooms.join(PROJECT, channel, seat, role)
        channel.on_drained = peer.drained
        try:
            await process.rooms.read(PROJECT, lambda _: None)
            if self.role is not role:
                raise RoomClosed("your rights have just changed")
        except ServerError:
            peer.leave()
            raise
        return peer

    def sever(self, *, noticed: bool = True) -> None:
        """The socket is gone, and what was under way in it."""
        if self.peer is not None:
            self.ghosts.append(self.peer)
        self._calls += 1
        self.peer, self.open, self.process = None, False, None
        self.outgoing, self._delivered, self._asked = [], [], {}
        self.channel = RecordingChannel()
        if noticed:
            self.notice()

    def notice(self) -> None:
        """The server finds out about our dead sockets."""
        for ghost in self.ghosts:
            ghost.leave()
        self.ghosts = []

    async def send(self, frame: bytes) -> None:
        """Put a frame on the way."""
        if self.open:
            self.outgoing.append(frame)

    async def up(self, most: int) -> int:
        """Carry frames to the server; how many."""
        frames, self.outgoing = self.outgoing[:most], self.outgoing[most:]
        for frame in frames:
            if self.peer is None or self.channel.closed is not None:
                break
            self._note_delivery(frame)
            try:
                await self.peer.receive(frame)
            except PeerError as error:
                raise Violation(f"{self.name} is honest and was told {error!r}") from error
        return len(frames)

    async def down(self, most: int) -> int:
        """Carry frames from the server; how many. The last thing to arrive is the close."""
        frames = self.channel.frames[:most]
        del self.channel.frames[:most]
        for frame in frames:
            self.changed = True
            for message in decode(frame, Limits()):
                await self._take(message)
        if self.channel.closed is not None and not self.channel.frames:
            self._hang_up(*self.channel.closed)
        return len(frames)

    def _hang_up(self, code: int, reason: str) -> None:
        removed = code == Forbidden.close_code and self.removed
        require(code in FORGIVEN or removed, f"{self.name} is honest and was told {code} {reason}")
        self.sever()

    # --- what is checked ---

    def _witness(self, message: Message, call: int) -> None:
        """The server has just written this to us: all of it is in the log (L1)."""
        match message:
            case SyncStep2(update) | SyncUpdate(update):
                self.ledger.require_holds(update, f"a frame to {self.name}")
            case SyncStatus(payload) if call == self._calls:
                self._require_saved(self._asked[payload])
            case _:
                pass

    def _require_saved(self, count: int) -> None:
        for shape in self._delivered[:count]:
            self.ledger.require_ranges(shape.structs, shape.deletes, f"'saved' to {self.name}")

    def _note_delivery(self, frame: bytes) -> None:
        for message in decode(frame, Limits()):
            if isinstance(message, SyncStatus):
                self._asked[message.payload] = len(self._delivered)
            if not isinstance(message, SyncStep2 | SyncUpdate):
                continue
            shape = inspect(message.update)
            if self.role is not None and allows(self.role, Right.WRITE):
                self._delivered.append(shape)
                self._permitted = missing((*self._permitted, *shape.structs), ())
                self.barred = missing(self.barred, shape.structs)
            else:
                self.ledger.absorb()
                known = (*self.ledger.structs, *self._permitted)
                self.barred = missing((*self.barred, *missing(shape.structs, known)), ())

    def check(self) -> None:
        """What we hold is in the log or our own; what we may not write is not (L1, L8)."""
        if self.changed:
            self.ledger.absorb()
            stray = self.shadow.lacks(self.doc)
            require(not stray, f"L1: {self.name} holds {stray}, which the log does not")
            self.changed = False
        leaked = missing(self.barred, self.ledger.structs) != missing(self.barred, ())
        require(not leaked, f"L8: an edit of {self.name} as a viewer is in the log")

    def meaning(self) -> object:
        """State vector, deletions and content."""
        return meaning(self.doc)


def meaning(doc: "pycrdt.Doc[Any]") -> object:
    """What a document says: clocks, deletions and all content. Not its bytes: a deletion that
    comes together with what it deletes leaves a tombstone where else a range is collected."""
    text: pycrdt.Text = doc.get("t", type=pycrdt.Text)
    nodes: pycrdt.Map[Any] = doc.get("nodes", type=pycrdt.Map)
    items: pycrdt.Array[Any] = doc.get("a", type=pycrdt.Array)
    state = read_state_vector(doc.get_state())
    return state, deletes_of(doc), text.diff(), nodes.to_py(), items.to_py()


def act(doc: "pycrdt.Doc[Any]", edit: Edit) -> None:
    """One edit, at a place that exists."""
    text: pycrdt.Text = doc.get("t", type=pycrdt.Text)
    nodes: pycrdt.Map[Any] = doc.get("nodes", type=pycrdt.Map)
    items: pycrdt.Array[Any] = doc.get("a", type=pycrdt.Array)
    length, key = len(str(text)), KEYS[edit.place % len(KEYS)]
    at = edit.place % (length + 1)
    match edit.act:
        case 0 | 1:
            insert_text(text, at, edit.word)
        case 2:
            delete_text(text, at, min(length, at + 3))
        case 3:
            nodes[key] = pycrdt.Map({"label": edit.word, "content": pycrdt.Text(edit.word)})
        case 4 if key in nodes:
            del nodes[key]
        case 5 if key in nodes:
            nodes[key]["label"] = edit.word
        case 6 if key in nodes:
            insert_text(nodes[key]["content"], 0, edit.word)
        case 7 if len(items) > 3:
            del items[edit.place % len(items)]
        case _:
            items.insert(edit.place % (len(items) + 1), edit.word)
