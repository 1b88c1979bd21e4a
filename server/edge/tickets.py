"""Room tickets: what a browser puts into a websocket's URL in place of a credential.

A ticket names user, credential and project, is signed, and is good for minutes. It gates the
upgrade only: the seat that it gives is that of its credential and ends with it. What does
not live here: who gets one (``server.edge.api.tickets``).

Law kept: L11. A ticket opens one project for a short time, for it will be in proxies' logs.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadData, URLSafeSerializer
from starlette.requests import HTTPConnection

from server.protocol.errors import NotAuthenticated
from server.protocol.ids import Millis, ProjectId, TokenId, UserId
from server.room.ports import Clock, Seat

PREFIX = "8gt_"
LIFETIME = 5 * 60 * 1000
"""Milliseconds: long enough for a client that lost its connection to come back with the same."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """Shown to who asked for it."""

    text: str
    expires_at: Millis


def ticket_of(connection: HTTPConnection) -> str | None:
    """The ticket in a URL, under its own name or where clients put tokens; None without."""
    given = connection.query_params.get("ticket")
    if given is not None:
        return given
    token = connection.query_params.get("token", "")
    return token if token.startswith(PREFIX) else None


class TicketOffice:
    """Signs and reads tickets."""

    def __init__(self, key: bytes, clock: Clock) -> None:
        self._clock = clock
        self._serializer = URLSafeSerializer(
            key,
            salt="room ticket",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def issue(self, user: UserId, token: TokenId, project: ProjectId) -> Ticket:
        """A ticket for one seat."""
        expires_at = Millis(self._clock.now() + LIFETIME)
        text = self._serializer.dumps([user, token, project, expires_at])
        return Ticket(PREFIX + str(text), expires_at)

    def seat(self, text: str, project: ProjectId) -> Seat:
        """The seat in ``project`` that this ticket is for. Raises ``NotAuthenticated``."""
        try:
            read: Any = self._serializer.loads(text.removeprefix(PREFIX))
        except BadData:
            raise NotAuthenticated("this ticket is not valid") from None
        user, token, whose, expires_at = read
        if expires_at <= self._clock.now():
            raise NotAuthenticated("this ticket has expired: ask for another")
        if whose != project:
            raise NotAuthenticated("this ticket is for another project")
        return Seat(UserId(user), TokenId(token), project)
