"""Accounts as those see them who look after a whole server: found, changed, deleted.

Beside ``server.room.account_ports``, which is for who logs in. Implemented by the store, used
by the edge; the contract of every store call is that of ``server.room.ports``. Records and
protocols only.

Laws kept here: L8 (what ends, ends in one transaction, and live connections hear of it) and
L11 (no secret, nor its digest, is part of any record).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from server.protocol.ids import UserId
from server.room.ports import User


@dataclass(frozen=True, slots=True)
class UserFile:
    """An account, how it may be logged in to, and how much hangs on it."""

    user: User
    email_verified: bool
    has_password: bool
    has_second_factor: bool
    projects: int
    """Live ones that they are a member of."""
    sessions: int
    tokens: int
    """Those that are neither ended nor expired."""


class UserShelf(StrEnum):
    """Which accounts."""

    ALL = "all"
    ADMINS = "admins"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class UserQuery:
    """Which accounts, by address. ``search`` is part of an address or a name, in any case;
    ``after`` is the last address of the page before."""

    limit: int
    shelf: UserShelf = UserShelf.ALL
    search: str = ""
    after: str | None = None


@dataclass(frozen=True, slots=True)
class UserPage:
    """Files, and the address that the next page begins after, if there is one."""

    files: tuple[UserFile, ...]
    next: str | None


class Users(Protocol):
    """All accounts of this server. All raise ``NotFound`` for an unknown user."""

    async def file(self, user: UserId) -> UserFile:
        """One account."""

    async def files(self, query: UserQuery) -> UserPage:
        """A page of them."""

    async def named(self, users: Sequence[UserId]) -> Mapping[UserId, User]:
        """Those of these that exist."""

    async def set_standing(
        self, user: UserId, *, is_admin: bool | None = None, disabled: bool | None = None
    ) -> None:
        """Change what is given. Raises ``Conflict`` when no platform admin would be left."""

    async def end_credentials(self, user: UserId) -> None:
        """End every session and token of theirs."""

    async def delete(self, user: UserId) -> None:
        """Forget a person: remove the account and all that is only theirs: credentials, links,
        second factor, identities, memberships, invitations. Their edits stay, under an id that is
        nobody's; no import says again whose it was. Also takes the id of an author who has no
        account and came with an imported history. Backups keep what they have.
        Raises ``Conflict`` when a live project would be left without an owner, naming those,
        and when no platform admin would be left."""
