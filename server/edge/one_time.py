"""One-time links: made, shown as an address of the server's pages, followed once.

What does not live here: pages, and what following a link does.

Law kept: L11. The text of a link leaves this module once, to be mailed or shown on the
operator's terminal; a digest is stored.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from server.edge.secrets import new_link, token_digest
from server.edge.settings import Settings
from server.protocol.ids import Millis, UserId
from server.room.account_ports import Link, Links, Purpose
from server.room.ports import Clock

HOUR = 60 * 60 * 1000

LIFETIMES: dict[Purpose, int] = {
    Purpose.LOGIN: HOUR,
    Purpose.RESET: HOUR,
    Purpose.REGISTER: 24 * HOUR,
    Purpose.EMAIL: 24 * HOUR,
}
"""Milliseconds."""

PAGES: dict[Purpose, str] = {
    Purpose.LOGIN: "/login",
    Purpose.RESET: "/reset",
    Purpose.REGISTER: "/register",
    Purpose.EMAIL: "/email",
}
INVITATION = "/invitation"
"""The page of an invitation, whose code is its fragment."""


@dataclass(frozen=True, slots=True)
class OneTimeLinks:
    """Makes and follows them."""

    links: Links
    clock: Clock
    base: str
    """Where people reach this server, without a slash at the end."""

    async def make(
        self, purpose: Purpose, *, user: UserId | None = None, email: str | None = None
    ) -> str:
        """The whole address of a new link."""
        text = new_link()
        expires_at = Millis(self.clock.now() + LIFETIMES[purpose])
        await self.links.add(token_digest(text), Link(purpose, user, email, expires_at))
        return page(self.base, purpose, text)

    async def follow(self, text: str, purpose: Purpose) -> Link:
        """Use a link up. Raises ``NotFound``."""
        return await self.links.use(token_digest(text), purpose)


def base_url(settings: Settings) -> str:
    """Where people reach this server. Never from a request: a forged ``Host`` would get itself
    into mails."""
    return settings.public_url or f"http://{reachable(settings.host, settings.port)}"


def reachable(host: str, port: int) -> str:
    """Host and port as a browser on this machine would write them."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def page(base: str, purpose: Purpose, text: str) -> str:
    """Where a link leads."""
    return f"{base}{PAGES[purpose]}?{urlencode({'link': text})}"


def invitation_page(base: str, code: str) -> str:
    """Where an invitation leads."""
    return f"{base}{INVITATION}#{code}"
