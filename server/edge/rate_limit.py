"""How many API requests somebody may make, said in the standard headers.

Each person has a bucket, whatever credentials they use; who has none, or one that is not
known to be good, shares that of their address, so that guessing tokens is slow. Told by
``RateLimit`` and ``RateLimit-Policy`` (draft-ietf-httpapi-ratelimit-headers-10) and, once it
is too much, 429 with ``Retry-After``.

Kept in this process, in bounded memory: it protects the process. What does not live here:
attempts at passwords, which are counted in SQL (``server.edge.throttling``).
"""

import math
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.edge.credentials import token_of
from server.edge.problems import answer
from server.edge.secrets import token_digest
from server.edge.settings import Settings
from server.edge.throttling import address_of
from server.protocol.errors import NotAuthenticated, TooMany
from server.protocol.ids import UserId
from server.room.ports import Clock

K = TypeVar("K")
V = TypeVar("V")

WINDOW_SECONDS = 60
REMEMBERED = 50_000
"""Buckets, and known credentials: what was used longest ago is forgotten first."""


@dataclass(frozen=True, slots=True)
class Policy:
    """So many requests in a window."""

    name: str
    quota: int

    @property
    def header(self) -> str:
        """As ``RateLimit-Policy``."""
        return f'"{self.name}";q={self.quota};w={WINDOW_SECONDS}'


@dataclass(slots=True)
class Bucket:
    """Requests that are left, refilled evenly."""

    policy: Policy
    left: float
    since: float

    def refill(self, now: float) -> None:
        """Up to the quota."""
        gained = (now - self.since) * self.policy.quota / WINDOW_SECONDS
        self.left, self.since = min(self.policy.quota, self.left + gained), now

    @property
    def header(self) -> str:
        """As ``RateLimit``: what is left, and the seconds until all of it is back."""
        full = math.ceil((self.policy.quota - self.left) * WINDOW_SECONDS / self.policy.quota)
        return f'"{self.policy.name}";r={max(0, math.floor(self.left))};t={full}'

    @property
    def wait(self) -> int:
        """Seconds until there is one more."""
        return max(1, math.ceil((1 - self.left) * WINDOW_SECONDS / self.policy.quota))


class Recent(Generic[K, V]):
    """A dictionary that forgets."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._items: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """What was kept, which makes it recent."""
        if key not in self._items:
            return None
        self._items.move_to_end(key)
        return self._items[key]

    def put(self, key: K, value: V) -> None:
        """Keep it, and forget what is oldest."""
        self._items[key] = value
        self._items.move_to_end(key)
        if len(self._items) > self._most:
            self._items.popitem(last=False)

    def __len__(self) -> int:
        return len(self._items)


@dataclass(slots=True)
class RateLimit:
    """ASGI application around the API."""

    app: ASGIApp
    settings: Settings
    clock: Clock
    _buckets: Recent[str, Bucket] = field(default_factory=Recent)
    _known: Recent[bytes, UserId] = field(default_factory=Recent)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is not too much."""
        if scope["type"] != "http" or scope["method"] == "OPTIONS":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        digest = _digest_of(request)
        bucket = self._bucket_of(request, digest)
        if bucket.left < 1:
            too_many = TooMany("too many requests: slow down", retry_after=bucket.wait)
            refusal = answer(request, too_many)
            _dress(refusal.headers, bucket)
            await refusal(scope, receive, send)
            return
        bucket.left -= 1
        await self.app(scope, receive, self._telling(scope, send, bucket, digest))

    def _telling(self, scope: Scope, send: Send, bucket: Bucket, digest: bytes | None) -> Send:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                user = scope.get("state", {}).get("user")
                if user is not None and digest is not None:
                    self._known.put(digest, user)
                _dress(MutableHeaders(scope=message), bucket)
            await send(message)

        return tell

    def _bucket_of(self, request: Request, digest: bytes | None) -> Bucket:
        user = None if digest is None else self._known.get(digest)
        if user is not None:
            return self._bucket(f"user {user}", Policy("user", self.settings.requests_per_minute))
        quota = self.settings.anonymous_requests_per_minute
        return self._bucket(f"address {address_of(request)}", Policy("address", quota))

    def _bucket(self, key: str, policy: Policy) -> Bucket:
        now = self.clock.monotonic()
        if (bucket := self._buckets.get(key)) is None:
            bucket = Bucket(policy, policy.quota, now)
            self._buckets.put(key, bucket)
        bucket.refill(now)
        return bucket


def _digest_of(request: Request) -> bytes | None:
    try:
        return token_digest(token_of(request))
    except NotAuthenticated:
        return None


def _dress(headers: MutableHeaders, bucket: Bucket) -> None:
    headers["RateLimit-Policy"] = bucket.policy.header
    headers["RateLimit"] = bucket.header
