"""The world of one run: guests, processes, one database; what must hold, and how it ends.

Runs on an event loop that does nothing by itself: no timers, no threads, no I/O, so that a
schedule always runs the same. Laws are checked after every step, and in the moment in
which a server writes to a socket (``participant``). Not here: the steps (``hands``).
"""

import asyncio
import logging
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from typing import Any
from unittest.mock import patch

from server.document import live
from server.document.replica import Replica
from server.protocol.ids import Millis, Seq, UserId
from server.protocol.ranges import ClockRange, missing
from server.protocol.roles import Role
from server.protocol.update import inspect, read_state_vector
from server.room.limits import RoomLimits
from server.room.ports import CompactionInput, Project, User
from tests.doubles.clock import ManualClock, settle
from tests.doubles.memory_store import MemoryDatabase, MemoryDocument
from tests.simulation import steps
from tests.simulation.hands import perform
from tests.simulation.ledger import PROJECT, Ledger, Violation, require
from tests.simulation.participant import Participant, meaning
from tests.simulation.process import ROUNDS, Process

NAMES = ("ada", "bo", "cy", "di", "eve")
QUIET = 60
"""Rounds of the whole network after which all talk must have ended."""


PORTION = 64
"""Bytes of a portion: the smallest, so that a few edits already are many of them."""


JOURNAL = 2000
"""Bytes of edits after which a document is encoded anew, which it else is not in a run."""


class Inline(ThreadPoolExecutor):
    """Does at once what it is given: a thread would make runs differ."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """The result, as a future."""
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:
            done.set_exception(error)
        return done


class Alarm(logging.Handler):
    """Remembers what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Remember one."""
        self.records.append(f"{record.getMessage()} {record.exc_info}")


def run(schedule: steps.Schedule) -> None:
    """Live through a schedule. Raises ``Violation``, or whatever escaped."""
    alarm = Alarm()
    logging.getLogger().addHandler(alarm)
    try:
        with patch.object(live, "_JOURNAL_FLOOR", JOURNAL):
            asyncio.run(_live(schedule, alarm))
    finally:
        logging.getLogger().removeHandler(alarm)


async def _live(schedule: steps.Schedule, alarm: Alarm) -> None:
    loop = asyncio.get_running_loop()
    loop.set_default_executor(Inline())
    loop.set_exception_handler(lambda _, context: alarm.records.append(str(context)))
    world = World(schedule, alarm)
    try:
        await world.begin()
        for step in schedule.steps:
            await perform(step, world)
            await settle(schedule.haste)
            world.check()
        await world.end()
    finally:
        for process in world.processes:
            process.heal()  # Or what waits for a held commit would wait for ever.
        await settle(ROUNDS)
        world.ledger.close()


class World:
    """Everything there is."""

    def __init__(self, schedule: steps.Schedule, alarm: Alarm) -> None:
        self.alarm = alarm
        self.clock = ManualClock()
        self.limits = RoomLimits(
            max_backlog_bytes=schedule.backlog,
            max_difference_bytes=schedule.difference,
            portion_bytes=PORTION,
            spacing_seconds=0.0,
            linger_seconds=0.0,  # Time passes in large steps here.
        )
        self.database = MemoryDatabase()
        self.database.documents[PROJECT] = MemoryDocument()
        self.database.people.projects[PROJECT] = Project(PROJECT, "", Millis(0), Seq(0))
        self.ledger = Ledger(self.database)
        self.processes = [self.start() for _ in range(schedule.houses)]
        self.guests = [
            Participant(name, 1000 + number, self.ledger, Role.EDITOR)
            for number, name in enumerate(NAMES[: schedule.guests])
        ]
        self.reloads = 0
        self.programs = 0
        self.source: CompactionInput | None = None
        for guest in self.guests:
            self._employ(guest)

    def _employ(self, guest: Participant) -> None:
        name = UserId(guest.name)
        self.database.people.users[name] = User(name, guest.name, "", False, False, Millis(0))
        # So that nobody is the last owner: what roles mean is tested elsewhere.
        self.database.people.roles[PROJECT, name] = Role.EDITOR

    async def begin(self) -> None:
        """Everybody connects; the second of three or more may only read."""
        await settle(ROUNDS)
        if len(self.guests) > 2:
            await self.appoint(self.guests[1], Role.VIEWER)
        for number, guest in enumerate(self.guests):
            self.connect(guest, number)
        await self.calm()
        self.check()

    def start(self) -> Process:
        """One more process."""
        return Process(self.database, self.clock, self.limits)

    async def appoint(self, guest: Participant, role: Role | None) -> None:
        """A change of role, until the live rooms have heard of it."""
        guest.role, guest.removed = role, guest.removed or role is None
        directory, name = self.processes[0].store.directory, UserId(guest.name)
        if role is not None:
            await directory.set_member(PROJECT, name, role)
        elif (PROJECT, name) in self.database.people.roles:
            await directory.remove_member(PROJECT, name)
        await settle(ROUNDS)

    def connect(self, guest: Participant, house: int) -> None:
        """Somebody knocks at a process."""
        process = self.processes[house % len(self.processes)]
        process.call(guest.join(process))

    async def calm(self) -> None:
        """Let the network carry everything, until there is nothing more to say."""
        for _ in range(QUIET):
            await settle(ROUNDS)
            moved = 0
            for guest in self.guests:
                moved += await guest.up(1000) + await guest.down(1000)
            if not moved:
                return
        raise Violation("the talk ends some time")

    # --- what must hold ---

    def check(self) -> None:
        """The laws that hold at any moment."""
        self.ledger.absorb()
        for process in self.processes:
            process.check()
        for guest in self.guests:
            guest.check()
        require(not self.alarm.records, f"no error is logged: {self.alarm.records}")

    async def check_cold_start(self) -> None:
        """Who loads the document from the store gets all that was ever committed (L4)."""
        stored = await self.processes[0].store.log.load(PROJECT)
        tail = [row.payload for row in stored.tail]
        cold = Replica.load(tail, checkpoint=stored.checkpoint)
        with closing(cold):
            truth = self.ledger.truth.replica
            require(cold.read(meaning) == truth.read(meaning), "L4: a cold start has it all")
            require(waits(cold) == waits(truth), "L4: a cold start has what is parked")

    async def end(self) -> None:
        """Heal everything, let everybody talk to the end, and compare strictly."""
        for process in self.processes:
            process.heal()
        for guest in self.guests:
            guest.notice()
            if guest.open:
                guest.channel.resume()
        await self.clock.advance(5.0)
        await self.calm()
        self.check()
        self._check_connected()
        await self._reunite()
        await self._check_equal()
        for process in self.processes:
            await process.stop()
        self.check()

    def _check_connected(self) -> None:
        """Who stayed connected has everything, without asking anew (L6)."""
        for guest in self.guests:
            if guest.open and guest.synced:
                lost = self.ledger.truth.exceeds(guest.doc)
                require(not lost, f"L6: {guest.name} stayed connected and lacks {lost}")

    async def _reunite(self) -> None:
        for guest in self.guests:
            await self.appoint(guest, Role.EDITOR)
        for number, guest in enumerate(self.guests):
            self.connect(guest, number)
        await self.calm()
        self.check()

    async def _check_equal(self) -> None:
        truth = self.ledger.truth.replica
        expected = truth.read(meaning)
        for guest in self.guests:
            require(guest.open and guest.synced, f"{guest.name} is back")
            require(meaning(guest.doc) == expected, f"{guest.name} has what the log has")
        for process in self.processes:
            room = await process.rooms.open(PROJECT)
            live = await room.read(lambda replica: (replica.read(meaning), waits(replica)))
            require(live == (expected, waits(truth)), "a live room has what the log has")
            require(room.seq == len(self.ledger.rows), "a live room knows the head")
        await self.check_cold_start()
        require(self.reloads or not truth.parked(), "what waited has come")
        history = await self.processes[0].store.compaction.history(PROJECT)
        stored = await self.processes[0].store.log.load(PROJECT)
        replay = Replica.load([*(r.payload for r in history), *(r.payload for r in stored.tail)])
        with closing(replay):
            require(replay.read(meaning) == expected, "the history replays to the same")


def waits(replica: Replica) -> object:
    """Which clocks wait for predecessors, and which deletions."""
    parked = replica.parked()
    if parked is None:
        return None
    shape, state = inspect(parked), read_state_vector(replica.state_vector())
    held = [ClockRange(client, 0, clock) for client, clock in state.items() if clock]
    return missing(shape.structs, held), missing(shape.deletes, held)
