"""``/api/v1/projects/{id}/update``: a whole document, or a large update, over HTTP.

The way round the limit of a websocket frame, and the simplest way for a program to
read or write a document as Yjs bytes. Both go through the live room: what is read is
durable, and an answer to a write means committed (L1). Rights are those of the
websocket (L8).
"""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from server.document.replica import Replica
from server.edge.credentials import authenticate, check_origin
from server.protocol.errors import Forbidden, NotFound
from server.protocol.ids import ProjectId
from server.protocol.roles import Right, Role, allows
from server.room.ports import Attribution, Directory, Means, Seat
from server.room.rooms import Rooms

YJS = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class UpdateApi:
    """Reads and writes documents as Yjs v1 updates."""

    rooms: Rooms
    directory: Directory
    allowed_origins: tuple[str, ...]

    def routes(self) -> list[Route]:
        """GET and POST."""
        path = "/api/v1/projects/{project_id}/update"
        return [
            Route(path, self.read, methods=["GET"]),
            Route(path, self.write, methods=["POST"]),
        ]

    async def read(self, request: Request) -> Response:
        """The full state, as one update; edits that wait for others are part of it."""
        seat, _ = await self._admit(request)
        return Response(await self.rooms.read(seat.project, Replica.everything), media_type=YJS)

    async def write(self, request: Request) -> Response:
        """Merge an update into the document; answers a seq that contains it."""
        seat, role = await self._admit(request)
        _require_write(role)
        update = await request.body()
        # The sender decides how long a body takes; rights are those of its end.
        role = _member((await self.directory.roles([seat]))[0])
        by = Attribution(seat.user, Means.REST)
        return JSONResponse({"seq": await self.rooms.write(seat.project, update, by, role)})

    async def _admit(self, request: Request) -> tuple[Seat, Role]:
        check_origin(request, self.allowed_origins)
        grant = await authenticate(request, self.directory)
        project = ProjectId(request.path_params["project_id"])
        role = _member(await self.directory.role(project, grant.user.id))
        return Seat(grant.user.id, grant.token, project), role


def _member(role: Role | None) -> Role:
    if role is None:
        raise NotFound("there is no such project, or you are not a member of it")
    return role


def _require_write(role: Role) -> None:
    """Before a byte of the body is read. The room asks again."""
    if not allows(role, Right.WRITE):
        raise Forbidden("you may read this project, but not write to it")
