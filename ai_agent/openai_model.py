"""A model behind the wire of Chat Completions, through ``AsyncOpenAI``.

OpenAI, Ollama, vLLM, llama.cpp and many others speak it, and each knows less of it than the
next: what one refuses is not asked of it again. What does not live here: what failures mean
(``failures``).

A request is repeated only before the first word of its answer, after the time that the
provider asks for, or one that doubles. Afterwards something may have been written.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2
import openai
from openai import AsyncOpenAI

from ai_agent.failures import RETRIED, failed, reason_of
from ai_agent.model import Author, Call, Calls, Feature, Heard, Line, Question, Tokens, Tool, Words
from server.room.ports import Clock
from server.room.run_ports import RunReason

Schema = Mapping[str, Any]

RETRIES: Final = 3
FIRST_DELAY: Final = 0.5
LIBRARY_ERRORS: Final = (openai.OpenAIError, httpx2.HTTPError, ValueError)
"""What it raises: its own, those of its transport, and those of the decoders of chunks."""

LONGEST_DELAY: Final = 60.0
"""Seconds. Who shall wait longer is told instead."""

NAMES: Final = {
    Feature.TOOLS: ("tools", "tool_choice", "tool choice"),
    Feature.JSON_SCHEMA: ("response_format", "json_schema"),
    Feature.STREAM_USAGE: ("stream_options",),
    Feature.COMPLETION_TOKENS: ("max_completion_tokens",),
}
"""How a refusal says which feature it is about."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is. ``stall_seconds`` is the longest silence that is waited for; ``adapt``
    makes of a schema what this server shall be given."""

    model: str
    base_url: str | None = None
    api_key: str | None = field(default=None, repr=False)
    stall_seconds: float = 60.0
    features: frozenset[Feature] = frozenset(Feature)
    adapt: Callable[[Schema], Schema] = lambda schema: schema


class OpenAIModel:
    """The ``Model`` port. Requests go out through ``http``, if there is one."""

    def __init__(
        self, endpoint: Endpoint, clock: Clock, http: httpx2.AsyncClient | None = None
    ) -> None:
        self.name = endpoint.model
        self.features = endpoint.features
        self._clock = clock
        self._adapt = endpoint.adapt
        timeout = httpx2.Timeout(endpoint.stall_seconds, connect=5.0)
        self._client = AsyncOpenAI(
            api_key=endpoint.api_key or "none",
            base_url=endpoint.base_url,
            timeout=timeout,
            max_retries=0,
            http_client=http,
        )

    async def answer(self, question: Question) -> AsyncIterator[Heard]:
        """The answer as it arrives. Raises ``RunFailed``."""
        stream = await self._opened(question)
        hearing = _Hearing()
        try:
            async with stream:
                async for chunk in stream:
                    for heard in hearing.hear(chunk):
                        yield heard
        except LIBRARY_ERRORS as error:
            raise failed(reason_of(error, begun=True)) from error
        for heard in hearing.end():
            yield heard

    async def close(self) -> None:
        """Give up connections."""
        await self._client.close()

    async def _opened(self, question: Question) -> Any:
        """The stream of an answer, tried again while that is safe."""
        delay = FIRST_DELAY
        retries = 0
        while True:
            try:
                return await self._client.chat.completions.create(**self._request(question))
            except LIBRARY_ERRORS as error:
                if self._learn(error):
                    continue
                reason = reason_of(error, begun=False)
                wait = max(delay, _wished(error))
                if reason not in RETRIED or retries == RETRIES or wait > LONGEST_DELAY:
                    raise failed(reason) from error
            await self._clock.sleep(wait)
            retries, delay = retries + 1, delay * 2

    def _learn(self, error: Exception) -> bool:
        """Whether the server has refused a feature that can be left out."""
        if not isinstance(error, openai.BadRequestError | openai.UnprocessableEntityError):
            return False
        said = f"{error.param} {error.message}".lower()
        for feature in sorted(self.features):
            if any(name in said for name in NAMES[feature]):
                self.features = self.features - {feature}
                return True
        return False

    def _request(self, question: Question) -> dict[str, Any]:
        knows = self.features
        bound = "max_completion_tokens" if Feature.COMPLETION_TOKENS in knows else "max_tokens"
        request: dict[str, Any] = {
            "model": self.name,
            "messages": [_message(line) for line in question.lines],
            "stream": True,
            bound: question.max_tokens,
        }
        if Feature.STREAM_USAGE in knows:
            request["stream_options"] = {"include_usage": True}
        if question.tools and Feature.TOOLS in knows:
            request["tools"] = [_tool(tool) for tool in question.tools]
        if question.schema is not None and Feature.JSON_SCHEMA in knows:
            adapted = self._adapt(question.schema)
            schema = {"name": "answer", "schema": adapted, "strict": True}
            request["response_format"] = {"type": "json_schema", "json_schema": schema}
        return request


@dataclass(slots=True)
class _Pending:
    """A call of a tool whose arguments are still coming."""

    id: str = ""
    tool: str = ""
    arguments: str = ""


@dataclass(slots=True)
class _Hearing:
    """One stream, heard to its end."""

    pending: dict[int, _Pending] = field(default_factory=dict)
    finish: str | None = None

    def hear(self, chunk: Any) -> Iterable[Heard]:
        if chunk.usage is not None:
            yield Tokens(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        for choice in chunk.choices:
            self.finish = choice.finish_reason or self.finish
            if getattr(choice.delta, "refusal", None):
                raise failed(RunReason.REFUSED)
            if choice.delta.content:
                yield Words(choice.delta.content)
            for part in choice.delta.tool_calls or ():
                self._add(part)

    def end(self) -> Iterable[Heard]:
        """What the whole comes to. Raises ``RunFailed`` unless the model has finished."""
        match self.finish:
            case "stop" | "tool_calls" | "function_call":
                if self.pending:
                    calls = [self.pending[index] for index in sorted(self.pending)]
                    yield Calls(tuple(Call(one.id, one.tool, one.arguments) for one in calls))
            case "length":
                raise failed(RunReason.ANSWER_TOO_LONG)
            case "content_filter":
                raise failed(RunReason.REFUSED)
            case _:
                raise failed(RunReason.TRUNCATED)

    def _add(self, part: Any) -> None:
        pending = self.pending.setdefault(part.index, _Pending())
        pending.id = part.id or pending.id
        if part.function is not None:
            pending.tool = part.function.name or pending.tool
            pending.arguments += part.function.arguments or ""


def _message(line: Line) -> dict[str, Any]:
    message: dict[str, Any] = {"role": line.author.value, "content": line.text}
    if line.author is Author.TOOL:
        message["tool_call_id"] = line.answers
    if line.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.tool, "arguments": call.arguments},
            }
            for call in line.calls
        ]
    return message


def _tool(tool: Tool) -> dict[str, Any]:
    function = {"name": tool.name, "description": tool.means, "parameters": tool.parameters}
    return {"type": "function", "function": function | {"strict": True}}


def _wished(error: Exception) -> float:
    """Seconds that the provider wants us to wait."""
    if not isinstance(error, openai.APIStatusError):
        return 0.0
    try:
        return float(error.response.headers.get("retry-after", "0"))
    except ValueError:
        return 0.0  # A date; our own delay will do.
