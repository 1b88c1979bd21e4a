"""``/projects/{id}/export`` and ``/projects/import``: whole projects, carried away and brought in.

An export is what the live document says, durably (L1). An import makes a new project, in
one transaction with its content, or makes nothing. What does not live here: the forms of a
project (``server.edge.project_file``).
"""

import asyncio
import secrets
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from server.edge.api.callers import KnownCaller, ReadAccess
from server.edge.api.guarded import Router
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices
from server.edge.project_file import (
    IMPORTED,
    MEDIA_TYPES,
    SUFFIXES,
    Format,
    ProjectFile,
    read,
    write,
)
from server.edge.projects import CLIENT_ID_BITS, fit_title
from server.protocol.errors import Invalid
from server.room.ports import Attribution, Means, NewUpdate

TEXT: dict[str, Any] = {"schema": {"type": "string"}}
BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
EXPORTED = {
    media_type: TEXT if media_type.startswith("text/") else BYTES
    for media_type in MEDIA_TYPES.values()
} | {MEDIA_TYPES[Format.JSON]: {"schema": {"type": "object"}}}


class Imported(Output):
    """The project that was made."""

    id: str
    title: str
    seq: int


def routes() -> APIRouter:
    """Out and in."""
    router = Router(tags=["exchange"], prefix="/projects")
    router.get(
        "/{project_id}/export",
        response_class=Response,
        responses={200: {"description": "The file.", "content": EXPORTED}, **refusals(404)},
    )(export_project)
    body = {MEDIA_TYPES[form]: BYTES for form in IMPORTED if form is not Format.JSON}
    schema = {"schema": ProjectFile.model_json_schema(ref_template="#/components/schemas/{model}")}
    schema["schema"].pop("$defs", None)
    router.post(
        "/import",
        status_code=201,
        responses=refusals(400, 413),
        openapi_extra={
            "requestBody": {"required": True, "content": body | {MEDIA_TYPES[Format.JSON]: schema}}
        },
    )(import_project)
    return router


async def export_project(
    access: ReadAccess,
    services: KnownServices,
    form: Annotated[
        Format, Query(alias="format", description="The form of the file.")
    ] = Format.ZIP,
) -> Response:
    """A whole project as one file.

    `zip` holds all forms. `yjs` holds everything that the document says, `json` the elements
    that are as they should be; these three can be imported.
    """
    project = await services.directory.project(access.project)
    body = await services.content().everything(access.project, partial(write, form, project.title))
    name = f'attachment; filename="project.{SUFFIXES[form]}"'
    return Response(body, media_type=MEDIA_TYPES[form], headers={"Content-Disposition": name})


async def import_project(
    request: Request,
    caller: KnownCaller,
    services: KnownServices,
    title: Annotated[
        str | None, Query(max_length=1000, description="Instead of the title in the file.")
    ] = None,
) -> Imported:
    """Make a project of a file that was exported; the caller owns it.

    What the body is, `Content-Type` says: JSON, a zip, or the bytes of a Yjs update (v1).
    """
    form = _form(request.headers.get("content-type", ""))
    body = await request.body()
    client_id = secrets.randbits(CLIENT_ID_BITS)
    limit = services.settings.max_document_bytes
    named, update = await asyncio.to_thread(read, form, body, client_id, limit)
    by = Attribution(caller.user.id, Means.IMPORT)
    project = await services.directory.add_project(
        fit_title(title or named),
        owner=caller.user.id,
        seed=NewUpdate(update, by, services.clock.now()),
    )
    return Imported(id=project.id, title=project.title, seq=project.head)


def _form(content_type: str) -> Format:
    kind = content_type.partition(";")[0].strip().lower()
    for form in IMPORTED:
        if MEDIA_TYPES[form] == kind:
            return form
    wanted = ", ".join(MEDIA_TYPES[form] for form in IMPORTED)
    raise Invalid(f"expected Content-Type to be one of {wanted}")
