"""``/projects/{id}/members``: who is in a project, and as what (L8).

A change reaches live connections within a second, by the way of every change of the
directory. What does not live here: invitations, and what a role may do.
"""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field, model_validator

from server.edge.api.callers import AdminAccess, ReadAccess
from server.edge.api.guarded import Router
from server.edge.api.models import Input, Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices
from server.protocol.errors import Forbidden, Invalid, NotFound
from server.protocol.ids import ProjectId, UserId
from server.protocol.roles import Right, Role, allows
from server.room import ports

MemberId = Annotated[str, Path(description="A user's id.", max_length=64)]


class Member(Output):
    """Somebody in a project."""

    user_id: str = Field(examples=["0f9c2b7d5a4e4c1d8e3f6a7b8c9d0e1f"])
    email: str = Field(examples=["ada@example.org"])
    name: str = Field(examples=["Ada"])
    role: Role


class Members(Output):
    """Everybody in a project, by address."""

    items: list[Member]


class NewMember(Input):
    """Who shall be in it: one of both, and as what."""

    email: str | None = Field(None, max_length=254, examples=["bo@example.org"])
    user_id: str | None = Field(None, max_length=64)
    role: Role

    @model_validator(mode="after")
    def _names_one(self) -> "NewMember":
        if (self.email is None) is (self.user_id is None):
            raise ValueError("expected either email or user_id")
        return self


class RoleChange(Input):
    """What somebody shall be."""

    role: Role


class Heir(Input):
    """Who shall own the project: one of its members."""

    user_id: str = Field(max_length=64)


def routes() -> APIRouter:
    """Members of one project."""
    router = Router(tags=["members"], prefix="/projects/{project_id}")
    router.get("/members", responses=refusals(404))(list_members)
    router.post("/members", status_code=201, responses=refusals(404, 409))(add)
    router.patch("/members/{user_id}", responses=refusals(404, 409))(change)
    router.delete("/members/{user_id}", status_code=204, responses=refusals(404, 409))(remove)
    router.post("/transfer", responses=refusals(404, 409))(transfer)
    return router


async def list_members(access: ReadAccess, services: KnownServices) -> Members:
    """Everybody with a role in the project."""
    found = await services.directory.members(access.project)
    return Members(items=[_shown(member) for member in found])


async def add(new: NewMember, access: AdminAccess, services: KnownServices) -> Member:
    """Add somebody who has an account; others can be invited by link."""
    user = UserId(new.user_id or "")
    try:
        if new.email is not None:
            user = (await services.directory.user_by_email(new.email)).id
        await services.projects.add_member(access.project, user, new.role)
    except NotFound:
        raise Invalid("nobody has an account of this name: invite them by link") from None
    return await _member(services, access.project, user)


async def change(
    wanted: RoleChange, access: AdminAccess, services: KnownServices, user_id: MemberId
) -> Member:
    """Change somebody's role; the last owner stays one."""
    await services.projects.change_member(access.project, UserId(user_id), wanted.role)
    return await _member(services, access.project, UserId(user_id))


async def remove(access: ReadAccess, services: KnownServices, user_id: MemberId) -> None:
    """Take somebody's role away, or leave. The last owner cannot leave."""
    if user_id != access.seat.user and not allows(access.role, Right.ADMINISTER):
        raise Forbidden("only owners remove others")
    await services.directory.remove_member(access.project, UserId(user_id))


async def transfer(heir: Heir, access: AdminAccess, services: KnownServices) -> Members:
    """Hand the project over to a member: they own it, and the caller edits it."""
    await services.projects.transfer(access.project, access.seat.user, UserId(heir.user_id))
    return await list_members(access, services)


async def _member(services: KnownServices, project: ProjectId, user: UserId) -> Member:
    for member in await services.directory.members(project):
        if member.user.id == user:
            return _shown(member)
    raise NotFound("not a member of this project")


def _shown(member: ports.Member) -> Member:
    user = member.user
    return Member(user_id=user.id, email=user.email, name=user.name, role=member.role)
