"""Logging in, by password or by one-time link.

Wrong password, unknown address, disabled account and account without a password are one
answer, in one time (RFC 6819, 5.1.4 and OWASP ASVS 6.3.8). What does not live here: logging
in through other providers (``server.edge.identity``), cookies (``server.edge.sessions``).

Laws kept: L8 (every attempt is charged before it is made), L11.
"""

from dataclasses import dataclass

from server.edge.one_time import OneTimeLinks
from server.edge.passwords import Passwords
from server.edge.second_factor import SecondFactorDesk
from server.edge.sessions import Session, open_session
from server.edge.throttling import Attempts, links, logins
from server.protocol.errors import NotAuthenticated, SecondFactorNeeded
from server.room.account_ports import Account, Accounts, Purpose
from server.room.ports import Clock, Directory, User


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who knocks, as far as that can be seen from outside."""

    address: str
    label: str


@dataclass(frozen=True, slots=True)
class Logins:
    """The ways to a session."""

    accounts: Accounts
    directory: Directory
    clock: Clock
    passwords: Passwords
    attempts: Attempts
    second_factor: SecondFactorDesk
    links: OneTimeLinks
    session_days: int

    async def by_password(
        self, email: str, password: str, code: str | None, visitor: Visitor
    ) -> Session:
        """Raises ``NotAuthenticated``, ``SecondFactorNeeded`` or ``TooMany``."""
        async with self.attempts.charged(logins(email, visitor.address)):
            account = await self.accounts.by_email(email)
            hashed = None if account is None else account.password_hash
            right = await self.passwords.verify(hashed, password)
            if account is None or not right or account.user.disabled:
                raise NotAuthenticated("this e-mail address and password do not fit")
            await self._require_second_factor(account, code)
            return await self.open(account.user, visitor)

    async def by_link(self, text: str, visitor: Visitor) -> Session:
        """A link from the operator, who lets people back in that lost all else: neither
        password nor second factor is asked for. Raises ``NotFound``, ``NotAuthenticated`` or
        ``TooMany``."""
        async with self.attempts.charged(links(visitor.address)):
            link = await self.links.follow(text, Purpose.LOGIN)
            assert link.user is not None, "a login link is somebody's"
            account = await self.accounts.by_id(link.user)
            if account.user.disabled:
                raise NotAuthenticated("this account is disabled")
            return await self.open(account.user, visitor)

    async def open(self, user: User, visitor: Visitor) -> Session:
        """A session for somebody who has proved who they are."""
        return await open_session(
            self.directory, self.clock, user=user, label=visitor.label, days=self.session_days
        )

    async def _require_second_factor(self, account: Account, code: str | None) -> None:
        if not account.second_factor:
            return
        if code is None:
            raise SecondFactorNeeded("this account has a second factor: send its code too")
        if not await self.second_factor.passes(account.user.id, code):
            raise NotAuthenticated("this code is not valid, or has been used")
