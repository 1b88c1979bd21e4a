"""A peer that is read slowly is not a peer that is silent (L6)."""

import asyncio
from unittest.mock import Mock

import pytest
import uvicorn
from uvicorn.server import ServerState

from server.edge.uvicorn_protocol import AbortingWebSocketProtocol

pytestmark = pytest.mark.anyio

TIMEOUT = 40.0


@pytest.fixture
async def protocol(anyio_backend: str) -> AbortingWebSocketProtocol:
    """A connection whose peer owes the answer to a ping."""
    config = uvicorn.Config(Mock(), ws_ping_timeout=TIMEOUT, log_config=None)
    made = AbortingWebSocketProtocol(config, ServerState(), {}, asyncio.get_running_loop())
    made.connection_made(transport())
    made.pending_ping_payload = b"ping"
    return made


def transport() -> Mock:
    made = Mock(spec=asyncio.Transport)
    made.is_closing.return_value = False
    made.get_extra_info.return_value = None
    return made


async def test_a_peer_that_does_not_answer_is_cut_off_L6(
    protocol: AbortingWebSocketProtocol,
) -> None:
    protocol.keepalive_timeout()
    assert protocol.close_sent
    protocol.transport.abort.assert_called_once()  # type: ignore[attr-defined]


async def test_while_we_do_not_read_the_answer_may_be_on_its_way_L6(
    protocol: AbortingWebSocketProtocol,
) -> None:
    protocol.read_paused = True
    protocol.keepalive_timeout()
    protocol.transport.abort.assert_not_called()  # type: ignore[attr-defined]
    assert not protocol.close_sent
    assert protocol.pending_ping_payload == b"ping"
    assert protocol.pong_timer is not None
    in_time = protocol.pong_timer.when() - protocol.loop.time()
    assert in_time == pytest.approx(TIMEOUT, abs=1)
    protocol.read_paused = False
    protocol.keepalive_timeout()
    protocol.transport.abort.assert_called_once()  # type: ignore[attr-defined]
