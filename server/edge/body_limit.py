"""The most that a request's body may weigh, told in our own form of errors.

Starlette has such a limit, and answers plain text for it, even to somebody whose credential
was refused before anything was read. Here reading fails, in whoever reads: who is refused
first hears that.

Law kept: L7.
"""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOO_LARGE = 413


class BodyTooLarge(HTTPException):
    """Not of our tree of errors: frameworks let it pass where they turn others into 400."""

    def __init__(self) -> None:
        super().__init__(TOO_LARGE, detail="too large")


@dataclass(frozen=True, slots=True)
class BodyLimit:
    """ASGI application around the application. ``max_bytes`` is inclusive."""

    app: ASGIApp
    max_bytes: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        await self.app(scope, _Bounded(receive, self.max_bytes, _announced(scope)).receive, send)


@dataclass(slots=True)
class _Bounded:
    """One body on its way in."""

    take: Receive
    left: int
    announced: int

    async def receive(self) -> Message:
        """The next part. What says beforehand that it is too large is not waited for."""
        if self.announced > self.left:
            raise BodyTooLarge
        self.announced = 0
        message = await self.take()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise BodyTooLarge
        return message


def _announced(scope: Scope) -> int:
    length = Headers(scope=scope).get("content-length", "")
    return int(length) if length.isdecimal() else 0
