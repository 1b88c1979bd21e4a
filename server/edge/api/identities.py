"""Logging in through other providers, and which of them log in to the caller's account.

A browser is sent to the provider and comes back to ``callback``; what must be remembered
meanwhile is in a signed cookie of this path, for ten minutes. What does not live here: the
protocols (``server.edge.providers``) and the policy (``server.edge.identity``).
"""

import hashlib
import re
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from server.edge.api.auth import is_secure, visitor_of
from server.edge.api.callers import LoggedIn, caller_of
from server.edge.api.guarded import Router
from server.edge.api.models import Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices, Services
from server.edge.api.times import moment
from server.edge.sessions import hand_over
from server.protocol.errors import Conflict, Forbidden, Invalid, NotAuthenticated, NotFound
from server.protocol.ids import UserId
from server.room.account_ports import LinkedIdentity

HERE = "/auth/providers"
FLOW = "flow of "
ID_LENGTH = 24
OWN_PATH = re.compile(r"/(?![/\\])[!-~]*")
"""A path of this host, and nothing that a browser would read as another host."""

ProviderName = Annotated[str, Path(description="From `GET /auth/methods`.", max_length=32)]


class Identity(Output):
    """An identity that logs in to this account."""

    id: str
    issuer: str = Field(examples=["https://id.example"])
    label: str = Field(examples=["ada@example.org"])
    created_at: datetime


class Identities(Output):
    """All of them, oldest first."""

    items: list[Identity]


class Elsewhere(Output):
    """Where to send the browser now."""

    location: str


def routes() -> APIRouter:
    """For browsers."""
    router = Router(tags=["identities"])
    back: dict[int | str, dict[str, Any]] = {303: {"description": "Back, with a session."}}
    away: dict[int | str, dict[str, Any]] = {302: {"description": "To the provider."}}
    login = router.get(
        HERE + "/{provider}/login",
        status_code=302,
        response_class=RedirectResponse,
        responses={**away, **refusals(404)},
    )
    login(log_in)
    callback = router.get(
        HERE + "/{provider}/callback",
        status_code=303,
        response_class=RedirectResponse,
        responses={**back, **refusals(401, 403, 404, 409)},
    )
    callback(come_back)
    ours = "/users/me/identities"
    router.get(ours)(list_identities)
    router.post(ours + "/{provider}", responses=refusals(404))(link)
    router.delete(ours + "/{identity_id}", status_code=204, responses=refusals(404, 409))(unlink)
    return router


async def log_in(
    provider: ProviderName,
    request: Request,
    services: KnownServices,
    next: Annotated[str, Query(max_length=1000, description="Where to go then.")] = "/",
) -> Response:
    """Send the browser to a provider, to log in there."""
    return await _away(services, request, provider, {"next": _own_path(next), "user": None})


async def link(
    provider: ProviderName, request: Request, caller: LoggedIn, services: KnownServices
) -> Elsewhere:
    """Begin to link an identity to one's account: send the browser where this says."""
    kept: dict[str, str | None] = {"next": "/", "user": caller.user.id}
    redirect = await _away(services, request, provider, kept)
    return Elsewhere(location=redirect.headers["location"])


async def come_back(provider: ProviderName, request: Request, services: KnownServices) -> Response:
    """Where a provider sends the browser back to, with a code."""
    kept = request.session.pop(FLOW + provider, None)
    claims = await services.people.providers.finish(provider, request)
    if kept is None:
        raise NotAuthenticated("this login was not begun here, or long ago: begin it again")
    response = RedirectResponse(kept["next"], 303)
    if kept["user"] is None:
        session = await services.people.identities.log_in(claims, visitor_of(request))
        hand_over(response, session, secure=is_secure(request, services))
    else:
        await _require_same(request, services, kept["user"])
        await services.people.identities.link(UserId(kept["user"]), claims)
    return response


async def list_identities(caller: LoggedIn, services: KnownServices) -> Identities:
    """Through whom one may log in to this account."""
    found = await services.people.ports.identities.of(caller.user.id)
    return Identities(items=[_shown(one) for one in found])


async def unlink(
    caller: LoggedIn,
    services: KnownServices,
    identity_id: Annotated[str, Path(description="An identity's id.", max_length=64)],
) -> None:
    """Let an identity log in no longer. One that is the only way in stays."""
    ports, user = services.people.ports, caller.user.id
    found = await ports.identities.of(user)
    wanted = [one.identity for one in found if _id_of(one) == identity_id]
    if not wanted:
        raise NotFound("your account has no such identity")
    if len(found) == 1 and (await ports.accounts.by_id(user)).password_hash is None:
        raise Conflict("this is the only way in: set a password first")
    await ports.identities.unlink(user, wanted[0])


async def _away(
    services: Services, request: Request, provider: str, kept: dict[str, str | None]
) -> Response:
    callback = f"{services.people.base}{request.scope['root_path']}{HERE}/{provider}/callback"
    redirect = await services.people.providers.begin(provider, request, callback)
    request.session[FLOW + provider] = kept
    return redirect


async def _require_same(request: Request, services: Services, user: str) -> None:
    """Who comes back is still logged in as who went."""
    if (await caller_of(request, services)).user.id != user:
        raise Forbidden("you are logged in as somebody else by now")


def _own_path(path: str) -> str:
    if not OWN_PATH.fullmatch(path):
        raise Invalid("expected next to be a path of this server")
    return path


def _id_of(one: LinkedIdentity) -> str:
    name = f"{one.identity.issuer}\n{one.identity.subject}".encode()
    return hashlib.sha256(name).hexdigest()[:ID_LENGTH]


def _shown(one: LinkedIdentity) -> Identity:
    return Identity(
        id=_id_of(one),
        issuer=one.identity.issuer,
        label=one.label,
        created_at=moment(one.created_at),
    )
