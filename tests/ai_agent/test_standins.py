"""Runs that another process works on, as the people in this one see them."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ai_agent.beside import beside
from ai_agent.standins import LOOK_SECONDS, StandIns
from server.protocol.messages import Presence
from server.protocol.roles import Role
from server.room.ports import Seat
from server.room.run_ports import LEASE_MILLIS, Lease, Outcome, Progress, RunStatus
from tests.ai_agent.bureau import Bureau, ScriptedModel, bureau
from tests.doubles.channels import RecordingChannel

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def shown() -> AsyncIterator[tuple[Bureau, StandIns]]:
    """A process that shows what others work on; nobody is connected to it yet."""
    async with bureau(ScriptedModel()) as desk:
        store, clock = desk.house.store, desk.house.clock
        others = StandIns(
            desk.house.rooms, store.directory, store.runs, clock, "here", "8gentc", "#7c3aed"
        )
        async with beside(others.run()):
            yield desk, others


async def watch(desk: Bureau) -> RecordingChannel:
    """Somebody's connection."""
    owner = (await desk.house.store.directory.user_by_email("boss@x.example")).id
    channel = RecordingChannel()
    seat = Seat(owner, None, desk.project)
    await desk.house.rooms.join(desk.project, channel, seat, Role.OWNER)
    await desk.house.clock.advance(LOOK_SECONDS)
    return channel


async def begin(desk: Bureau, holder: str = "there") -> Lease:
    """A run that somebody works on."""
    await desk.ask()
    run = await desk.house.store.runs.claim(holder)
    assert run is not None
    return Lease(run.id, run.attempt)


def seen(channel: RecordingChannel) -> list[object]:
    """The states of all who are there, as a client keeps them."""
    states: dict[int, str | None] = {}
    for message in channel.messages(Presence):
        assert isinstance(message, Presence)
        states.update({entry.client: entry.state for entry in message.entries})
    return [json.loads(state) for state in states.values() if state is not None]


async def test_it_is_seen_and_gone_once_it_has_ended() -> None:
    async with shown() as (desk, _):
        lease = await begin(desk)
        channel = await watch(desk)
        user = {"name": "8gentc", "color": "#7c3aed"}
        assert seen(channel) == [{"user": user, "role": "agent", "run": lease.run, "cursor": None}]
        await desk.house.store.runs.finish(lease, Progress(), Outcome(RunStatus.DONE))
        await desk.house.clock.advance(LOOK_SECONDS)
        assert seen(channel) == []


async def test_l9_who_dies_without_a_word_is_gone_with_the_lease() -> None:
    async with shown() as (desk, _):
        await begin(desk)
        channel = await watch(desk)
        await desk.house.clock.advance(LEASE_MILLIS / 1000 - 2 * LOOK_SECONDS)
        assert len(seen(channel)) == 1
        await desk.house.clock.advance(2 * LOOK_SECONDS)
        assert seen(channel) == []


async def test_a_worker_of_this_process_is_seen_by_itself_alone() -> None:
    async with shown() as (desk, _):
        await begin(desk, "here")
        assert seen(await watch(desk)) == []


async def test_l8_nobody_is_shown_for_an_asker_without_rights() -> None:
    async with shown() as (desk, _):
        await begin(desk)
        await desk.house.store.directory.remove_member(desk.project, desk.asker)
        assert seen(await watch(desk)) == []


async def test_no_room_is_opened_or_kept_for_a_stand_in() -> None:
    async with shown() as (desk, _):
        rooms = desk.house.rooms
        await begin(desk)
        await desk.house.clock.advance(LOOK_SECONDS)
        assert rooms.live() == ()
        await watch(desk)
        [room] = rooms.live()
        assert len(room.peers) == 2
        room.peers[0].leave()
        await desk.house.clock.advance(2 * LOOK_SECONDS)
        assert not room.peers


async def test_it_is_seated_again_after_the_room_has_been_taken_away() -> None:
    async with shown() as (desk, _):
        await begin(desk)
        channel = await watch(desk)
        room = desk.house.rooms.at_hand(desk.project)
        assert room is not None
        standing_in = next(peer for peer in room.peers if peer.channel is not channel)
        room.set_role(standing_in, None)
        await desk.house.clock.advance(2 * LOOK_SECONDS)
        assert len(seen(channel)) == 1
