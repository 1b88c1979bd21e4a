"""``/auth``: registering, logging in and out, and getting back in.

Nothing here says whether an account exists: a wrong password and an unknown address are one
answer, and what is mailed is mailed after the answer has left. (Without a mail server
registering must say that an address is taken; see ``server.edge.registration``.)

What does not live here: rules (``server.edge.logins``, ``registration``, ``account_care``),
and changes by who is logged in (``server.edge.api.me``).
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, BackgroundTasks, Request, Response
from pydantic import Field

from server.edge.api.callers import LoggedIn
from server.edge.api.guarded import Router
from server.edge.api.models import Input, Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices, Services
from server.edge.api.times import moment
from server.edge.logins import Visitor
from server.edge.secrets import MAX_PASSWORD, MIN_PASSWORD
from server.edge.sessions import Session, hand_over, label_of, take_back
from server.edge.throttling import address_of
from server.protocol.errors import Invalid
from server.room.ports import User

EMAIL_LENGTH = 254
LINK_LENGTH = 128

Email = Annotated[str, Field(max_length=EMAIL_LENGTH, examples=["ada@example.org"])]
Password = Annotated[str, Field(max_length=MAX_PASSWORD, examples=["correct horse battery"])]
NewPassword = Annotated[Password, Field(min_length=MIN_PASSWORD)]
LinkText = Annotated[
    str, Field(max_length=LINK_LENGTH, description="The `link` of the mailed or printed address.")
]
Code = Annotated[
    str, Field(max_length=64, description="A code of now, or a recovery code.", examples=["123456"])
]


class Newcomer(Input):
    """Who wants an account."""

    email: Email
    name: str = Field("", max_length=200, description="Shown to others.", examples=["Ada"])
    password: NewPassword | None = Field(
        None,
        description="Needed where no address is proved (no mail server); otherwise it is chosen "
        "when the mailed link is followed.",
    )
    invitation: str | None = Field(
        None, max_length=256, description="A project invitation's code, where one is needed."
    )


class Confirmation(Input):
    """Who has followed the link of their registration."""

    link: LinkText
    password: NewPassword
    name: str = Field("", max_length=200, description="Shown to others.")


class Login(Input):
    """Who somebody says they are, and how they show it."""

    email: Email
    password: Password
    code: Code | None = Field(None, description="Needed once the answer is `second-factor-needed`.")


class LinkLogin(Input):
    """A login link of the operator."""

    link: LinkText


class Forgetful(Input):
    """Whose password is forgotten."""

    email: Email


class Reset(Input):
    """A new password for who has got the link."""

    link: LinkText
    password: NewPassword


class Person(Output):
    """An account, as its owner sees it."""

    id: str = Field(examples=["0f8fad5bd9cb469fa165700867289cd1"])
    email: str = Field(examples=["ada@example.org"])
    name: str = Field(examples=["Ada"])
    is_admin: bool = Field(description="May administer the whole server.")
    created_at: datetime


class Opened(Output):
    """A session; its secret is in the cookie `8gentc_session`."""

    user: Person
    expires_at: datetime


class MailSent(Output):
    """What there is to do now."""

    detail: str = Field(examples=["if all is well, a mail is on its way to you"])


class Provider(Output):
    """Somebody else through whom people may log in."""

    name: str = Field(description="In paths.", examples=["oidc"])
    title: str = Field(description="On buttons.", examples=["Example ID"])


class Methods(Output):
    """How people get in here."""

    registration: str = Field(description="`open`, `invited` or `closed`.")
    proves_addresses: bool = Field(description="Whether registering goes by a mailed link.")
    providers: list[Provider]


MAIL_SENT = MailSent(detail="if all is well, a mail is on its way to you")


def routes() -> APIRouter:
    """For everybody, but for the way out."""
    router = Router(tags=["auth"], prefix="/auth")
    router.get("/methods")(methods)
    router.post(
        "/register",
        status_code=201,
        responses={
            202: {"model": MailSent, "description": "A link was mailed: follow it."},
            **refusals(403, 409),
        },
        response_model=Opened,
    )(register)
    router.post("/register/confirm", status_code=201, responses=refusals(404, 409))(confirm)
    router.post("/login", responses=refusals(401))(log_in)
    router.post("/link", responses=refusals(401, 404))(follow_login_link)
    router.post("/logout", status_code=204)(log_out)
    router.post("/password/forgot", status_code=202)(forget)
    router.post("/password/reset", status_code=204, responses=refusals(404))(reset)
    router.post("/email", responses=refusals(404, 409))(confirm_address)
    return router


async def methods(services: KnownServices) -> Methods:
    """What a login page has to offer."""
    people = services.people
    offered = [Provider(name=name, title=title) for name, title in people.providers.names.items()]
    return Methods(
        registration=services.settings.registration,
        proves_addresses=people.registration.proves_addresses,
        providers=offered,
    )


async def register(
    new: Newcomer,
    request: Request,
    response: Response,
    services: KnownServices,
    later: BackgroundTasks,
) -> Opened | Response:
    """Make an account, and log in to it; or, where a mail server is set, have a link mailed."""
    registration, visitor = services.people.registration, visitor_of(request)
    await registration.require_welcome(new.email, new.invitation)
    if registration.proves_addresses:
        await registration.charge(new.email, visitor.address)
        later.add_task(registration.mail, new.email)
        return Response(MAIL_SENT.model_dump_json(), 202, media_type="application/json")
    if new.password is None:
        raise Invalid("expected a password: this server sends no mails to choose one by")
    user = await registration.at_once(new.email, new.name, new.password, visitor.address)
    return await let_in(services, request, response, user)


async def confirm(
    new: Confirmation, request: Request, response: Response, services: KnownServices
) -> Opened:
    """Make the account whose link was mailed, and log in to it."""
    address = address_of(request)
    user = await services.people.registration.confirm(new.link, new.name, new.password, address)
    return await let_in(services, request, response, user)


async def log_in(
    who: Login, request: Request, response: Response, services: KnownServices
) -> Opened:
    """Open a session. 401 with `second-factor-needed` asks for the same again, with `code`."""
    visitor = visitor_of(request)
    session = await services.people.logins.by_password(who.email, who.password, who.code, visitor)
    return _opened(services, request, response, session)


async def follow_login_link(
    who: LinkLogin, request: Request, response: Response, services: KnownServices
) -> Opened:
    """Open a session by a link that the operator made; it works once."""
    session = await services.people.logins.by_link(who.link, visitor_of(request))
    return _opened(services, request, response, session)


async def log_out(
    caller: LoggedIn, request: Request, response: Response, services: KnownServices
) -> None:
    """End this session; its live connections close."""
    await services.people.ports.accounts.end_credential(caller.user.id, caller.token)
    take_back(response, secure=is_secure(request, services))


async def forget(
    who: Forgetful, request: Request, services: KnownServices, later: BackgroundTasks
) -> MailSent:
    """Have a link mailed to choose a new password by. The answer is always the same."""
    await services.people.care.charge_reset(who.email, address_of(request))
    later.add_task(services.people.care.mail_reset, who.email)
    return MAIL_SENT


async def reset(
    wanted: Reset, request: Request, services: KnownServices, later: BackgroundTasks
) -> None:
    """Choose a new password; every session ends, and the second factor stays."""
    care = services.people.care
    user = await care.reset(wanted.link, wanted.password, address_of(request))
    later.add_task(care.tell_of_password, user)


async def confirm_address(
    who: LinkLogin, request: Request, services: KnownServices, later: BackgroundTasks
) -> Person:
    """Change to the address that the link was mailed to."""
    care = services.people.care
    before, after = await care.confirm_new_address(who.link, address_of(request))
    later.add_task(care.tell_of_address, before, after)
    return person(after)


def visitor_of(request: Request) -> Visitor:
    """Who knocks."""
    return Visitor(address_of(request), label_of(request))


def is_secure(request: Request, services: Services) -> bool:
    """Whether the browser's side of the connection is encrypted."""
    return request.url.scheme == "https" or services.people.base.startswith("https:")


async def let_in(services: Services, request: Request, response: Response, user: User) -> Opened:
    """A session for who has just made an account."""
    session = await services.people.logins.open(user, visitor_of(request))
    return _opened(services, request, response, session)


def _opened(services: Services, request: Request, response: Response, session: Session) -> Opened:
    hand_over(response, session, secure=is_secure(request, services))
    return Opened(user=person(session.user), expires_at=moment(session.expires_at))


def person(user: User) -> Person:
    """As its owner sees it."""
    return Person(
        id=user.id,
        email=user.email,
        name=user.name,
        is_admin=user.is_admin,
        created_at=moment(user.created_at),
    )
