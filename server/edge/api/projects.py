"""``/projects``: making, finding, naming, duplicating and putting away projects.

What does not live here: members, invitations, content, and what a platform admin does.

Laws kept here: L1 (a duplicate is read from the live room: what it holds is committed) and L8.
"""

from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Query, Response
from pydantic import Field

from server.document.replica import Replica
from server.edge.api.callers import AdminAccess, KnownCaller, ReadAccess, WriteAccess
from server.edge.api.deleted import DeletedAccess
from server.edge.api.etags import IfMatch, etag_of, require_match
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
from server.edge.projects import (
    MAX_DESCRIPTION,
    MAX_TITLE,
    create_project,
    duplicate_project,
    fit_description,
    fit_title,
    oldest_deletion,
    purge_project,
)
from server.protocol.errors import NotFound
from server.protocol.roles import Role
from server.room.project_ports import ProjectCard, Shelf, ShelfOrder, ShelfQuery

Title = Annotated[str, Field(min_length=1, max_length=MAX_TITLE, examples=["Bakery"])]
Description = Annotated[
    str, Field(max_length=MAX_DESCRIPTION, examples=["Bread for the east side of town."])
]


class NewProject(Input):
    """A project to be made."""

    title: Title
    description: Description = ""


class ProjectChange(Input):
    """What shall be different; what is left out stays."""

    title: Title | None = None
    description: Description | None = None


class Copy(Input):
    """What a duplicate is called."""

    title: Title | None = Field(None, description="Left out: the title with “(copy)” after it.")


class Project(Output):
    """A project, as the caller may use it."""

    id: str = Field(examples=["5d1a6c3e8b1f4b0f9f6f2f4f0a1b2c3d"])
    title: str
    description: str
    role: Role = Field(description="What the caller is in it.")
    created_at: datetime
    archived_at: datetime | None
    deleted_at: datetime | None
    max_bytes: int | None = Field(description="What its document may weigh, if that is special.")
    max_members: int | None = Field(description="How many members it may have, if limited.")
    seq: int = Field(description="How far its document's log goes.")

    @classmethod
    def of(cls, card: ProjectCard) -> Self:
        """As it is kept."""
        return cls(**_fields(card))


class ShelvedProject(Project):
    """A project in a list."""

    opened_at: datetime | None = Field(description="When the caller last opened it.")

    @classmethod
    def of(cls, card: ProjectCard) -> Self:
        """As it is kept."""
        return cls(**_fields(card), opened_at=moment_or_none(card.opened_at))


class Projects(Output):
    """A page of projects."""

    items: list[ShelvedProject]
    next: str | None = Field(description="`cursor` of the next page; null on the last.")


def _fields(card: ProjectCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "title": card.title,
        "description": card.description,
        "role": card.role,
        "created_at": moment(card.created_at),
        "archived_at": moment_or_none(card.archived_at),
        "deleted_at": moment_or_none(card.deleted_at),
        "max_bytes": card.limits.max_bytes,
        "max_members": card.limits.max_members,
        "seq": card.head,
    }


def routes() -> APIRouter:
    """All projects, and one."""
    router = Router(tags=["projects"], prefix="/projects")
    router.post("", status_code=201)(create)
    router.get("")(list_projects)
    router.get("/{project_id}", responses=refusals(404))(read)
    router.patch("/{project_id}", responses=refusals(404, 412))(change)
    router.delete("/{project_id}", status_code=204, responses=refusals(404))(delete)
    router.post("/{project_id}/duplicate", status_code=201, responses=refusals(404))(duplicate)
    router.post("/{project_id}/archive", responses=refusals(404))(archive)
    router.post("/{project_id}/unarchive", responses=refusals(404))(unarchive)
    router.post("/{project_id}/undelete", responses=refusals(404, 409))(undelete)
    router.post("/{project_id}/purge", status_code=204, responses=refusals(404, 409))(purge)
    return router


async def create(
    new: NewProject, caller: KnownCaller, services: KnownServices, response: Response
) -> Project:
    """Make a project; the caller owns it."""
    project = await create_project(
        services.directory,
        services.clock,
        title=new.title,
        owner=caller.user.id,
        description=fit_description(new.description),
    )
    made = Project.of(await services.projects.card(project.id, caller.user.id))
    response.headers["Location"] = f"projects/{made.id}"
    return _tagged(made, response)


async def list_projects(
    caller: KnownCaller,
    services: KnownServices,
    search: Search = "",
    sort: Annotated[ShelfOrder, Query(description="What comes first.")] = ShelfOrder.OPENED,
    state: Annotated[Shelf, Query(description="Deleted ones: those of owners.")] = Shelf.ACTIVE,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Projects:
    """The caller's projects, page by page."""
    query = ShelfQuery(
        shelf=state,
        order=sort,
        limit=limit,
        search=fit_search(search),
        after=read_cursor(sort.value, cursor),
        deleted_after=oldest_deletion(services.clock, services.settings),
    )
    page = await services.projects.shelf(caller.user.id, query)
    items = [ShelvedProject.of(card) for card in page.cards]
    return Projects(items=items, next=write_cursor(sort.value, page.next))


async def read(access: ReadAccess, services: KnownServices, response: Response) -> Project:
    """One project: what is said about it. Its content is under paths of its own."""
    card = await services.projects.card(access.project, access.seat.user)
    return _tagged(Project.of(card), response)


async def change(
    wanted: ProjectChange,
    access: WriteAccess,
    services: KnownServices,
    response: Response,
    expected: IfMatch = None,
) -> Project:
    """Rename or describe a project."""
    card = await services.projects.describe(
        access.project,
        access.seat.user,
        title=None if wanted.title is None else fit_title(wanted.title),
        description=None if wanted.description is None else fit_description(wanted.description),
        check=lambda now: require_match(expected, Project.of(now)),
    )
    return _tagged(Project.of(card), response)


async def delete(access: AdminAccess, services: KnownServices) -> None:
    """Delete a project: its connections close, and for a while its owners can bring it back."""
    await services.directory.delete_project(access.project)
    await services.rooms.end(access.project, NotFound("this project has been deleted"))


async def duplicate(
    wanted: Copy, access: ReadAccess, services: KnownServices, response: Response
) -> Project:
    """Make a project of the caller's own with the content that this one has now; without its
    history, members and invitations."""
    user = access.seat.user
    card = await services.projects.card(access.project, user)
    content = await services.rooms.read(access.project, Replica.everything)
    project = await duplicate_project(
        services.directory, services.clock, card, content, title=wanted.title, owner=user
    )
    made = Project.of(await services.projects.card(project.id, user))
    response.headers["Location"] = f"projects/{made.id}"
    return _tagged(made, response)


async def archive(access: AdminAccess, services: KnownServices, response: Response) -> Project:
    """Put a project away, for all its members; nothing else about it changes."""
    await services.projects.archive(access.project)
    return await read(access, services, response)


async def unarchive(access: AdminAccess, services: KnownServices, response: Response) -> Project:
    """Take a project out again."""
    await services.projects.unarchive(access.project)
    return await read(access, services, response)


async def undelete(access: DeletedAccess, services: KnownServices, response: Response) -> Project:
    """Bring a deleted project back, with everything that it had; for its owners, until
    `AGENTC_PROJECT_RETENTION_DAYS` after it was deleted."""
    since = oldest_deletion(services.clock, services.settings)
    await services.projects.undelete(access.project, deleted_after=since)
    card = await services.projects.card(access.project, access.seat.user)
    return _tagged(Project.of(card), response)


async def purge(access: DeletedAccess, services: KnownServices) -> None:
    """Remove a deleted project for good: content, history, members. For its owners."""
    await purge_project(services.projects, services.rooms, access.project)


def _tagged(project: Project, response: Response) -> Project:
    response.headers["ETag"] = etag_of(project)
    return project
