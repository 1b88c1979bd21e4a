"""``/admin/users``: what a platform admin sees of all accounts, and does to them.

Who there is and how they stand, not what they wrote. A platform admin sets nobody's password
and takes down nobody's second factor: whoever may do that may be anybody. An account made here
has no password; where there is a mail server, its owner is mailed a link to choose one.

Law kept here: L8. What an admin ends, live connections hear of within a second.
"""

from datetime import datetime
from typing import Annotated, Self

from fastapi import APIRouter, BackgroundTasks, Path, Query
from pydantic import Field

from server.edge.api.auth import Email
from server.edge.api.callers import AdminCaller
from server.edge.api.guarded import Router
from server.edge.api.models import Input, Output
from server.edge.api.openapi import refusals
from server.edge.api.pages import DEFAULT_LIMIT, Cursor, Limit, fit_search, read_key, write_key
from server.edge.api.services import KnownServices
from server.edge.api.times import moment
from server.edge.registration import fit_name
from server.protocol.errors import Invalid
from server.protocol.ids import UserId
from server.room import user_ports as ports

AnyUser = Annotated[str, Path(description="Any user's id.", max_length=64)]
PartOfName = Annotated[
    str, Query(max_length=200, description="Part of an address or a name; empty for all.")
]


class NewUser(Input):
    """Who shall have an account."""

    email: Email
    name: str = Field("", max_length=200, description="Shown to others.", examples=["Ada"])
    is_admin: bool = False


class StandingChange(Input):
    """What shall be different; what is left out stays."""

    is_admin: bool | None = None
    disabled: bool | None = Field(None, description="A disabled account opens nothing.")


class UserFile(Output):
    """An account, how it may be logged in to, and how much hangs on it."""

    id: str
    email: str
    name: str
    is_admin: bool
    disabled: bool
    created_at: datetime
    email_verified: bool
    has_password: bool
    has_second_factor: bool
    projects: int = Field(description="Of which they are a member.")
    sessions: int
    tokens: int

    @classmethod
    def of(cls, file: ports.UserFile) -> Self:
        """As it is kept."""
        user = file.user
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            is_admin=user.is_admin,
            disabled=user.disabled,
            created_at=moment(user.created_at),
            email_verified=file.email_verified,
            has_password=file.has_password,
            has_second_factor=file.has_second_factor,
            projects=file.projects,
            sessions=file.sessions,
            tokens=file.tokens,
        )


class UserFiles(Output):
    """A page of accounts."""

    items: list[UserFile]
    next: str | None = Field(description="`cursor` of the next page; null on the last.")


def routes() -> APIRouter:
    """For platform admins."""
    router = Router(tags=["admin users"], prefix="/admin/users")
    one = "/{user_id}"
    router.get("")(list_users)
    router.post("", status_code=201, responses=refusals(409))(create)
    router.get(one, responses=refusals(404))(read)
    router.patch(one, responses=refusals(404, 409))(change)
    router.delete(one, status_code=204, responses=refusals(404, 409))(delete)
    router.post(one + "/sign-out", status_code=204, responses=refusals(404))(sign_out)
    return router


async def list_users(
    _: AdminCaller,
    services: KnownServices,
    search: PartOfName = "",
    state: Annotated[ports.UserShelf, Query(description="Which.")] = ports.UserShelf.ALL,
    limit: Limit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> UserFiles:
    """All accounts of this server, by address."""
    after = _address(cursor) if cursor else None
    query = ports.UserQuery(limit, state, fit_search(search), after)
    page = await services.people.ports.users.files(query)
    following = None if page.next is None else (page.next,)
    return UserFiles(items=[UserFile.of(one) for one in page.files], next=write_key(following))


async def create(
    new: NewUser, _: AdminCaller, services: KnownServices, later: BackgroundTasks
) -> UserFile:
    """Make an account; the admin vouches for the address. Its owner is mailed a link to choose
    a password by, if there is a mail server."""
    user = await services.directory.add_user(
        email=new.email,
        name=fit_name(new.name, new.email),
        is_admin=new.is_admin,
        password_hash=None,
    )
    if services.people.registration.proves_addresses:
        later.add_task(services.people.care.mail_reset, user.email)
    return await _file(services, user.id)


async def read(_: AdminCaller, services: KnownServices, user_id: AnyUser) -> UserFile:
    """One account."""
    return await _file(services, UserId(user_id))


async def change(
    wanted: StandingChange, _: AdminCaller, services: KnownServices, user_id: AnyUser
) -> UserFile:
    """Make a platform admin, or no longer; disable an account, or no longer. Some platform
    admin stays."""
    users, user = services.people.ports.users, UserId(user_id)
    await users.set_standing(user, is_admin=wanted.is_admin, disabled=wanted.disabled)
    return await _file(services, user)


async def delete(_: AdminCaller, services: KnownServices, user_id: AnyUser) -> None:
    """Delete an account for good, as its owner would. 409 names projects that would have no
    owner."""
    await services.people.ports.users.delete(UserId(user_id))


async def sign_out(_: AdminCaller, services: KnownServices, user_id: AnyUser) -> None:
    """End every session and token of an account; its live connections close."""
    await services.people.ports.users.end_credentials(UserId(user_id))


async def _file(services: KnownServices, user: UserId) -> UserFile:
    return UserFile.of(await services.people.ports.users.file(user))


def _address(cursor: str) -> str:
    match read_key(cursor):
        case (address,):
            return address
        case _:
            raise Invalid("expected the `next` of a page before")
