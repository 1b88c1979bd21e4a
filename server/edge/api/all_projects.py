"""``/admin/projects``: what a platform admin sees of all projects, and does to them.

Metadata, not content: being a platform admin gives no role in any project, so under
``/projects`` an admin who is no member is a stranger like everybody else.

Law kept here: L8. Whoever is no platform admin is refused before anything is looked up.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from server.edge.api.callers import AdminCaller
from server.edge.api.guarded import Router
from server.edge.api.models import Input, Output
from server.edge.api.openapi import refusals
from server.edge.api.pages import (
    DEFAULT_LIMIT,
    Cursor,
    Limit,
    Search,
    fit_search,
    read_cursor,
    write_cursor,
)
from server.edge.api.services import KnownServices
from server.edge.api.times import moment, moment_or_none
from server.edge.projects import oldest_deletion, purge_project
from server.protocol.errors import NotFound, RoomClosed
from server.protocol.ids import ProjectId
from server.room import project_ports as ports

MIN_BYTES = 1024
MAX_BYTES = 1 << 32
MAX_MEMBERS = 100_000
ORDER = "created"


AnyProject = Annotated[str, Path(description="Any project's id.", max_length=64)]


class ProjectLimits(Input):
    """What one project may hold; null is what holds for all."""

    max_bytes: int | None = Field(
        ge=MIN_BYTES,
        le=MAX_BYTES,
        description="What its document may weigh; it never lifts `AGENTC_MAX_DOCUMENT_BYTES`.",
    )
    max_members: int | None = Field(ge=1, le=MAX_MEMBERS)


class ProjectFile(Output):
    """How much there is of a project, and whose it is."""

    id: str
    title: str
    owners: list[str] = Field(description="Their addresses.")
    members: int
    seq: int
    stored_bytes: int = Field(description="What its document weighs in the log, uncompressed.")
    created_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None
    max_bytes: int | None
    max_members: int | None


class ProjectFiles(Output):
    """A page of projects."""

    items: list[ProjectFile]
    next: str | None = Field(description="`cursor` of the next page; null on the last.")


def routes() -> APIRouter:
    """For platform admins."""
    router = Router(tags=["admin"], prefix="/admin/projects")
    router.get("")(list_all)
    router.get("/{project_id}", responses=refusals(404))(read)
    router.put("/{project_id}/limits", responses=refusals(404))(limit)
    router.delete("/{project_id}", status_code=204, responses=refusals(404))(delete)
    router.post("/{project_id}/undelete", responses=refusals(404, 409))(undelete)
    router.post("/{project_id}/purge", status_code=204, responses=refusals(404, 409))(purge)
    return router


async def list_all(
    _: AdminCaller,
    services: KnownServices,
    search: Search = "",
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> ProjectFiles:
    """All projects of this server, newest first, deleted ones included."""
    query = ports.FileQuery(limit, fit_search(search), read_cursor(ORDER, cursor))
    page = await services.projects.files(query)
    return ProjectFiles(
        items=[_shown(one) for one in page.files], next=write_cursor(ORDER, page.next)
    )


async def read(_: AdminCaller, services: KnownServices, project_id: AnyProject) -> ProjectFile:
    """One project's file."""
    return _shown(await services.projects.file(ProjectId(project_id)))


async def limit(
    wanted: ProjectLimits, _: AdminCaller, services: KnownServices, project_id: AnyProject
) -> ProjectFile:
    """Limit a project. What it has already stays; its clients connect again."""
    project = ProjectId(project_id)
    limits = ports.ProjectLimits(wanted.max_bytes, wanted.max_members)
    await services.projects.limit(project, limits)
    await services.rooms.end(project, RoomClosed("the limits of this project have changed"))
    return _shown(await services.projects.file(project))


async def delete(_: AdminCaller, services: KnownServices, project_id: AnyProject) -> None:
    """Delete a project; it can be brought back for a while."""
    project = ProjectId(project_id)
    await services.directory.delete_project(project)
    await services.rooms.end(project, NotFound("this project has been deleted"))


async def undelete(_: AdminCaller, services: KnownServices, project_id: AnyProject) -> ProjectFile:
    """Bring a deleted project back."""
    since = oldest_deletion(services.clock, services.settings)
    await services.projects.undelete(ProjectId(project_id), deleted_after=since)
    return _shown(await services.projects.file(ProjectId(project_id)))


async def purge(_: AdminCaller, services: KnownServices, project_id: AnyProject) -> None:
    """Remove a deleted project for good."""
    await purge_project(services.projects, services.rooms, ProjectId(project_id))


def _shown(file: ports.ProjectFile) -> ProjectFile:
    return ProjectFile(
        id=file.id,
        title=file.title,
        owners=list(file.owners),
        members=file.members,
        seq=file.head,
        stored_bytes=file.stored_bytes,
        created_at=moment(file.created_at),
        archived_at=moment_or_none(file.archived_at),
        deleted_at=moment_or_none(file.deleted_at),
        max_bytes=file.limits.max_bytes,
        max_members=file.limits.max_members,
    )
