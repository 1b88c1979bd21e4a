"""A run in a room elsewhere: over connections that end, and say nothing twice."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest

from ai_agent.errand import Errand, Unindexed
from ai_agent.line import Line
from ai_agent.remote import SILENCE_SECONDS, Channel, RemoteLink, RemotePlace
from ai_agent.worker import Worker
from server.protocol.errors import RoomClosed
from server.protocol.ids import RunId
from server.protocol.roles import Role
from server.room.peer import Peer
from server.room.ports import Seat
from server.room.run_ports import Run, RunReason, RunStatus, RunTask
from tests.ai_agent.bureau import Bureau, ScriptedModel, bureau
from tests.ai_agent.test_worker import PLAN, bodies, in_pieces
from tests.doubles.clock import ManualClock

pytestmark = pytest.mark.anyio

WHOLE = {"Coffee": "Beans and milk.", "Bicycles": "Chains."}


@dataclass
class Wire:
    """A connection to a room; after ``frames`` of ours it ends, the last one perhaps unheard."""

    line: Line
    peer: Peer
    frames: int

    async def send(self, frame: bytes) -> None:
        self.frames -= 1
        if self.frames < 0:
            raise RoomClosed("the connection has ended")
        await self.peer.receive(frame)

    async def receive(self) -> bytes:
        frame = await self.line.read()
        self.peer.drained()
        return frame


@dataclass
class Network:
    """Connections that last for so many frames; then one that lasts."""

    desk: Bureau
    lasting: list[int] = field(default_factory=list)
    role: Role = Role.EDITOR

    @asynccontextmanager
    async def connect(self) -> AsyncIterator[Channel]:
        line, desk = Line(), self.desk
        seat = Seat(desk.asker, None, desk.project)
        peer = await desk.house.rooms.join(desk.project, line, seat, self.role)
        try:
            yield Wire(line, peer, self.lasting.pop(0) if self.lasting else 10_000)
        finally:
            peer.leave()


async def sent(desk: Bureau, network: Network) -> Run:
    """What became of a run elsewhere."""
    clock = desk.house.clock
    asked = replace(await desk.ask(RunTask.PLAN), id=RunId("elsewhere"), status=RunStatus.QUEUED)
    errand = Errand(asked, clock)
    place = RemotePlace(network.connect, clock)
    office = replace(desk.office, place=place, runs=errand, retrieval=Unindexed())
    there = Bureau(desk.house, desk.project, desk.asker, office, Worker(office, "errand"))
    return await there.work(asked)


@pytest.mark.parametrize("lasting", [[], [3], [6], [9], [4, 5], [5, 12]])
async def test_what_a_broken_connection_has_cost_is_written_once(lasting: list[int]) -> None:
    async with bureau(ScriptedModel(in_pieces(PLAN))) as desk:
        run = await sent(desk, Network(desk, lasting))
        assert (run.status, run.told) == (RunStatus.DONE, "")
        assert bodies(await desk.view()) == WHOLE


async def test_a_connection_that_keeps_ending_ends_the_run() -> None:
    async with bureau(ScriptedModel(in_pieces(PLAN))) as desk:
        run = await sent(desk, Network(desk, [3, 3, 3]))
        assert (run.status, run.reason) == (RunStatus.FAILED, RunReason.ROOM)


async def test_l8_what_the_remote_room_refuses_is_told_in_its_words() -> None:
    async with bureau(ScriptedModel(in_pieces(PLAN))) as desk:
        run = await sent(desk, Network(desk, role=Role.VIEWER))
        assert (run.status, run.reason) == (RunStatus.FAILED, RunReason.ROOM)
        assert "your role is viewer" in run.told
        assert bodies(await desk.view()) == {}


async def test_silence_is_taken_for_the_end_of_a_connection() -> None:
    @dataclass
    class Mute:
        async def send(self, frame: bytes) -> None: ...

        async def receive(self) -> bytes:
            await asyncio.Event().wait()
            raise AssertionError

    clock = ManualClock()
    link = RemoteLink(Mute(), clock, [])
    fetching = asyncio.create_task(link.fetch())
    await clock.until_asleep()
    await clock.advance(SILENCE_SECONDS)
    with pytest.raises(RoomClosed, match="has said nothing for 60 seconds"):
        await fetching
