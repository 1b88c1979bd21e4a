"""Who is asking, and what they may do in the project of the path.

Both are parameters of handlers; FastAPI answers the refusal before the handler runs. What
does not live here: what a credential is (``server.edge.credentials``) and which right an
operation needs (the operation says).

Laws kept here: L8 (the role is looked up for every request; a stranger cannot tell a
project of others from none) and L11 (no credential is part of an error).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request, Security
from fastapi.security import HTTPBearer

from server.edge.api.services import KnownServices, Services
from server.edge.credentials import authenticate, check_origin
from server.protocol.errors import Forbidden, NotFound
from server.protocol.ids import ProjectId, TokenId
from server.protocol.roles import Right, Role, allows
from server.room.ports import Attribution, Means, Seat, User

BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="A personal access token: `Authorization: Bearer 8g_...`.",
)
"""Only describes: our own check has better words for what is wrong."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, by the credential that this request carries."""

    user: User
    token: TokenId


async def _caller(
    request: Request, services: KnownServices, _: Annotated[object, Security(BEARER)]
) -> Caller:
    return await caller_of(request, services)


async def caller_of(request: Request, services: Services) -> Caller:
    """Whose request this is, outside of a handler. Raises the refusal."""
    check_origin(request, services.settings.allowed_origins)
    grant = await authenticate(request, services.directory)
    return Caller(grant.user, grant.token)


KnownCaller = Annotated[Caller, Depends(_caller)]
"""A handler's parameter: somebody, or 401."""


@dataclass(frozen=True, slots=True)
class Access:
    """A caller in one project, with the role that they had when they asked."""

    seat: Seat
    role: Role

    @property
    def project(self) -> ProjectId:
        """The project of the path."""
        return self.seat.project

    @property
    def by(self) -> Attribution:
        """Whose edit it is that this request makes."""
        return Attribution(self.seat.user, Means.REST)

    async def asked_again(self, services: Services) -> "Access":
        """With the role that they have now: the sender decides how long a body takes."""
        [role] = await services.directory.roles([self.seat])
        return Access(self.seat, member(role))


def _access(right: Right) -> Callable[..., Awaitable[Access]]:
    async def access(
        caller: KnownCaller,
        services: KnownServices,
        project_id: Annotated[str, Path(description="A project's id.", max_length=64)],
    ) -> Access:
        project = ProjectId(project_id)
        role = member(await services.directory.role(project, caller.user.id))
        if not allows(role, right):
            raise Forbidden(f"your role in this project is {role.value}: you may not {right.value}")
        return Access(Seat(caller.user.id, caller.token, project), role)

    return access


def member(role: Role | None) -> Role:
    """Raises ``NotFound`` for who has no role."""
    if role is None:
        raise NotFound("there is no such project, or you are not a member of it")
    return role


ReadAccess = Annotated[Access, Depends(_access(Right.READ))]
"""A handler's parameter on ``/projects/{project_id}/...``: a member, or 404."""
WriteAccess = Annotated[Access, Depends(_access(Right.WRITE))]
"""The same for whoever may write, or 403."""
AdminAccess = Annotated[Access, Depends(_access(Right.ADMINISTER))]
"""The same for whoever may administer, or 403."""
