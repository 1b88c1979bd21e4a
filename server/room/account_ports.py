"""What accounts need from the store, as types: passwords, links, second factors, identities.

Beside ``server.room.ports``, whose contract of store calls holds here too: an answer means
durably done. Records and protocols only. What does not live here: users, sessions and tokens
themselves (``Directory``), and every secret: digests, hashes and sealed seeds go in (L11).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from server.protocol.ids import Millis, TokenId, UserId
from server.room.ports import User
from server.room.user_ports import Users


@dataclass(frozen=True, slots=True, repr=False)
class Account:
    """A user, and how they may log in. No repr: it holds a hash."""

    user: User
    password_hash: str | None
    email_verified: bool
    second_factor: bool
    """Whether a confirmed one is asked for."""


class Accounts(Protocol):
    """Accounts of people who log in."""

    async def by_email(self, email: str) -> Account | None:
        """None when nobody has this address, or it is none."""

    async def by_id(self, user: UserId) -> Account:
        """Raises ``NotFound``."""

    async def register(
        self, *, email: str, name: str, password_hash: str | None, verified: bool
    ) -> User:
        """A new account. Raises ``Conflict`` when the address is taken, ``Invalid`` when it
        is none."""

    async def rename(self, user: UserId, name: str) -> None:
        """Raises ``NotFound``."""

    async def set_email(self, user: UserId, email: str) -> None:
        """Change to an address that has been verified. Raises ``Conflict``, ``Invalid``,
        ``NotFound``."""

    async def set_password(self, user: UserId, password_hash: str, keep: TokenId | None) -> None:
        """Change it, end every session but ``keep``, and void every open link of this user,
        all in one transaction. Raises ``NotFound``."""

    async def set_disabled(self, user: UserId, disabled: bool) -> None:
        """End every right, or give it back. Raises ``NotFound``."""

    async def end_credential(self, user: UserId, token: TokenId) -> None:
        """End one of this user's sessions or tokens. Raises ``NotFound``, also when it is
        somebody else's."""

    async def end_sessions(self, user: UserId, keep: TokenId | None) -> None:
        """End all of this user's sessions but one."""


class Purpose(StrEnum):
    """What a one-time link does."""

    LOGIN = "login"
    RESET = "reset"
    REGISTER = "register"
    EMAIL = "email"


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link. ``user`` is whose it is, unless they are still to register; ``email``
    is the address that following it proves, if it does."""

    purpose: Purpose
    user: UserId | None
    email: str | None
    expires_at: Millis


class Links(Protocol):
    """One-time secrets, by the SHA-256 of their text."""

    async def add(self, digest: bytes, link: Link) -> None:
        """Record a link. Those of its kind that have run out are swept."""

    async def show(self, digest: bytes, purpose: Purpose) -> Link:
        """An unused link, left unused. Raises ``NotFound``."""

    async def use(self, digest: bytes, purpose: Purpose) -> Link:
        """The link, for the first who asks and nobody after. Raises ``NotFound`` when it is
        unknown, used, expired, or for another purpose."""


@dataclass(frozen=True, slots=True, repr=False)
class SecondFactor:
    """A TOTP seed, sealed. No repr."""

    sealed_seed: bytes
    confirmed: bool
    codes_left: int
    """Recovery codes that are not used."""


class SecondFactors(Protocol):
    """TOTP as a second factor, and the codes for when the device is lost."""

    async def of(self, user: UserId) -> SecondFactor | None:
        """None without one."""

    async def begin(self, user: UserId, sealed_seed: bytes) -> None:
        """Keep a seed that is still to be confirmed; an earlier unconfirmed one is forgotten.
        Raises ``Conflict`` when there is a confirmed one."""

    async def confirm(self, user: UserId, counter: int, codes: Sequence[bytes]) -> None:
        """From now on it is asked for. ``codes`` are digests. Raises ``Conflict`` when there is
        none to confirm."""

    async def spend_counter(self, user: UserId, counter: int) -> bool:
        """Whether this time step is newer than any that was used; then it is used."""

    async def spend_code(self, user: UserId, digest: bytes) -> bool:
        """Whether this is an unused recovery code; then it is used."""

    async def replace_codes(self, user: UserId, codes: Sequence[bytes]) -> None:
        """New recovery codes; old ones are void."""

    async def remove(self, user: UserId) -> None:
        """Ask for it no longer."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody, as an identity provider knows them."""

    issuer: str
    subject: str


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """An identity that logs in to an account. ``label`` is what its owner sees."""

    identity: Identity
    label: str
    created_at: Millis


class Identities(Protocol):
    """Which accounts log in through which identities."""

    async def owner(self, identity: Identity) -> User | None:
        """Whose it is; disabled users too."""

    async def of(self, user: UserId) -> Sequence[LinkedIdentity]:
        """All of one account, oldest first."""

    async def link(self, user: UserId, identity: Identity, label: str) -> None:
        """Raises ``Conflict`` when it is linked already."""

    async def unlink(self, user: UserId, identity: Identity) -> None:
        """Raises ``NotFound``."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many attempts ``key`` may make: ``burst`` at once, then one every ``seconds``."""

    key: str
    burst: int
    seconds: float


class Throttle(Protocol):
    """Attempts, counted where every process sees them."""

    async def charge(self, allowances: Sequence[Allowance]) -> float:
        """Charge one attempt to each, or none to any. Returns the seconds to wait, 0 when the
        attempt may be made."""

    async def refund(self, allowances: Sequence[Allowance]) -> None:
        """The attempt was honest: give it back."""


@dataclass(frozen=True, slots=True)
class AccountPorts:
    """All of them."""

    accounts: Accounts
    links: Links
    second_factors: SecondFactors
    identities: Identities
    throttle: Throttle
    users: Users
