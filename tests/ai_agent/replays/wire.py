"""A model's server without a socket: says a recorded answer over the genuine client, with faults.

The bytes are those of Chat Completions, heard by the real ``OpenAIModel``; the pauses between
them pass on a clock of the test. What does not live here: what happens in the room meanwhile
(``replay``).
"""

import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx2

from ai_agent.openai_model import Endpoint, OpenAIModel
from ai_agent.prices import tokens_of
from server.room.ports import Clock


class Fault(StrEnum):
    """What a model's server does instead of answering."""

    TRUNCATED = "truncated"
    DISCONNECTED = "disconnected"
    CORRUPT = "corrupt chunk"
    STALLED = "stall"
    REFUSED = "refusal"
    FILTERED = "content filter"
    CUT = "answer too long"
    NONSENSE = "nonsense JSON"
    RATE_LIMITED = "rate limit"
    BAD_KEY = "bad key"


BEFORE = frozenset({Fault.RATE_LIMITED, Fault.BAD_KEY})
"""Said instead of the first word."""

PAUSES = (0.0, 0.0, 0.01, 0.05, 0.3)
NONSENSE = '"}} ]] Certainly! {"'
STALL_SECONDS = 5.0
LONGEST_PIECE = 90


@dataclass(frozen=True, slots=True)
class Script:
    """One answer. The fault, if any, comes after ``after`` (0 to 1) of it."""

    text: str
    fault: Fault | None = None
    after: float = 1.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """Tokens that the server has counted at a time; those of a question or those of a piece."""

    at: float
    tokens: int
    is_question: bool


@dataclass
class Wire:
    """Says these scripts, one for each request, and the last one for all that follow."""

    scripts: list[Script]
    clock: Clock
    chance: random.Random
    spoken: list[Spoken] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    """What was said to each request."""

    @property
    def said(self) -> int:
        """Characters."""
        return sum(map(len, self.told))

    @property
    def tokens(self) -> int:
        """All that was used, as this server counts."""
        return sum(one.tokens for one in self.spoken)

    def model(self) -> OpenAIModel:
        """The genuine client of this server."""
        endpoint = Endpoint("recorded", "http://models.test/v1", "k", STALL_SECONDS)
        transport = httpx2.MockTransport(self._answer)
        return OpenAIModel(endpoint, self.clock, httpx2.AsyncClient(transport=transport))

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        match script.fault:
            case Fault.RATE_LIMITED:
                return httpx2.Response(429, headers={"retry-after": "2"}, json={"error": {}})
            case Fault.BAD_KEY:
                return httpx2.Response(401, json={"error": {"message": "no such key"}})
            case _:
                return self._answered(script, request)

    def _answered(self, script: Script, request: httpx2.Request) -> httpx2.Response:
        asked = sum(tokens_of(line["content"]) for line in json.loads(request.content)["messages"])
        self._count(asked, is_question=True)
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, stream=_Stream(self._stream(script, asked)))

    async def _stream(self, script: Script, asked: int) -> AsyncIterator[bytes]:
        """One event a piece, so long as the fault does not come."""
        number, at = len(self.told), 0
        self.told.append("")
        end = round(len(script.text) * script.after) if script.fault else len(script.text)
        while at < end:
            piece = script.text[at : min(end, at + self.chance.randint(1, LONGEST_PIECE))]
            at += len(piece)
            await self.clock.sleep(self.chance.choice(PAUSES))
            self._count(tokens_of(piece), is_question=False)
            self.told[number] += piece
            yield _event(delta={"content": piece})
        if script.fault is Fault.NONSENSE:
            self.told[number] += NONSENSE
            yield _event(delta={"content": NONSENSE})
        async for event in self._last(script.fault):
            yield event
        yield _event(usage={"prompt_tokens": asked, "completion_tokens": tokens_of(script.text),
                            "total_tokens": 0})  # fmt: skip
        yield b"data: [DONE]\n\n"

    async def _last(self, fault: Fault | None) -> AsyncIterator[bytes]:
        match fault:
            case Fault.DISCONNECTED:
                raise httpx2.ReadError("the connection was cut")
            case Fault.STALLED:
                await self.clock.sleep(STALL_SECONDS)
                raise httpx2.ReadTimeout("silence")
            case Fault.CORRUPT:
                yield b'data: {"id":"1","choi\n\n'
            case Fault.REFUSED:
                yield _event(delta={"refusal": "I cannot help with that."})
            case Fault.FILTERED:
                yield _event(finish="content_filter")
            case Fault.CUT:
                yield _event(finish="length")
            case Fault.TRUNCATED:
                pass
            case _:
                yield _event(finish="stop")

    def _count(self, tokens: int, *, is_question: bool) -> None:
        self.spoken.append(Spoken(self.clock.monotonic(), tokens, is_question))


class _Stream(httpx2.AsyncByteStream):
    """A body that is made as it is read."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self._pieces = pieces

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


def _event(
    delta: dict[str, Any] | None = None, finish: str | None = None, usage: Any = None
) -> bytes:
    choices = [] if usage else [{"index": 0, "delta": delta or {}, "finish_reason": finish}]
    chunk = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "recorded",
             "choices": choices, "usage": usage}  # fmt: skip
    return f"data: {json.dumps(chunk)}\n\n".encode()
