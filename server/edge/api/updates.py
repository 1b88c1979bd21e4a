"""``/projects/{id}/update``: a whole document, or a large update, over HTTP.

The way round the limit of a websocket frame, and the simplest way for a program to
read or write a document as Yjs bytes. Both go through the live room: what is read is
durable, and an answer to a write means committed (L1). Rights are those of the
websocket (L8).
"""

from typing import Any

from fastapi import APIRouter, Request, Response

from server.document.replica import Replica
from server.edge.api.callers import ReadAccess, WriteAccess
from server.edge.api.guarded import Router
from server.edge.api.models import Written
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices

YJS = "application/octet-stream"
BYTES: dict[str, Any] = {YJS: {"schema": {"type": "string", "format": "binary"}}}


def routes() -> APIRouter:
    """Read all, write some."""
    router = Router(tags=["document"], prefix="/projects/{project_id}/update")
    router.get(
        "",
        response_class=Response,
        responses={200: {"description": "One Yjs v1 update.", "content": BYTES}, **refusals(404)},
    )(read_document)
    router.post(
        "",
        responses=refusals(400, 404, 409, 413),
        openapi_extra={"requestBody": {"required": True, "content": BYTES}},
    )(merge_update)
    return router


async def read_document(access: ReadAccess, services: KnownServices) -> Response:
    """The full state, as one Yjs update (v1); edits that wait for others are part of it."""
    body = await services.rooms.read(access.project, Replica.everything)
    return Response(body, media_type=YJS)


async def merge_update(request: Request, access: WriteAccess, services: KnownServices) -> Written:
    """Merge a Yjs update (v1) into the document; committed when this answers."""
    update = await request.body()
    now = await access.asked_again(services)
    seq = await services.rooms.write(now.project, update, now.by, now.role)
    return Written(seq=seq)
