"""Writing into a room of another server, as a Yjs client of it, for a person with a token.

The run is this process's alone: the remote server sees a peer that types, and knows neither the
run nor the model. A server that answers y-sweet's sync status, as ours does, has committed what
it confirms; so *done* means the same as in a room of one's own. What does not live here: the
websocket (``server.remote``), the protocol (``colleague``), the books of the run (``errand``).

Laws kept here: L8 and L9, by the remote server: it judges the token's rights with each write. A
connection that ends costs nothing: what was sent is sent again first, and is recognized.
"""

from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Final, Protocol

from ai_agent.beside import beside
from ai_agent.colleague import FRAMES, Colleague
from ai_agent.ports import Arrival
from server.document.landed import NOTHING, landed
from server.document.proposals import proposals_of
from server.document.replica import Replica
from server.protocol.errors import RoomClosed, RunFailed
from server.protocol.messages import Denied, SyncStep1, SyncStep2, SyncUpdate, decode, encode
from server.room.authors import Authors
from server.room.ports import Clock
from server.room.run_ports import Run, RunReason
from server.room.settling import open_of

SILENCE_SECONDS: Final = 60.0
"""Our servers say something twice a minute."""

NOTHING_YET: Final = b"\0"
"""The state vector of an empty document."""


class Channel(Protocol):
    """Websocket messages, in order. Raises ``RoomClosed`` when the connection has ended."""

    async def send(self, frame: bytes) -> None:
        """One message."""

    async def receive(self) -> bytes:
        """The next message."""


Connect = Callable[[], AbstractAsyncContextManager[Channel]]
"""A new connection to the room. Raises ``RunFailed`` where the server does not let us in,
``RoomClosed`` where it cannot be reached."""


class RemoteLink:
    """The ``Link`` to a room elsewhere. ``sent`` outlives it."""

    def __init__(self, channel: Channel, clock: Clock, sent: list[bytes]) -> None:
        self._channel = channel
        self._clock = clock
        self._sent = sent
        self._kept: deque[bytes] = deque()

    async def read(self) -> bytes:
        """The next frame."""
        return self._kept.popleft() if self._kept else await self._receive()

    async def send(self, frame: bytes) -> None:
        """Websockets hold up who writes faster than they can."""
        for message in decode(frame, FRAMES):
            if isinstance(message, SyncUpdate):
                self._sent.append(message.update)
        await self._channel.send(frame)

    def refused(self, reason: str) -> None:
        """The remote server's word is all that we know of our rights."""
        raise RunFailed(RunReason.ROOM.value, f"The remote server says: {reason}")

    async def fetch(self) -> bytes:
        """The document with all that was sent before, as one update. What else comes meanwhile is
        kept for ``read``. Large documents come in portions, the answer to step 1 last."""
        for update in self._sent:
            await self._channel.send(encode(SyncUpdate(update)))
        await self._channel.send(encode(SyncStep1(NOTHING_YET)))
        parts = list(self._sent)
        while True:
            frame = await self._receive()
            self._kept.append(frame)
            for message in decode(frame, FRAMES):
                match message:
                    case SyncUpdate(update):
                        parts.append(update)
                    case SyncStep2(update):
                        return _one([*parts, update])
                    case Denied(reason):
                        self.refused(reason)
                    case _:
                        pass

    async def _receive(self) -> bytes:
        async with beside(self._tire()):
            return await self._channel.receive()

    async def _tire(self) -> None:
        await self._clock.sleep(SILENCE_SECONDS)
        raise RoomClosed(f"the remote server has said nothing for {SILENCE_SECONDS:.0f} seconds")


@dataclass(frozen=True, slots=True)
class RemotePlace:
    """The ``Place`` port over a connection, for one run."""

    connect: Connect
    clock: Clock
    _sent: list[bytes] = field(default_factory=list)

    @asynccontextmanager
    async def arriving(self, run: Run) -> AsyncIterator[Arrival]:
        """A seat, and the project as its server tells it: nobody's hands are known."""
        async with self.connect() as channel:
            link = RemoteLink(channel, self.clock, self._sent)
            state = await link.fetch()
            before = landed(self._sent, state) if self._sent else NOTHING
            yield Arrival(Colleague(link), state, before, Authors())

    async def has_open_proposals(self, run: Run) -> bool:
        """Asked anew: people may have decided already."""
        async with self.connect() as channel:
            state = await RemoteLink(channel, self.clock, []).fetch()
        with closing(Replica.load([state])) as replica:
            return bool(open_of(run.id, replica.read(proposals_of)))


def _one(updates: list[bytes]) -> bytes:
    with closing(Replica.load(updates)) as replica:
        return replica.everything()
