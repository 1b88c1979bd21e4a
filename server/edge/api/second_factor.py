"""``/users/me/second-factor``: TOTP for the caller's account.

It takes a session: whoever finds a token must not lock its owner out. Removing it, or making
new recovery codes, takes a code. What does not live here: codes (``server.edge.second_factor``).

Law kept: L11. Seed and recovery codes are in the answers that make them, once.
"""

from fastapi import APIRouter, Request
from pydantic import Field

from server.edge.api.auth import Code, Password
from server.edge.api.callers import Caller, LoggedIn
from server.edge.api.guarded import Router
from server.edge.api.models import Input, Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices, Services
from server.edge.throttling import address_of, logins
from server.protocol.errors import Forbidden
from server.room.account_ports import Allowance


class Standing(Output):
    """Whether there is one."""

    confirmed: bool = Field(description="Whether it is asked for.")
    recovery_codes_left: int


class Beginning(Input):
    """Who it is that begins."""

    password: Password | None = Field(None, description="Needed unless there is none.")


class Seed(Output):
    """For an authenticator app. It is shown only now."""

    seed: str = Field(examples=["JBSWY3DPEHPK3PXP"])
    uri: str = Field(description="To be shown as a QR code.")


class Shown(Input):
    """A code."""

    code: Code


class RecoveryCodes(Output):
    """Each opens once, in place of a code. They are shown only now."""

    codes: list[str]


def routes() -> APIRouter:
    """For whoever has logged in."""
    router = Router(tags=["second factor"], prefix="/users/me/second-factor")
    router.get("")(read)
    router.post("", status_code=201, responses=refusals(409))(begin)
    router.post("/confirm", responses=refusals(409))(confirm)
    router.post("/recovery-codes")(renew)
    router.post("/remove", status_code=204)(remove)
    return router


async def read(caller: LoggedIn, services: KnownServices) -> Standing:
    """Whether a second factor is asked for, and how many recovery codes are left."""
    factor = await services.people.ports.second_factors.of(caller.user.id)
    if factor is None:
        return Standing(confirmed=False, recovery_codes_left=0)
    return Standing(confirmed=factor.confirmed, recovery_codes_left=factor.codes_left)


async def begin(
    who: Beginning, request: Request, caller: LoggedIn, services: KnownServices
) -> Seed:
    """Make a seed. It is asked for once it has been confirmed with a code."""
    address = address_of(request)
    await services.people.care.require_password(caller.user.id, who.password, address)
    seed = await services.people.second_factor.begin(caller.user)
    return Seed(seed=seed.text, uri=seed.uri)


async def confirm(
    shown: Shown, request: Request, caller: LoggedIn, services: KnownServices
) -> RecoveryCodes:
    """Show that the app has the seed; from now on a login asks for its code."""
    async with services.people.attempts.charged(_allowed(caller, request)):
        codes = await services.people.second_factor.confirm(caller.user.id, shown.code)
    return RecoveryCodes(codes=codes)


async def renew(
    shown: Shown, request: Request, caller: LoggedIn, services: KnownServices
) -> RecoveryCodes:
    """Make new recovery codes; old ones are void."""
    await require_code(shown.code, request, caller, services)
    codes = await services.people.second_factor.renew_codes(caller.user.id)
    return RecoveryCodes(codes=codes)


async def remove(shown: Shown, request: Request, caller: LoggedIn, services: KnownServices) -> None:
    """Ask for a second factor no longer."""
    await require_code(shown.code, request, caller, services)
    await services.people.ports.second_factors.remove(caller.user.id)


async def require_code(code: str, request: Request, caller: Caller, services: Services) -> None:
    """Raises ``Forbidden`` for a code that is not good, ``TooMany``."""
    async with services.people.attempts.charged(_allowed(caller, request)):
        if not await services.people.second_factor.passes(caller.user.id, code):
            raise Forbidden("this code is not valid, or has been used")


def _allowed(caller: Caller, request: Request) -> list[Allowance]:
    return logins(caller.user.email, address_of(request))
