"""``Idempotency-Key``: a POST that is repeated is not done twice (the IETF draft
draft-ietf-httpapi-idempotency-key-header).

Round all routes, so that no handler knows: the first answer that did something (below 400)
is kept for a day and given again. A refusal did nothing, by the contract of every port, and
is asked again; so is a failure (5xx). A request without a credential, or with one that is not
valid, is nobody's and is passed on.

Not proof against everything: a process that dies between the commit and the keeping leaves a
key that is taken over after ``CLAIM_MILLIS``, and the request is then done again.

Law kept here: L11. Some answers hold a secret that is shown once (the code of an invitation).
So an answer is sealed under the very credential of its request, which the store knows only by
its digest; a database dump opens none. Hence a key belongs to a credential, not to a person.
"""

import hashlib
import hmac
import json
import logging
import re
import secrets
from dataclasses import dataclass, field
from typing import assert_never

from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.edge.api.callers import caller_of
from server.edge.api.services import Services
from server.edge.credentials import token_of
from server.edge.problems import answer, on_http_exception
from server.protocol.errors import AgentcError, Conflict, Invalid, ServerError
from server.room.kept_answers import Claimed, Differs, Kept, Running

logger = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT_HEADERS = ("content-type", "location", "etag")
MAX_ANSWER = 1 << 20
"""Bytes of an answer that are kept; of a larger one only that it was given."""
_VISIBLE = r"[!#-\[\]-~]{1,255}"
KEY_PATTERN = f'^(?:"{_VISIBLE}"|{_VISIBLE})$'
"""Visible ASCII; the draft wants it in quotes, and many leave them out."""
NONCE_BYTES = 12


@dataclass(slots=True)
class Captured:
    """An answer that is held back until it is kept."""

    status: int = 500
    headers: list[tuple[str, str]] = field(default_factory=list)
    raw: Message | None = None
    body: bytearray = field(default_factory=bytearray)

    async def take(self, message: Message) -> None:
        """In place of ``send``."""
        if message["type"] == "http.response.start":
            self.raw, self.status = message, message["status"]
            named = [(name.decode("latin-1"), value.decode("latin-1"))
                     for name, value in message["headers"]]  # fmt: skip
            self.headers = [(name, value) for name, value in named if name in KEPT_HEADERS]
        elif message["type"] == "http.response.body":
            self.body += message.get("body", b"")

    async def give(self, send: Send) -> None:
        """Send it as it was made."""
        assert self.raw is not None, "an application answers"
        await send(self.raw)
        await send({"type": "http.response.body", "body": bytes(self.body)})


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request under a key: what the store may know of both, and what seals its answer."""

    key: bytes
    request: bytes
    seal: ChaCha20Poly1305
    body: bytes

    def sealed(self, captured: Captured) -> bytes:
        """The answer, for nobody but who asks again."""
        body = bytes(captured.body) if len(captured.body) <= MAX_ANSWER else None
        head = json.dumps([captured.status, captured.headers, body is None]).encode()
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = len(head).to_bytes(4, "big") + head + (body or b"")
        return nonce + self.seal.encrypt(nonce, plain, self.request)

    def opened(self, sealed: bytes) -> Response:
        """The first answer again. Raises ``Conflict`` if it was too large to be kept."""
        plain = self.seal.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], self.request)
        end = 4 + int.from_bytes(plain[:4], "big")
        status, headers, is_gone = json.loads(plain[4:end])
        if is_gone:
            raise Conflict("this is done already, and its answer was too large to be kept")
        return Response(plain[end:], status, headers=dict([*headers, (REPLAYED, "true")]))


@dataclass(frozen=True, slots=True)
class IdempotentPosts:
    """ASGI application around the routes."""

    app: ASGIApp
    services: Services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a repeated POST from memory; pass on everything else."""
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        given = request.headers.get(HEADER)
        if given is None or not await self._is_somebody(request):
            await self.app(scope, receive, send)
            return
        try:
            await self._once(request, given, send)
        except AgentcError as error:
            await answer(request, error)(scope, receive, send)
        except HTTPException as error:  # The body is over the limit.
            await (await on_http_exception(request, error))(scope, receive, send)

    async def _is_somebody(self, request: Request) -> bool:
        try:
            await caller_of(request, self.services)
        except AgentcError:  # The route says it, in its own words.
            return False
        return True

    async def _once(self, request: Request, given: str, send: Send) -> None:
        attempt = await _attempt(request, given)
        now = self.services.clock.now()
        match found := await self.services.answers.claim(attempt.key, attempt.request, now=now):
            case Claimed():
                await self._first(request, attempt, found.claim, send)
            case Kept():
                replay = attempt.opened(found.sealed)
                await replay(request.scope, request.receive, send)
            case Running():
                raise Conflict("the first request with this key is still running")
            case Differs():
                raise Invalid(f"this {HEADER} was used for another request")
            case _:
                assert_never(found)

    async def _first(self, request: Request, attempt: Attempt, claim: str, send: Send) -> None:
        captured = Captured()
        try:
            await self.app(request.scope, _said(attempt.body, request.receive), captured.take)
        except Exception:
            await self._settle(attempt, claim, None)
            raise
        await self._settle(attempt, claim, captured if captured.status < 400 else None)
        await captured.give(send)

    async def _settle(self, attempt: Attempt, claim: str, done: Captured | None) -> None:
        """Keep what was done, or let others try. What was done stays done if that fails: its
        answer is given all the same, and the key is free again after ``CLAIM_MILLIS``."""
        answers = self.services.answers
        try:
            if done is None:
                await answers.release(attempt.key, claim)
            else:
                await answers.keep(attempt.key, claim, attempt.sealed(done))
        except ServerError as error:
            logger.warning("an answer could not be kept: %s", error.message)


async def _attempt(request: Request, given: str) -> Attempt:
    """Raises ``Invalid`` for what is no key."""
    if re.fullmatch(KEY_PATTERN, given) is None:
        raise Invalid(f"expected {HEADER} to be 1 to 255 visible ASCII characters")
    # Authenticated a moment ago: not empty, and as hard to guess as a token.
    credential = token_of(request).encode()
    key = given.strip('"').encode()
    body = await request.body()
    target = "\n".join((request.method, request.url.path, request.url.query))
    asked = hashlib.sha256(hashlib.sha256(target.encode()).digest())
    asked.update(body)
    return Attempt(
        key=_derived(credential, b"name", key),
        request=asked.digest(),
        seal=ChaCha20Poly1305(_derived(credential, b"seal", key)),
        body=body,
    )


def _derived(credential: bytes, purpose: bytes, key: bytes) -> bytes:
    return hmac.digest(credential, b"8gentc idempotency " + purpose + b"\0" + key, "sha256")


def _said(body: bytes, receive: Receive) -> Receive:
    """A body that has been read, to be read again; then whatever comes."""
    waiting = [body]

    async def again() -> Message:
        if waiting:
            return {"type": "http.request", "body": waiting.pop(), "more_body": False}
        return await receive()

    return again
