"""``/yjs/{project_id}``: the way in for plain y-websocket clients.

Everything that can refuse a connection is asked before the upgrade, because many
clients ignore close codes and come back at once: origin (403), credential or ticket (401),
membership (404), number of connections (429), and the document itself, which is
loaded first (500, 503). After that the room is in charge. A server that hands its
connections over is left to it (``server.edge.room_reader``); on any other, this module
carries bytes both ways, at a bounded pace.

Laws kept: L2, L6 (too fast is read slowly), L7 (whatever ends it has a close code), L8.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from server.edge.asgi_channel import AsgiChannel
from server.edge.credentials import authenticate_in, check_origin
from server.edge.goodbye import say_goodbye
from server.edge.handover import LiveChannel, take_over
from server.edge.pace import Bucket, ConnectionCount, Pace
from server.edge.room_reader import RoomReader
from server.edge.settings import Settings
from server.edge.tickets import TicketOffice, ticket_of
from server.protocol.errors import Malformed, NotAuthenticated, NotFound, RoomClosed
from server.protocol.ids import ProjectId
from server.protocol.roles import Role
from server.room.peer import Peer
from server.room.ports import Clock, Directory, Seat
from server.room.rooms import Rooms


@dataclass(frozen=True, slots=True)
class _Admission:
    """Who may sit down, as what, and how many reviews of rights had begun when that was asked."""

    seat: Seat
    role: Role
    reviews: int


@dataclass(frozen=True, slots=True)
class YjsEndpoint:
    """The plain dialect in front of the rooms."""

    rooms: Rooms
    directory: Directory
    clock: Clock
    settings: Settings
    count: ConnectionCount
    tickets: TicketOffice
    noted: Callable[[Seat], None] = lambda _: None
    """Told of everybody who sits down."""

    def route(self) -> WebSocketRoute:
        """Everything after the prefix is the project, slashes included: that is how these
        clients build their URL."""
        return WebSocketRoute("/yjs/{project_id:path}", self.serve)

    async def serve(self, websocket: WebSocket) -> None:
        """One connection, from the upgrade to its end, or until it is taken over."""
        admission = await self._admit(websocket)
        with self.count.held(admission.seat.user) as hold:
            await self.rooms.open(admission.seat.project)
            # A browser fails the connection unless one of the protocols it offers is chosen.
            offered = websocket.scope.get("subprotocols") or [None]
            await websocket.accept(subprotocol=offered[0])
            channel = take_over(websocket.scope, low_water=self._low_water)
            if channel is None:
                await self._converse(websocket, admission)
            else:
                await self._hand_over(channel, admission, hold.keep())

    async def _admit(self, websocket: WebSocket) -> _Admission:
        """Who may sit down. Raises the refusal."""
        check_origin(websocket, self.settings.allowed_origins)
        self.rooms.breaker.check()
        project, ticket = ProjectId(websocket.path_params["project_id"]), ticket_of(websocket)
        reviews = self.rooms.reviews.begun
        if ticket is None:
            grant, role = await authenticate_in(
                project, websocket, self.directory, self.settings.allowed_origins
            )
            seat = Seat(grant.user.id, grant.token, project)
        else:
            seat = self.tickets.seat(ticket, project)
            [role] = await self.directory.roles([seat])
        if role is None and ticket is not None:
            raise NotAuthenticated("what this ticket stood for has ended")
        if role is None:
            raise NotFound("there is no such project, or you are not a member of it")
        return _Admission(seat, role, reviews)

    @property
    def _low_water(self) -> int:
        """A peer that lagged has drained when so much is left."""
        return self.settings.max_backlog_bytes // 4

    async def _take_seat(self, channel: LiveChannel | AsgiChannel, admission: _Admission) -> Peer:
        seat = admission.seat
        peer = await self.rooms.join(seat.project, channel, seat, admission.role)
        channel.on_drained = peer.drained
        try:
            await self._require_unchanged(admission)
        except BaseException:
            peer.leave()
            raise
        self.noted(seat)
        return peer

    # --- a server that hands over ---

    async def _hand_over(
        self, channel: LiveChannel, admission: _Admission, release: Callable[[], None]
    ) -> None:
        """Seat the peer, and leave the rest to whoever calls the reader."""
        seated = False
        try:
            peer = await self._take_seat(channel, admission)
            later = asyncio.get_running_loop().call_later
            channel.listen(RoomReader(peer, channel, self._pace(), self.clock, later, release))
            seated = True
        except Exception as error:
            say_goodbye(channel, error, admission.seat.project)
        finally:
            if not seated:
                release()

    # --- any other server ---

    async def _converse(self, websocket: WebSocket, admission: _Admission) -> None:
        """Carry frames both ways until either side ends it."""
        channel = AsgiChannel(websocket.send, low_water=self._low_water)
        async with asyncio.TaskGroup() as tasks:
            writer = tasks.create_task(channel.run())
            reader = tasks.create_task(self._listen(websocket, channel, admission))
            await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
            # If the close has been sent, there is nobody left to listen to; if the peer has
            # left, nobody to send to. If the reader asked for a close, that is still to leave.
            if writer.done():
                reader.cancel()
            elif websocket.client_state is WebSocketState.DISCONNECTED:
                writer.cancel()

    async def _listen(
        self, websocket: WebSocket, channel: AsgiChannel, admission: _Admission
    ) -> None:
        """Join and read; whatever happens ends in one close code (L7)."""
        try:
            peer = await self._take_seat(channel, admission)
            try:
                await self._read(websocket, peer)
            finally:
                peer.leave()
        except WebSocketDisconnect:
            pass
        except Exception as error:
            say_goodbye(channel, error, admission.seat.project)

    async def _require_unchanged(self, admission: _Admission) -> None:
        """Ask for the role again, now that the room knows the peer, if others' have been (L8).

        A change made between the question and the joining found nobody to tell, if it was
        followed before the joining; from then on every review of rights meets the peer.
        """
        if self.rooms.reviews.begun == admission.reviews:
            return
        if list(await self.directory.roles([admission.seat])) != [admission.role]:
            raise RoomClosed("your rights have just changed; connect again")

    async def _read(self, websocket: WebSocket, peer: Peer) -> None:
        pace = self._pace()
        while True:
            frame = await _receive(websocket)
            heard = await peer.receive(frame)
            if pace is not None and (wait := pace.spend(heard, len(frame), self.clock.monotonic())):
                await self.clock.sleep(wait)

    def _pace(self) -> Pace | None:
        if not self.settings.rate_limits:
            return None
        now = self.clock.monotonic()
        return Pace(
            edits=Bucket(self.settings.edits_per_second, now),
            size=Bucket(self.settings.bytes_per_second, now),
        )


async def _receive(websocket: WebSocket) -> bytes:
    """The next binary message. Raises ``WebSocketDisconnect`` at the end, ``Malformed`` for
    text, which no Yjs client sends."""
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1005))
    frame = message.get("bytes")
    if not isinstance(frame, bytes):
        raise Malformed("expected a binary message, got text")
    return frame
