"""What each step of a schedule does to the world. Not here: what is checked (``world``)."""

from typing import TYPE_CHECKING, Any, assert_never

import pycrdt

from server.protocol.errors import DocumentFault, ServerError, StoreBusy, StoreUnavailable
from server.protocol.ids import UserId
from server.protocol.messages import SyncUpdate
from server.protocol.roles import Role
from server.protocol.update import EMPTY_UPDATE
from server.room import compactor
from server.room.ports import Attribution, Means
from tests.doubles.clock import settle
from tests.simulation import steps
from tests.simulation.ledger import PROJECT
from tests.simulation.participant import Participant, act
from tests.simulation.process import ROUNDS, Process

if TYPE_CHECKING:
    from tests.simulation.world import World


async def perform(step: steps.Step, world: "World") -> None:
    """Let one thing happen."""
    match step:
        case steps.Edit() | steps.Paste() | steps.Repeat() | steps.Ask() | steps.Reload():
            await _person(step, world)
        case steps.Carry() | steps.Calm() | steps.Sever() | steps.Notice():
            await _network(step, world)
        case steps.Connect() | steps.Stall() | steps.Appoint():
            await _connection(step, world)
        case steps.Hold() | steps.Fail() | steps.Break():
            _fault(step, _process(step.house, world))
        case steps.Crash() | steps.Restart():
            await _ending(step, world)
        case steps.Pass(seconds):
            await world.clock.advance(seconds)
        case steps.Compact(reads, replaces):
            await _compact(reads, replaces, world)
        case steps.Read(house):
            process = _process(house, world)
            process.call(_question(process, world))
        case steps.Write(house, word):
            process = _process(house, world)
            process.call(_order(process, word, world))
        case _:
            assert_never(step)


def _guest(who: int, world: "World") -> Participant:
    return world.guests[who % len(world.guests)]


def _process(house: int, world: "World") -> Process:
    return world.processes[house % len(world.processes)]


async def _person(
    step: steps.Edit | steps.Paste | steps.Repeat | steps.Ask | steps.Reload, world: "World"
) -> None:
    guest = _guest(step.who, world)
    match step:
        case steps.Edit():
            update = guest.do(lambda doc: act(doc, step))
            if not step.silent and update != EMPTY_UPDATE:
                await guest.say(SyncUpdate(update))
            if step.prompt:
                await guest.up(1000)
        case steps.Paste():
            large = steps.Edit(0, 0, 0, "0123456789" * 100 * step.thousands)
            await guest.say(SyncUpdate(guest.do(lambda doc: act(doc, large))))
        case steps.Repeat():
            await guest.repeat(step.which)
        case steps.Ask():
            await guest.ask()
        case steps.Reload():
            world.reloads += 1
            guest.reload(2000 + world.reloads)
        case _:
            assert_never(step)


async def _network(
    step: steps.Carry | steps.Calm | steps.Sever | steps.Notice, world: "World"
) -> None:
    match step:
        case steps.Carry(who, up, most):
            guest = _guest(who, world)
            await (guest.up(most) if up else guest.down(most))
        case steps.Calm():
            await world.calm()
        case steps.Sever(who, noticed):
            _guest(who, world).sever(noticed=noticed)
        case steps.Notice():
            for guest in world.guests:
                guest.notice()
        case _:
            assert_never(step)


async def _connection(step: steps.Connect | steps.Stall | steps.Appoint, world: "World") -> None:
    guest = _guest(step.who, world)
    match step:
        case steps.Connect(_, house):
            world.connect(guest, house)
        case steps.Stall(_, stalled) if stalled:
            guest.channel.stalled = True
        case steps.Stall():
            guest.channel.resume()
        case steps.Appoint(_, role):
            await world.appoint(guest, role)
        case _:
            assert_never(step)


def _fault(step: steps.Hold | steps.Fail | steps.Break, process: Process) -> None:
    faults = process.store.faults
    match step:
        case steps.Hold(_, held):
            (faults.hold_appends if held else faults.release_appends)()
        case steps.Fail(_, busy):
            error = StoreBusy("told to") if busy else DocumentFault(PROJECT, "told to")
            faults.fail_next_append(error)
        case steps.Break(_, broken):
            faults.broken = StoreUnavailable("told to") if broken else None
        case _:
            assert_never(step)


async def _ending(step: steps.Crash | steps.Restart, world: "World") -> None:
    number = step.house % len(world.processes)
    process = world.processes[number]
    if isinstance(step, steps.Crash):
        for guest in world.guests:
            if guest.process is process:
                guest.sever()
        await process.crash(landed=step.landed)
    else:
        await process.stop()
    world.processes[number] = world.start()
    await settle(ROUNDS)


async def _compact(reads: bool, replaces: bool, world: "World") -> None:
    compaction = world.processes[0].store.compaction
    if reads:
        world.source = await compaction.read(PROJECT)
    if not replaces or world.source is None or not world.source.updates:
        return
    source, world.source = world.source, None
    world.ledger.absorb()
    await compaction.replace(source, compactor.merged(source))
    await world.check_cold_start()


async def _question(process: Process, world: "World") -> None:
    """A program reads: what it is told is in the log (L1)."""
    try:
        full = await process.rooms.read(PROJECT, lambda replica: replica.full())
    except ServerError:
        return
    world.ledger.require_holds(full, "an answer to a program")


async def _order(process: Process, word: str, world: "World") -> None:
    """A program writes: its answer means that the rows so far hold it (L1)."""
    world.programs += 1
    doc: pycrdt.Doc[Any] = pycrdt.Doc(client_id=3000 + world.programs)
    doc.get("t", type=pycrdt.Text).insert(0, word)
    update, by = doc.get_update(), Attribution(UserId("program"), Means.REST)
    try:
        seq = await process.rooms.write(PROJECT, update, by, Role.EDITOR)
    except ServerError:
        return
    world.ledger.absorb()
    world.ledger.require_written(update, seq)
