"""Who is asking, and what they may do in the project of the path.

All are parameters of handlers; FastAPI answers the refusal before the handler runs. What
does not live here: what a credential is (``server.edge.credentials``) and which right an
operation needs (the operation says).

Laws kept here: L8 (the role is looked up for every request; a stranger cannot tell a
project of others from none) and L11 (no credential is part of an error).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from server.edge.api.services import KnownServices, Services
from server.edge.credentials import SAFE_METHODS, authenticate, check_origin
from server.edge.sessions import COOKIE
from server.protocol.credentials import Scope, TokenKind, includes
from server.protocol.errors import Forbidden, NotFound
from server.protocol.ids import Millis, ProjectId, TokenId
from server.protocol.roles import Right, Role, allows
from server.room.ports import Attribution, Means, Seat, User

BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="A personal access token: `Authorization: Bearer 8g_...`.",
)
"""Only describes: our own check has better words for what is wrong."""
SESSION = APIKeyCookie(
    name=COOKIE,
    auto_error=False,
    scheme_name="session",
    description="A browser that has logged in. Unsafe methods must come from our own pages.",
)
"""Likewise."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A person, by the credential that this request carries."""

    user: User
    token: TokenId
    kind: TokenKind
    scope: Scope
    expires_at: Millis | None

    def seat(self, project: ProjectId) -> Seat:
        """Theirs in a project, as far as the credential goes."""
        return Seat(self.user.id, self.token, project)


async def _reader(
    request: Request,
    services: KnownServices,
    _: Annotated[object, Security(BEARER)],
    __: Annotated[object, Security(SESSION)],
) -> Caller:
    return await caller_of(request, services)


async def caller_of(request: Request, services: Services) -> Caller:
    """Whose request this is, outside of a handler. Raises the refusal."""
    allowed = services.settings.allowed_origins
    check_origin(request, allowed)
    grant = await authenticate(request, services.directory, allowed)
    request.state.user = grant.user.id
    return Caller(grant.user, grant.token, grant.kind, grant.scope, grant.expires_at)


ReadingCaller = Annotated[Caller, Depends(_reader)]
"""A handler's parameter: somebody, or 401; for what changes nothing, whatever its method."""


async def _caller(request: Request, caller: ReadingCaller) -> Caller:
    if request.method not in SAFE_METHODS:
        require_scope(caller, Scope.WRITE)
    return caller


KnownCaller = Annotated[Caller, Depends(_caller)]
"""A handler's parameter: somebody, or 401; with a method that changes things, somebody whose
credential may write, or 403."""


async def _owner(caller: KnownCaller) -> Caller:
    require_scope(caller, Scope.ADMIN)
    return caller


AccountOwner = Annotated[Caller, Depends(_owner)]
"""A handler's parameter: somebody whose credential goes as far as they do, or 403."""


async def _admin(caller: AccountOwner) -> Caller:
    if not caller.user.is_admin:
        raise Forbidden("only platform admins may do this")
    return caller


AdminCaller = Annotated[Caller, Depends(_admin)]
"""A handler's parameter: a platform admin, or 403."""


async def _person(caller: KnownCaller) -> Caller:
    if caller.kind is not TokenKind.SESSION:
        raise Forbidden("only with a session, and not with a token, can this be done")
    return caller


LoggedIn = Annotated[Caller, Depends(_person)]
"""A handler's parameter: somebody who has logged in, or 403."""


def require_scope(caller: Caller, wanted: Scope) -> None:
    """Raises ``Forbidden`` when the credential does not go so far."""
    if not includes(caller.scope, wanted):
        raise Forbidden(f"this token is for {caller.scope.value} only, not for {wanted.value}")


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


def _access(right: Right, unsafe: Scope = Scope.WRITE) -> Callable[..., Awaitable[Access]]:
    """A dependency: a member with this right; with a method that changes things, one whose
    credential goes as far as ``unsafe``."""

    async def access(
        request: Request,
        caller: ReadingCaller,
        services: KnownServices,
        project_id: Annotated[str, Path(description="A project's id.")],
    ) -> Access:
        seat = caller.seat(ProjectId(project_id))
        [found] = await services.directory.roles([seat])
        role = member(found)
        if not allows(role, right):
            raise Forbidden(f"you are {role.value} in this project: you may not {right.value}")
        if request.method not in SAFE_METHODS:
            require_scope(caller, unsafe)
        return Access(seat, role)

    return access


def member(role: Role | None) -> Role:
    """Raises ``NotFound`` for who has no role."""
    if role is None:
        raise NotFound("there is no such project, or you are not a member of it")
    return role


ReadAccess = Annotated[Access, Depends(_access(Right.READ))]
"""A handler's parameter on ``/projects/{project_id}/...``: a member, or 404."""
TicketAccess = Annotated[Access, Depends(_access(Right.READ, Scope.READ))]
"""The same, with any credential whatever the method: for what changes nothing."""
WriteAccess = Annotated[Access, Depends(_access(Right.WRITE))]
"""The same for whoever may write, or 403."""
AdminAccess = Annotated[Access, Depends(_access(Right.ADMINISTER))]
"""The same for whoever may administer, or 403."""
