"""How often who may try what: the allowances, and what a caller without one is told.

Attempts are charged before they are made, so that a thousand at once are a thousand, and
given back to who turns out to be honest. Keys do not depend on whether an account exists.
What does not live here: counting (the store, for all processes) and the rate of ordinary
requests (``server.edge.rate_limit``).
"""

import ipaddress
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.requests import HTTPConnection

from server.protocol.errors import TooMany
from server.room.account_ports import Allowance, Throttle

IPV6_NETWORK = 64
"""What one subscriber has of IPv6 addresses."""


def address_of(connection: HTTPConnection) -> str:
    """Where a request comes from, as far as it can be held against anybody."""
    host = connection.client.host if connection.client is not None else "unknown"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))
    return str(address)


def logins(account: str, address: str) -> list[Allowance]:
    """For checking a password or a code: of one account, and from one address."""
    return [
        Allowance(f"login account {account.strip().lower()}", burst=10, seconds=30),
        Allowance(f"login address {address}", burst=30, seconds=10),
    ]


def links(address: str) -> list[Allowance]:
    """For following one-time links from one address."""
    return [Allowance(f"link address {address}", burst=30, seconds=10)]


def mails(recipient: str, address: str) -> list[Allowance]:
    """For having mails sent: to one address, and by one address."""
    return [
        Allowance(f"mail to {recipient.strip().lower()}", burst=3, seconds=300),
        Allowance(f"mail by {address}", burst=20, seconds=60),
    ]


class Attempts:
    """Charges what is tried; without a throttle, nothing."""

    def __init__(self, throttle: Throttle | None) -> None:
        self._throttle = throttle

    async def charge(self, allowances: Sequence[Allowance]) -> None:
        """One attempt. Raises ``TooMany``."""
        if self._throttle is None:
            return
        wait = await self._throttle.charge(allowances)
        if wait > 0:
            raise TooMany("too many attempts: wait a while", retry_after=math.ceil(wait))

    @asynccontextmanager
    async def charged(self, allowances: Sequence[Allowance]) -> AsyncIterator[None]:
        """One attempt, given back when the block ends without an error."""
        await self.charge(allowances)
        yield
        if self._throttle is not None:
            await self._throttle.refund(allowances)
