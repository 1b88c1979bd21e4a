"""How connections end, over both channels, on real sockets: in bounded time, whoever
ends them, and without a trace (L6, L7, L8)."""

import asyncio
import logging
from typing import Any

import pytest
from websockets.frames import Frame, Opcode

from server.edge import uvicorn_protocol
from server.edge.settings import Settings
from server.protocol.messages import SyncUpdate, encode
from server.protocol.roles import Role
from server.room.peer import HEAVY_BYTES
from tests.doubles.second_thoughts import Roles, answers_first
from tests.doubles.served import EDIT, STEP_1, serving
from tests.server.edge.conftest import Way
from tests.server.protocol.updates import section, text, update

pytestmark = pytest.mark.anyio


async def nothing() -> None:
    """Wait for nothing, answer nothing."""


HEAVY = encode(SyncUpdate(update(section(7, 0, text("x" * (HEAVY_BYTES + 1))))))
KEEPALIVE: dict[str, Any] = {"ws_ping_interval": 0.05, "ws_ping_timeout": 0.2}


@pytest.fixture(autouse=True)
def short_linger(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody lingers for long, and uvicorn says nothing."""
    monkeypatch.setattr(uvicorn_protocol, "LINGER_SECONDS", 0.2)
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)


# --- the peer ends it ---


async def test_a_goodbye_is_answered_and_the_peer_forgotten(way: Way) -> None:
    async with serving(way.channel) as home:
        wire = await home.seated()
        wire.says(Frame(Opcode.CLOSE, (4001).to_bytes(2, "big") + b"enough"))
        assert (await wire.is_told())[0] == 4001
        await wire.is_cut()
        await home.until_empty()


async def test_a_peer_that_vanishes_is_forgotten(way: Way) -> None:
    async with serving(way.channel, Settings(max_connections_per_user=1)) as home:
        for _ in range(3):
            (await home.seated()).is_gone()
            await home.until_empty()


async def test_a_goodbye_without_a_code_is_answered(way: Way) -> None:
    async with serving(way.channel) as home:
        wire = await home.seated()
        wire.says(Frame(Opcode.CLOSE, b""))
        await wire.hears_where(lambda frame: frame.opcode is Opcode.CLOSE)
        await wire.is_cut()


async def test_what_was_said_before_the_goodbye_is_heard_L6(way: Way) -> None:
    async with serving(way.channel, Settings(rate_limits=False)) as home:
        other, wire = await home.seated(), await home.seated()
        goodbye = Frame(Opcode.CLOSE, (1001).to_bytes(2, "big"))
        wire.says(Frame(Opcode.BINARY, HEAVY), Frame(Opcode.BINARY, EDIT), goodbye)
        await other.hears_message(HEAVY[:2])
        await wire.is_cut()
        joiner = await home.connects()
        joiner.says_message(STEP_1)
        assert b"hi" in await joiner.hears_message(b"\x00\x01")


async def test_more_connections_than_a_user_may_hold_are_refused(way: Way) -> None:
    async with serving(way.channel, Settings(max_connections_per_user=1)) as home:
        first = await home.seated()
        assert (await home.connects()).status == 429
        first.is_gone()
        await home.until_empty()
        await home.seated()


# --- the room ends it ---


async def test_a_revoked_token_ends_a_live_connection_L8(way: Way) -> None:
    async with serving(way.channel) as home:
        wire = await home.seated()
        [token] = await home.store.directory.list_tokens(home.ada)
        await home.store.directory.revoke_token(token.id)
        assert 4400 <= (await wire.is_told())[0] < 4500
        wire.says(Frame(Opcode.CLOSE, b""))
        await wire.is_cut()
        await home.until_empty()


async def test_a_role_that_changes_while_the_peer_sits_down_ends_the_connection_L8(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(way.channel) as home:

        async def before_the_change() -> Roles:
            home.rooms.reviews.begun += 1
            return [Role.EDITOR]

        answers_first(monkeypatch, before_the_change, nothing)
        wire = await home.connects()
        assert (await wire.is_told())[0] == 4502
        wire.is_gone()
        await home.until_empty()


async def test_a_peer_that_goes_while_it_sits_down_is_forgotten(
    way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(way.channel, Settings(max_connections_per_user=1)) as home:
        asked, go_on = asyncio.Event(), asyncio.Event()

        async def reviewed() -> None:
            home.rooms.reviews.begun += 1

        async def slowly() -> None:
            asked.set()
            await go_on.wait()

        with monkeypatch.context() as patch:
            answers_first(patch, reviewed, slowly)
            wire = await home.connects()
            await asked.wait()
            wire.is_gone()
            go_on.set()
        await home.until_empty()
        await home.seated()


async def test_a_closed_connection_that_nobody_reads_is_cut_in_bounded_time_L6(way: Way) -> None:
    settings = Settings(rate_limits=False, max_backlog_bytes=1 << 26)
    # The plain channel has a queue before the transport: only unanswered pings find out. The
    # writer answers them, if this machine lets it within a second.
    keepalive = {**KEEPALIVE, "ws_ping_timeout": 1.0} if way.channel == "plain" else {}
    async with serving(way.channel, settings, **keepalive) as home:
        writer, deaf = await home.seated(), await home.seated()
        deaf.reads_nothing()
        for number in range(1, 200):
            edit = update(section(number, 0, text("x" * 100_000)))
            writer.says_message(encode(SyncUpdate(edit)))
            await writer.hears_message(b"\x00\x02")
            if home.rooms.gauges().slowest_backlog_bytes > 1 << 18:
                break
        await home.rooms.close()
        writer.is_gone()
        await home.until_empty()


# --- the network ends it ---


async def test_who_answers_pings_stays_and_who_does_not_is_cut_L6(way: Way) -> None:
    async with serving(way.channel, **KEEPALIVE) as home:
        honest, deaf = await home.seated(), await home.seated()
        for _ in range(8):
            ping = await honest.hears_where(lambda frame: frame.opcode is Opcode.PING)
            honest.says(Frame(Opcode.PONG, ping.data))
        assert (await deaf.is_told())[0] == 1011
        await deaf.is_cut()
        await home.until(lambda: home.rooms.gauges().connections == 1)


async def test_a_peer_that_reads_nothing_is_given_up_L6(way: Way) -> None:
    async with serving(way.channel, Settings(rate_limits=False), **KEEPALIVE) as home:
        deaf = await home.seated()
        deaf.reads_nothing()
        deaf.says_message(*[STEP_1] * 100, HEAVY)
        await home.until_empty()


# --- the server ends it ---


async def test_a_stop_of_uvicorn_alone_says_1012(way: Way) -> None:
    async with serving(way.channel) as home:
        wire = await home.seated()
        stopping = asyncio.ensure_future(home.uvicorn.shutdown())
        assert (await wire.is_told())[0] == 1012
        await stopping
        await wire.is_cut()


async def test_rooms_say_goodbye_before_the_server_goes(way: Way) -> None:
    async with serving(way.channel) as home:
        wire = await home.seated()
        await home.rooms.close()
        assert await wire.is_told() == (
            1012,
            "shutting down: this could not be done now; try again soon",
        )
        await home.uvicorn.shutdown()
        await wire.is_cut()
