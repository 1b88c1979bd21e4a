"""``/sessions`` and ``/tokens``: what opens the caller's account, listed and ended.

Law kept: L11. A token's text is in the answer that makes it, once; a session's nowhere.
"""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import Field

from server.edge.api.callers import AccountOwner, Caller
from server.edge.api.guarded import Router
from server.edge.api.models import Input, Output
from server.edge.api.openapi import refusals
from server.edge.api.services import KnownServices
from server.edge.api.times import moment, moment_or_none
from server.edge.secrets import new_token, token_digest
from server.protocol.credentials import Scope, TokenKind
from server.protocol.errors import Forbidden
from server.protocol.ids import Millis, TokenId
from server.room.ports import Credential

DAY = 24 * 60 * 60 * 1000
MAX_DAYS = 3650

CredentialId = Annotated[str, Path(description="A session's or token's id.", max_length=64)]


class Session(Output):
    """Somebody logged in."""

    id: str = Field(examples=["6fa459eaee8a3ca4894edb77e160355e"])
    label: str = Field(description="What the browser said that it is.")
    created_at: datetime
    expires_at: datetime | None
    is_current: bool = Field(description="Whether it is the one that asks.")


class Sessions(Output):
    """All that live, oldest first."""

    items: list[Session]


class NewToken(Input):
    """What a token shall be for."""

    label: str = Field(min_length=1, max_length=200, examples=["backup script"])
    scope: Scope = Field(
        Scope.WRITE,
        description="`read` reads, `write` edits too, `admin` does all that its owner may.",
    )
    days: int | None = Field(90, ge=1, le=MAX_DAYS, description="Until it expires; null: never.")


class Token(Output):
    """A personal access token, without its text."""

    id: str
    label: str
    scope: Scope
    created_at: datetime
    expires_at: datetime | None


class MadeToken(Token):
    """The same, with its text."""

    token: str = Field(description="For `Authorization: Bearer`. It is shown only now.")


class Tokens(Output):
    """All that live, oldest first."""

    items: list[Token]


def routes() -> APIRouter:
    """For whoever's they are."""
    router = Router(tags=["credentials"])
    router.get("/sessions")(list_sessions)
    router.delete("/sessions", status_code=204)(end_other_sessions)
    router.delete("/sessions/{credential_id}", status_code=204, responses=refusals(404))(end)
    router.get("/tokens")(list_tokens)
    router.post("/tokens", status_code=201)(make_token)
    router.delete("/tokens/{credential_id}", status_code=204, responses=refusals(404))(revoke)
    return router


async def list_sessions(caller: AccountOwner, services: KnownServices) -> Sessions:
    """Where the caller is logged in."""
    found = await services.directory.list_tokens(caller.user.id, TokenKind.SESSION)
    return Sessions(items=[_session(one, caller) for one in found])


async def end_other_sessions(caller: AccountOwner, services: KnownServices) -> None:
    """Log out everywhere but here; live connections close."""
    await services.people.ports.accounts.end_sessions(caller.user.id, keep=caller.token)


async def end(caller: AccountOwner, services: KnownServices, credential_id: CredentialId) -> None:
    """Log out somewhere; its live connections close."""
    await services.people.ports.accounts.end_credential(caller.user.id, TokenId(credential_id))


async def list_tokens(caller: AccountOwner, services: KnownServices) -> Tokens:
    """The caller's tokens, without their texts."""
    found = await services.directory.list_tokens(caller.user.id)
    return Tokens(items=[Token(**_fields(one)) for one in found])


async def make_token(new: NewToken, caller: AccountOwner, services: KnownServices) -> MadeToken:
    """Make a token. Made with a token, it must not outlive that."""
    now, text = services.clock.now(), new_token()
    expires_at = None if new.days is None else Millis(now + new.days * DAY)
    _require_shorter_life(caller, expires_at)
    made = await services.directory.add_token(
        caller.user.id,
        digest=token_digest(text),
        label=new.label,
        expires_at=expires_at,
        scope=new.scope,
    )
    credential = Credential(made, TokenKind.TOKEN, new.scope, new.label, now, expires_at)
    return MadeToken(**_fields(credential), token=text)


async def revoke(
    caller: AccountOwner, services: KnownServices, credential_id: CredentialId
) -> None:
    """End a token; its live connections close."""
    await services.people.ports.accounts.end_credential(caller.user.id, TokenId(credential_id))


def _require_shorter_life(caller: Caller, expires_at: Millis | None) -> None:
    ends = caller.expires_at
    if caller.kind is TokenKind.TOKEN and ends is not None and (expires_at or ends + 1) > ends:
        raise Forbidden("a token that is made with a token expires no later than that")


def _session(one: Credential, caller: Caller) -> Session:
    return Session(
        id=one.id,
        label=one.label,
        created_at=moment(one.created_at),
        expires_at=moment_or_none(one.expires_at),
        is_current=one.id == caller.token,
    )


def _fields(one: Credential) -> dict[str, Any]:
    return {
        "id": one.id,
        "label": one.label,
        "scope": one.scope,
        "created_at": moment(one.created_at),
        "expires_at": moment_or_none(one.expires_at),
    }
