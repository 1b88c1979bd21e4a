"""``/users/me``: the caller's own account.

What is needed to take an account over or away (password, address, leaving) takes a session and
the current password: a token that leaks from a script is not enough. What does not live here:
second factors, identities, sessions and tokens, which have modules of their own.
"""

from fastapi import APIRouter, BackgroundTasks, Request, Response
from pydantic import Field

from server.edge.api.auth import (
    MAIL_SENT,
    Code,
    Email,
    MailSent,
    NewPassword,
    Password,
    Person,
    is_secure,
    person,
)
from server.edge.api.callers import AccountOwner, Caller, KnownCaller, LoggedIn
from server.edge.api.guarded import Router
from server.edge.api.models import Input
from server.edge.api.openapi import refusals
from server.edge.api.second_factor import require_code
from server.edge.api.services import KnownServices, Services
from server.edge.registration import fit_name
from server.edge.sessions import take_back
from server.edge.throttling import address_of
from server.protocol.credentials import TokenKind
from server.protocol.errors import Forbidden
from server.room.account_ports import Account

FRESH = 10 * 60 * 1000
"""Milliseconds for which a login counts as having just been made."""


class Profile(Person):
    """The same, and how the account may be logged in to."""

    email_verified: bool
    has_password: bool
    has_second_factor: bool


class Changes(Input):
    """What to change."""

    name: str = Field(min_length=1, max_length=200, examples=["Ada Lovelace"])


class PasswordChange(Input):
    """From one password to another."""

    current: Password | None = Field(None, description="Needed unless there is none.")
    new: NewPassword


class NewAddress(Input):
    """Where mail shall go."""

    email: Email
    password: Password | None = Field(None, description="Needed unless there is none.")


class Farewell(Input):
    """That it is really them."""

    password: Password | None = Field(
        None, description="Needed unless there is none: then log in anew, and be quick."
    )
    code: Code | None = Field(None, description="Needed if there is a second factor.")


def routes() -> APIRouter:
    """For whoever is somebody."""
    router = Router(tags=["account"], prefix="/users/me")
    router.get("")(read)
    router.patch("")(change)
    router.put("/password", status_code=204)(change_password)
    router.post("/email", status_code=202)(change_address)
    router.post("/delete", status_code=204, responses=refusals(409))(delete)
    return router


async def read(caller: KnownCaller, services: KnownServices) -> Profile:
    """Who the caller is."""
    return _profile(await services.people.ports.accounts.by_id(caller.user.id))


async def change(wanted: Changes, caller: AccountOwner, services: KnownServices) -> Profile:
    """Change the name."""
    accounts = services.people.ports.accounts
    await accounts.rename(caller.user.id, fit_name(wanted.name, caller.user.email))
    return _profile(await accounts.by_id(caller.user.id))


async def change_password(
    wanted: PasswordChange,
    request: Request,
    caller: LoggedIn,
    services: KnownServices,
    later: BackgroundTasks,
) -> None:
    """Change the password; all other sessions end, and this one stays."""
    care = services.people.care
    user = await care.change_password(
        caller.user.id, wanted.current, wanted.new, caller.token, address_of(request)
    )
    later.add_task(care.tell_of_password, user)


async def change_address(
    wanted: NewAddress,
    request: Request,
    caller: LoggedIn,
    services: KnownServices,
    later: BackgroundTasks,
) -> MailSent:
    """Have a link mailed to the new address; following it makes the change."""
    care, user = services.people.care, caller.user.id
    await care.ask_new_address(user, wanted.password, wanted.email, address_of(request))
    later.add_task(care.mail_new_address, user, wanted.email)
    return MAIL_SENT


async def delete(
    who: Farewell,
    request: Request,
    response: Response,
    caller: LoggedIn,
    services: KnownServices,
    later: BackgroundTasks,
) -> None:
    """Delete one's account, with all credentials, memberships and invitations; there is no way
    back. What one wrote in projects of others stays there, by nobody. 409 names projects that
    would have no owner: hand them over or delete them first."""
    care = services.people.care
    account = await care.require_password(caller.user.id, who.password, address_of(request))
    if account.password_hash is None:
        await _require_fresh_login(caller, services)
    if account.second_factor:
        await require_code(who.code or "", request, caller, services)
    gone = await care.leave(caller.user.id)
    take_back(response, secure=is_secure(request, services))
    later.add_task(care.tell_of_leaving, gone)


async def _require_fresh_login(caller: Caller, services: Services) -> None:
    """Who has no password shows by logging in elsewhere that they are who they were."""
    sessions = await services.directory.list_tokens(caller.user.id, TokenKind.SESSION)
    since = services.clock.now() - FRESH
    if not any(one.id == caller.token and one.created_at >= since for one in sessions):
        raise Forbidden("log in again first: this session is older than ten minutes")


def _profile(account: Account) -> Profile:
    return Profile(
        **person(account.user).model_dump(),
        email_verified=account.email_verified,
        has_password=account.password_hash is not None,
        has_second_factor=account.second_factor,
    )
