"""A room's inbox: commands in order, with a bound on the bytes that wait in it.

Putting never blocks, because sockets cannot wait in the middle of a callback;
instead a connection asks :meth:`Inbox.has_room` before it reads on. So the bound
may be passed by what each connection had in its hand, and by no more.
"""

import asyncio
from collections.abc import Callable

from server.protocol.errors import AgentcError, RoomClosed
from server.room.commands import Command, Edit, Join, Read, Received, Write, fail
from server.room.ports import Clock


class Inbox:
    """A bounded queue with one reader, the room's owner task. ``plenty`` is a number of edits."""

    def __init__(self, max_bytes: int, plenty: int) -> None:
        self._max_bytes = max_bytes
        self._plenty = plenty
        self._at_plenty: Callable[[], object] | None = None
        self._commands: list[Command] = []
        self._edits = 0
        self._bytes = 0
        self._news = asyncio.Event()
        self._relief = asyncio.Event()
        self._relief.set()
        self._waiting: list[Callable[[], None]] = []
        self._closed: AgentcError | None = None

    def __len__(self) -> int:
        return len(self._commands)

    def put(self, command: Command, size: int) -> None:
        """Queue a command that holds about ``size`` bytes."""
        if self._closed is not None:
            refuse(command, self._closed)
            return
        self._commands.append(command)
        self._bytes += size
        if not isinstance(command, Received) or command.shape is not None:
            self._note_edit()
        self._news.set()
        if self._bytes > self._max_bytes:
            self._relief.clear()

    async def has_room(self) -> None:
        """Return once the inbox is below its bound, or closed."""
        await self._relief.wait()

    @property
    def full(self) -> bool:
        """Whether the bound is passed: who puts more should wait first."""
        return not self._relief.is_set()

    def when_room(self, go_on: Callable[[], None]) -> None:
        """:meth:`has_room` for those who cannot await: calls ``go_on`` soon after it."""
        self._waiting.append(go_on)

    @property
    def has_plenty(self) -> bool:
        """Whether it is worth a turn. Cursors are not: the newest of each replaces the others."""
        return self._edits >= self._plenty

    async def rest(self, seconds: float, clock: Clock) -> None:
        """Wait, but not with plenty to do."""
        async with asyncio.TaskGroup() as waiting:
            alarm = waiting.create_task(clock.sleep(seconds))
            self._at_plenty = alarm.cancel

    async def wait(self) -> None:
        """Return once there is something to do."""
        await self._news.wait()

    def wake(self) -> None:
        """Make :meth:`wait` return although nothing was put."""
        self._news.set()

    def take(self) -> list[Command]:
        """Everything that waits, in order."""
        taken, self._commands = self._commands, []
        self._bytes = self._edits = 0
        self._at_plenty = None
        self._news.clear()
        self._relief.set()
        waiting, self._waiting = self._waiting, []
        for go_on in waiting:
            # Not from within: what a connection does next is none of the room's task's business.
            asyncio.get_running_loop().call_soon(go_on)
        return taken

    def shut(self, error: AgentcError) -> None:
        """Refuse what comes from now on; what waits will still be done."""
        self._closed = error
        self.wake()

    def close(self, error: AgentcError) -> None:
        """Refuse everything that waits, and everything that comes later."""
        self._closed = error
        for command in self.take():
            refuse(command, error)

    def _note_edit(self) -> None:
        self._edits += 1
        if self._edits == self._plenty and self._at_plenty is not None:
            self._at_plenty()


def refuse(command: Command, error: AgentcError) -> None:
    """Tell whoever waits for this command that it will not be done."""
    match command:
        case Read(_, answer):
            # Whatever ended the room, it was not the reader: the next room will answer.
            fail(answer, RoomClosed(error.message))
        case Write(answer=answer) | Edit(answer=answer):
            fail(answer, error)
        case Join(peer):
            peer.close(error.close_code, error.told)
        case _:
            pass  # A peer's words: the peer itself is told, by its connection's end.
