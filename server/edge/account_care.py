"""What people do to their own account: password, address, and getting back in.

Every change ends what it must (L8): a new password ends all other sessions and voids all
links. What does not live here: logging in, second factors.
"""

from dataclasses import dataclass

from server.edge import letters
from server.edge.mail import Mailer
from server.edge.one_time import OneTimeLinks
from server.edge.passwords import Passwords
from server.edge.throttling import Attempts, links, logins, mails
from server.protocol.addresses import normalised
from server.protocol.errors import Forbidden
from server.protocol.ids import TokenId, UserId
from server.room.account_ports import Account, Accounts, Purpose
from server.room.ports import User
from server.room.user_ports import Users


@dataclass(frozen=True, slots=True)
class AccountCare:
    """Changes of an account by its owner."""

    accounts: Accounts
    users: Users
    passwords: Passwords
    attempts: Attempts
    links: OneTimeLinks
    mailer: Mailer

    async def require_password(self, user: UserId, password: str | None, address: str) -> Account:
        """Of an account that has one. Raises ``Forbidden`` for a wrong one, ``TooMany``."""
        account = await self.accounts.by_id(user)
        if account.password_hash is None:
            return account
        async with self.attempts.charged(logins(account.user.email, address)):
            if not await self.passwords.verify(account.password_hash, password or ""):
                raise Forbidden("this is not your password")
        return account

    async def change_password(
        self, user: UserId, current: str | None, new: str, keep: TokenId, address: str
    ) -> User:
        """End every other session too. Raises ``Forbidden``, ``Invalid``, ``TooMany``."""
        account = await self.require_password(user, current, address)
        hashed = await self.passwords.hash(new)
        await self.accounts.set_password(user, hashed, keep)
        return account.user

    async def leave(self, user: UserId) -> User:
        """Delete the account; returns whose it was. Raises ``Conflict`` when something would
        be left without an owner."""
        gone = (await self.accounts.by_id(user)).user
        await self.users.delete(user)
        return gone

    async def tell_of_leaving(self, user: User) -> None:
        """So that who was robbed of an account hears of it."""
        await self.mailer.send(letters.account_deleted(user.email))

    async def charge_reset(self, email: str, address: str) -> None:
        """Before anything is mailed. Raises ``TooMany``."""
        await self.attempts.charge(mails(email, address))

    async def mail_reset(self, email: str) -> None:
        """To an address that has an account; else nothing. Call it when the answer has left."""
        account = await self.accounts.by_email(email)
        if account is not None and not account.user.disabled:
            link = await self.links.make(Purpose.RESET, user=account.user.id)
            await self.mailer.send(letters.reset(account.user.email, link))

    async def reset(self, text: str, new: str, address: str) -> User:
        """A new password for whoever has got the link. Raises ``NotFound``, ``Invalid``."""
        async with self.attempts.charged(links(address)):
            hashed = await self.passwords.hash(new)
            link = await self.links.follow(text, Purpose.RESET)
            assert link.user is not None, "a forgotten password is somebody's"
            await self.accounts.set_password(link.user, hashed, None)
        return (await self.accounts.by_id(link.user)).user

    async def tell_of_password(self, user: User) -> None:
        """So that who was robbed of an account hears of it."""
        await self.mailer.send(letters.password_changed(user.email))

    async def ask_new_address(
        self, user: UserId, password: str | None, new: str, address: str
    ) -> None:
        """Raises ``Forbidden`` for a wrong password, ``Invalid``, ``TooMany``."""
        normalised(new)
        await self.require_password(user, password, address)
        await self.attempts.charge(mails(new, address))

    async def mail_new_address(self, user: UserId, new: str) -> None:
        """To an address that nobody has; else nothing. Call it when the answer has left."""
        if await self.accounts.by_email(new) is None:
            to = normalised(new)
            link = await self.links.make(Purpose.EMAIL, user=user, email=to)
            await self.mailer.send(letters.new_address(to, link))

    async def confirm_new_address(self, text: str, address: str) -> tuple[User, User]:
        """Before and after. Raises ``NotFound``, ``Conflict``."""
        async with self.attempts.charged(links(address)):
            link = await self.links.follow(text, Purpose.EMAIL)
            assert link.user is not None, "an address is changed by somebody"
            assert link.email is not None, "an address is changed to another"
            before = (await self.accounts.by_id(link.user)).user
            await self.accounts.set_email(link.user, link.email)
        return before, (await self.accounts.by_id(link.user)).user

    async def tell_of_address(self, before: User, after: User) -> None:
        """So that who was robbed of an account hears of it."""
        await self.mailer.send(letters.address_changed(before.email, after.email))
