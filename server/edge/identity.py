"""Whose account an identity of another provider is.

The policy, in full. A linked identity logs in to its account. One that is not linked makes an
account, if registration is open and the provider has verified the address. If the address has
an account already, the identity is linked to it only when both sides have verified the
address and the account has no second factor; otherwise its owner must log in and link it.
Else whoever registers somebody's address first, or runs an indulgent provider, would get in.

A second factor is not asked for after a login elsewhere: that is the provider's to do.

What does not live here: proving an identity (``server.edge.providers``).
"""

from dataclasses import dataclass

from server.edge.logins import Logins, Visitor
from server.edge.providers import Claims
from server.edge.registration import Registration, fit_name
from server.edge.sessions import Session
from server.protocol.errors import Conflict, Forbidden, NotAuthenticated
from server.protocol.ids import UserId
from server.room.account_ports import Account, Accounts, Identities
from server.room.ports import User


@dataclass(frozen=True, slots=True)
class IdentityDesk:
    """From what a provider says to an account."""

    accounts: Accounts
    identities: Identities
    registration: Registration
    logins: Logins

    async def log_in(self, claims: Claims, visitor: Visitor) -> Session:
        """Raises ``NotAuthenticated``, ``Forbidden`` or ``Conflict`` by the policy."""
        user = await self.identities.owner(claims.identity) or await self._newcomer(claims)
        if user.disabled:
            raise NotAuthenticated("this account is disabled")
        return await self.logins.open(user, visitor)

    async def link(self, user: UserId, claims: Claims) -> None:
        """To the account of somebody who has logged in. Raises ``Conflict`` when it is
        another's; if it is theirs already, nothing is to do."""
        owner = await self.identities.owner(claims.identity)
        if owner is None:
            await self.identities.link(user, claims.identity, _label(claims))
        elif owner.id != user:
            raise Conflict("this identity belongs to another account")

    async def _newcomer(self, claims: Claims) -> User:
        if claims.email is None:
            raise Forbidden("the provider has not verified your address: log in and link it")
        account = await self.accounts.by_email(claims.email)
        user = await self._made(claims, claims.email) if account is None else _trusted(account)
        await self.identities.link(user.id, claims.identity, _label(claims))
        return user

    async def _made(self, claims: Claims, email: str) -> User:
        await self.registration.require_welcome(email, invitation=None)
        name = "".join(filter(str.isprintable, claims.name))
        return await self.accounts.register(
            email=email, name=fit_name(name[:100], email), password_hash=None, verified=True
        )


def _trusted(account: Account) -> User:
    if not account.email_verified or account.second_factor:
        raise Conflict("this address has an account: log in to it, and link this identity there")
    return account.user


def _label(claims: Claims) -> str:
    return claims.email or claims.name
