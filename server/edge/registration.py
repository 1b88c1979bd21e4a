"""Making an account: who may, and how an address is proved to be theirs.

With a mail server, an account is made by following a link that was mailed to its address:
the answer to a registration is then the same whether there is an account already or not, and
nobody can take an address with a password of theirs and wait for its owner. Without one, the
account is made at once, unverified, and a taken address is a conflict.

What does not live here: accounts made by the operator or through other providers.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from server.edge import letters
from server.edge.mail import Mailer
from server.edge.one_time import PAGES, OneTimeLinks
from server.edge.passwords import Passwords
from server.edge.settings import Settings
from server.edge.throttling import Attempts, links, mails
from server.protocol.addresses import normalised
from server.protocol.errors import Forbidden, Invalid
from server.room.account_ports import Accounts, Purpose
from server.room.ports import User

MAX_NAME = 200

Invited = Callable[[str], Awaitable[bool]]
"""Whether a code is an invitation that holds."""


@dataclass(frozen=True, slots=True)
class Registration:
    """The way to an account."""

    accounts: Accounts
    passwords: Passwords
    attempts: Attempts
    links: OneTimeLinks
    mailer: Mailer
    settings: Settings
    invited: Invited

    @property
    def proves_addresses(self) -> bool:
        """Whether there is a mail server to prove them by."""
        return self.settings.smtp_url is not None

    async def require_welcome(self, email: str, invitation: str | None) -> None:
        """Raises ``Forbidden`` for who may not make an account of their own, ``Invalid``."""
        domain = normalised(email).rpartition("@")[2]
        domains = self.settings.registration_domains
        match self.settings.registration:
            case "closed":
                raise Forbidden("accounts are made by whoever runs this server")
            case "invited" if invitation is None or not await self.invited(invitation):
                raise Forbidden("an account needs an invitation that holds")
        if domains and domain not in domains:
            raise Forbidden(f"only addresses of {', '.join(domains)} may register")

    async def at_once(self, email: str, name: str, password: str, address: str) -> User:
        """An account whose address nobody has proved. Raises ``Conflict``, ``Invalid``."""
        await self.attempts.charge(links(address))
        hashed = await self.passwords.hash(password)
        return await self.accounts.register(
            email=email, name=fit_name(name, email), password_hash=hashed, verified=False
        )

    async def charge(self, email: str, address: str) -> None:
        """Before anything is mailed. Raises ``TooMany``."""
        await self.attempts.charge(mails(email, address))

    async def mail(self, email: str) -> None:
        """Tell whoever has the address how to go on. It takes as long as it takes: call it
        when the answer has left."""
        if (account := await self.accounts.by_email(email)) is None:
            address = normalised(email)
            link = await self.links.make(Purpose.REGISTER, email=address)
            await self.mailer.send(letters.registration(address, link))
        else:
            login = self.links.base + PAGES[Purpose.LOGIN]
            await self.mailer.send(letters.registered_already(account.user.email, login))

    async def confirm(self, text: str, name: str, password: str, address: str) -> User:
        """The account of whoever has got the link. Raises ``NotFound``, ``Conflict``."""
        async with self.attempts.charged(links(address)):
            hashed = await self.passwords.hash(password)
            link = await self.links.follow(text, Purpose.REGISTER)
            assert link.email is not None, "a registration is for an address"
            return await self.accounts.register(
                email=link.email,
                name=fit_name(name, link.email),
                password_hash=hashed,
                verified=True,
            )


def fit_name(name: str, email: str) -> str:
    """``name`` without space around it, or the first part of the address."""
    name = name.strip() or email.strip().partition("@")[0]
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise Invalid(f"a name has 1 to {MAX_NAME} printable characters")
    return name
