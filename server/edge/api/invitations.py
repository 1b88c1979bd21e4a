"""Invitations: a link that makes a member of whoever accepts it.

Law kept here: L11. A code is shown in the answer that makes it, once, and stored as a digest;
the door leaves it out of the access log. Looking an invitation up needs no account, and shows
no more than what it opens: title and role.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from server.edge.api.callers import AdminAccess, KnownCaller
from server.edge.api.guarded import Router
from server.edge.api.models import Input, Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices
from server.edge.api.times import moment
from server.edge.one_time import invitation_page
from server.edge.secrets import new_token, token_digest
from server.protocol.ids import InvitationId, Millis
from server.protocol.roles import Role
from server.room import project_ports as ports

DAY = 24 * 60 * 60 * 1000
MAX_DAYS = 90
MAX_USES = 1000

Code = Annotated[str, Path(description="An invitation's code.", max_length=256)]


class NewInvitation(Input):
    """What a link shall open, for how long and how many."""

    role: Role
    days: int = Field(7, ge=1, le=MAX_DAYS, description="Until it expires.")
    uses: int = Field(1, ge=1, le=MAX_USES, description="How many may accept it.")


class Invitation(Output):
    """An invitation that can be accepted."""

    id: str = Field(examples=["9b2f0c4d7e6a4b3c8d1e2f3a4b5c6d7e"])
    role: Role
    created_by: str = Field(description="A user's id.")
    created_at: datetime
    expires_at: datetime
    uses_left: int


class MadeInvitation(Invitation):
    """The same, with its secret."""

    code: str = Field(description="Opens the project. It is shown only now.")
    link: str = Field(
        description="A page that accepts it, to be sent to people; after `#` is the code."
    )


class Invitations(Output):
    """All that can be accepted, oldest first."""

    items: list[Invitation]


class Invited(Output):
    """What an invitation opens."""

    title: str = Field(examples=["Bakery"])
    role: Role


class Accepted(Output):
    """Where the caller is a member now, and as what."""

    project_id: str
    title: str
    role: Role


def routes() -> APIRouter:
    """For owners, and for whoever has a code."""
    router = Router(tags=["invitations"])
    ours = "/projects/{project_id}/invitations"
    router.post(ours, status_code=201, responses=refusals(404))(invite)
    router.get(ours, responses=refusals(404))(list_invitations)
    router.delete(ours + "/{invitation_id}", status_code=204, responses=refusals(404))(revoke)
    router.get("/invitations/{code}", responses=refusals(404))(look_up)
    router.post("/invitations/{code}/accept", responses=refusals(404, 409))(accept)
    return router


async def invite(
    new: NewInvitation, access: AdminAccess, services: KnownServices
) -> MadeInvitation:
    """Make a link for people to join by. Its code is in this answer and nowhere else."""
    code = new_token()
    made = await services.invitations.invite(
        access.project,
        access.seat.user,
        digest=token_digest(code),
        role=new.role,
        expires_at=Millis(services.clock.now() + new.days * DAY),
        max_uses=new.uses,
    )
    link = invitation_page(services.people.base, code)
    return MadeInvitation(**_fields(made), code=code, link=link)


async def list_invitations(access: AdminAccess, services: KnownServices) -> Invitations:
    """The invitations that can still be accepted; without their codes."""
    found = await services.invitations.invitations(access.project)
    return Invitations(items=[Invitation(**_fields(one)) for one in found])


async def revoke(
    access: AdminAccess,
    services: KnownServices,
    invitation_id: Annotated[str, Path(description="An invitation's id.", max_length=64)],
) -> None:
    """End an invitation; who has accepted it stays."""
    await services.invitations.revoke(access.project, InvitationId(invitation_id))


async def look_up(services: KnownServices, code: Code) -> Invited:
    """What an invitation opens, before anybody accepts it; no account is needed."""
    found = await services.invitations.invited(token_digest(code))
    return Invited(title=found.title, role=found.role)


async def accept(caller: KnownCaller, services: KnownServices, code: Code) -> Accepted:
    """Become a member. Who is one already, with as high a role, uses nothing up."""
    found = await services.invitations.accept(token_digest(code), caller.user.id)
    return Accepted(project_id=found.project, title=found.title, role=found.role)


def _fields(invitation: ports.Invitation) -> dict[str, Any]:
    return {
        "id": invitation.id,
        "role": invitation.role,
        "created_by": invitation.created_by,
        "created_at": moment(invitation.created_at),
        "expires_at": moment(invitation.expires_at),
        "uses_left": invitation.max_uses - invitation.uses,
    }
