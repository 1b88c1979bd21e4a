"""Access to a project that may be deleted, for those who own it.

Law kept here: L8. To everybody else a deleted project is none; of one that is not deleted,
members learn what they would of any other operation of its owners.
"""

from typing import Annotated

from fastapi import Depends, Path

from server.edge.api.callers import Access, AccountOwner, member
from server.edge.api.services import KnownServices
from server.protocol.errors import Forbidden, NotFound
from server.protocol.ids import ProjectId
from server.protocol.roles import Role
from server.room.ports import Seat


async def _deleted_access(
    caller: AccountOwner,
    services: KnownServices,
    project_id: Annotated[str, Path(description="A project's id.")],
) -> Access:
    project = ProjectId(project_id)
    seat = Seat(caller.user.id, caller.token, project)
    try:
        card = await services.projects.deleted_card(project, seat.user)
    except NotFound:
        role = member(await services.directory.role(project, seat.user))
        if role is not Role.OWNER:
            raise Forbidden(f"your role in this project is {role.value}: owners do this") from None
        return Access(seat, role)
    return Access(seat, card.role)


DeletedAccess = Annotated[Access, Depends(_deleted_access)]
"""A handler's parameter: an owner of the project, deleted or not; or 403, or 404."""
