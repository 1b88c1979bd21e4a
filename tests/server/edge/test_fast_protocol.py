"""What only the fast channel can get wrong: the handover, and what stays behind it (L6, L7)."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from websockets.frames import Frame, Opcode

from server.edge.fast_channel import FastChannel
from server.edge.fast_protocol import FastWebSocketProtocol
from server.edge.framing import BUFFER_BYTES, LOGGER
from server.edge.handover import EXTENSION, take_over
from server.edge.settings import Settings
from server.protocol.messages import SyncUpdate, encode
from tests.doubles.served import STEP_1, Served, serving
from tests.server.edge.conftest import Way
from tests.server.protocol.updates import section, text, update

pytestmark = pytest.mark.anyio

FAST = pytest.mark.parametrize("way", [Way("fast", True), Way("fast", False)], ids=str)


def channels(home: Served) -> list[Any]:
    """What uvicorn believes to be its connections."""
    return list(home.uvicorn.server_state.connections)


@FAST
async def test_nothing_of_the_handshake_stays_and_no_task(way: Way) -> None:
    async with serving(way.channel) as home:
        before = len(asyncio.all_tasks())
        for _ in range(3):
            await home.seated()
        [one, *_] = channels(home)
        assert [type(channel) for channel in channels(home)] == [FastChannel] * 3
        await home.until(lambda: not home.uvicorn.server_state.tasks)
        assert len(asyncio.all_tasks()) == before + 1  # the room's
        gc.collect()
        assert not [held for held in gc.get_objects() if isinstance(held, FastWebSocketProtocol)]
        assert one.backlog == 0


@FAST
async def test_a_parser_that_grew_is_replaced_once_it_is_empty(way: Way) -> None:
    """Also a test of picows: its buffer never shrinks."""
    async with serving(way.channel, Settings(rate_limits=False)) as home:
        wire = await home.seated()
        [channel] = channels(home)
        for number in range(1, 4):
            parser = channel._transport.get_protocol()
            large = encode(SyncUpdate(update(section(number, 0, text("x" * 1_000_000)))))
            wire.says_message(large)
            await wire.hears_message(b"\x00\x02")
            assert channel._transport.get_protocol() is not parser
            assert len(channel._transport.get_protocol().get_buffer(-1)) <= BUFFER_BYTES


@FAST
async def test_pings_of_who_reads_nothing_are_not_answered_L6(way: Way) -> None:
    settings = Settings(rate_limits=False, max_backlog_bytes=1 << 16)
    async with serving(way.channel, settings) as home:
        deaf = await home.seated()
        deaf.reads_nothing()
        [channel] = channels(home)
        ping = Frame(Opcode.PING, b"x" * 125).serialize(mask=True)
        for _ in range(1000):
            deaf.raw(ping * 400)
            await deaf.writer.drain()
            assert channel.backlog < 1 << 16


async def asking(home: Callable[[Scope, Receive, Send], Awaitable[None]], way: Way) -> int:
    """The code that a client of this application is closed with."""
    async with serving(way.channel) as served:
        served.uvicorn.config.loaded_app = home
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        wire = await served.connects()
        return (await wire.is_told())[0]


@FAST
async def test_who_takes_over_and_listens_to_nobody_loses_the_connection(way: Way) -> None:
    async def careless(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        assert take_over(scope, low_water=1) is not None
        assert EXTENSION not in scope["extensions"]

    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        await careless(scope, receive, send)
        raise RuntimeError("a bug")

    assert await asking(careless, way) == 1011
    assert await asking(broken, way) == 1011


@FAST
async def test_an_application_that_does_not_take_over_is_served_as_ever(way: Way) -> None:
    async def echo(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "bytes": event["bytes"]})

    async with serving(way.channel) as served:
        served.uvicorn.config.loaded_app = echo
        wire = await served.connects()
        wire.says_message(b"one", b"two")
        wire.says_message(STEP_1)
        assert [(await wire.hears()).data for _ in range(3)] == [b"one", b"two", STEP_1]
        wire.says(Frame(Opcode.CLOSE, b""))
        await wire.is_cut()


def test_what_peers_do_wrong_is_no_news_but_a_bug_is(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        LOGGER.info("New connection accepted")
        LOGGER.error("WS parser error")
        assert caplog.text == ""
        try:
            raise RuntimeError("a bug")
        except RuntimeError:
            LOGGER.exception("on_ws_frame failed")
        assert "a bug" in caplog.text
