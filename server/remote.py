"""The agent in a room of another server: pycrdt-websocket's client channel, joined to a worker.

Part of the wiring, and loaded for ``8gentc agent join`` only, with the packages of the extra
``remote``. What does not live here: what is written (``ai_agent``).

Law kept here: L11. The token goes in a header; no message repeats it.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any, Final
from uuid import uuid4

from httpx import HTTPError, InvalidURL
from httpx_ws import AsyncWebSocketSession, HTTPXWSException, WebSocketUpgradeError, aconnect_ws
from pycrdt.websocket.websocket import HttpxWebsocket

from ai_agent.errand import Errand, Unindexed
from ai_agent.remote import RemotePlace
from ai_agent.worker import Worker
from server.agency import office_of
from server.edge.commands.kit import Errand as Wanted
from server.edge.settings import Settings
from server.protocol.errors import RoomClosed, RunFailed
from server.protocol.ids import RunId, UserId
from server.room.historian import Work
from server.room.ports import Clock
from server.room.run_ports import Run, RunReason, Target

MAX_MESSAGE_BYTES: Final = 2**30
"""A document comes in one message."""

REFUSED: Final = {
    401: "The remote server does not know this token: it may have expired. Make a new one there.",
    403: "The remote server does not let this token in. Ask an owner of the project there.",
    404: "The remote server has no such project, or none that this token may see.",
}


class WebsocketChannel:
    """The ``Channel`` of the agent over pycrdt-websocket's."""

    def __init__(self, inner: HttpxWebsocket) -> None:
        self._inner = inner

    async def send(self, frame: bytes) -> None:
        """One message."""
        await _told(self._inner.send(frame))

    async def receive(self) -> bytes:
        """The next message."""
        received: bytes = await _told(self._inner.recv())
        return received


async def _told(call: Any) -> Any:
    try:
        return await call
    except (HTTPXWSException, HTTPError) as error:
        raise RoomClosed(f"the connection to the remote server has ended: {error!r}") from error


async def run_errand(wanted: Wanted, settings: Settings, work: Work, clock: Clock) -> Run:
    """Do what is asked for, there."""
    run = Run(
        id=RunId(uuid4().hex),
        project=wanted.project,
        asker=UserId(""),  # Known there, by the token, and nobody's account here.
        task=wanted.task,
        prompt=wanted.prompt,
        target=Target(),
        created_at=clock.now(),
    )
    errand = Errand(run, clock)
    place = RemotePlace(partial(_connected, wanted), clock)
    async with office_of(settings, work, clock, place, errand, Unindexed()) as office:
        return await Worker(office, "errand").work_now(errand.kept.id)


@asynccontextmanager
async def _connected(wanted: Wanted) -> AsyncIterator[WebsocketChannel]:
    path = f"/yjs/{wanted.project}"
    address = f"{wanted.url.rstrip('/')}{path}"
    headers = {"Authorization": f"Bearer {wanted.token}"}
    opening: AbstractAsyncContextManager[AsyncWebSocketSession] = aconnect_ws(
        address, headers=headers, max_message_size_bytes=MAX_MESSAGE_BYTES
    )
    try:
        session = await opening.__aenter__()
    except WebSocketUpgradeError as error:
        raise _refusal(error.response.status_code) from error
    except (HTTPXWSException, HTTPError, InvalidURL) as error:
        raise RoomClosed(f"the remote server cannot be reached: {error!r}") from error
    try:
        yield WebsocketChannel(HttpxWebsocket(session, path))
    finally:
        await opening.__aexit__(None, None, None)


def _refusal(status: int) -> RunFailed | RoomClosed:
    if status in REFUSED:
        return RunFailed(RunReason.LOST_RIGHTS.value, REFUSED[status])
    return RoomClosed(f"the remote server answers {status}")
