"""A model behind the wire: what it is asked, and how every failure ends."""

import json
from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from llmock.pytest_plugin import LLMock
from llmock.scenarios import Match, Reply

from ai_agent.failures import WORDS
from ai_agent.model import Author, Calls, Feature, Heard, Line, Question, Tokens, Tool, Words
from ai_agent.openai_model import Endpoint, OpenAIModel
from server.edge.clock import SystemClock
from server.protocol.errors import RunFailed
from server.room.run_ports import RunReason
from tests.ai_agent.hurry import Hurry

pytestmark = pytest.mark.anyio

PLAIN = Question((Line(Author.USER, "A plan for a repair café"),), None, (), 100)
TOOL = Tool("outline", "The plan.", {"type": "object", "properties": {}, "required": []})


def model_of(llmock: LLMock, *, stall: float = 5.0, key: str = "k", clock: Any = None) -> Any:
    endpoint = Endpoint("gpt-test", llmock.base_url(), key, stall)
    return OpenAIModel(endpoint, clock or Hurry())


async def heard(model: OpenAIModel, question: Question = PLAIN) -> list[Heard]:
    try:
        return [heard async for heard in model.answer(question)]
    finally:
        await model.close()


async def failure(model: OpenAIModel) -> RunFailed:
    with pytest.raises(RunFailed) as caught:
        await heard(model)
    return caught.value


async def test_an_answer_comes_in_pieces_and_says_what_it_used(llmock: LLMock) -> None:
    llmock.reply("Bread, cheese and chain oil for everybody.")
    found = await heard(model_of(llmock))
    words = [one.text for one in found if isinstance(one, Words)]
    assert len(words) > 1
    assert "".join(words) == "Bread, cheese and chain oil for everybody."
    assert [one for one in found if isinstance(one, Tokens)]


async def test_calls_of_tools_are_heard_whole(llmock: LLMock) -> None:
    llmock.call_tool("outline", {"depth": 2})
    [calls] = [
        one
        for one in await heard(model_of(llmock), Question(PLAIN.lines, None, (TOOL,), 100))
        if isinstance(one, Calls)
    ]
    [call] = calls.calls
    assert (call.tool, call.arguments) == ("outline", '{"depth": 2}')


BROKEN: list[tuple[Callable[[LLMock], object], RunReason]] = [
    (lambda mock: mock.truncate(after_chunks=2), RunReason.TRUNCATED),
    (lambda mock: mock.corrupt(after_chunks=2), RunReason.DISCONNECTED),
    (lambda mock: mock.disconnect(after_chunks=2), RunReason.DISCONNECTED),
    (lambda mock: mock.stall(after_chunks=2, seconds=4), RunReason.STALLED),
    (lambda mock: mock.fail(401), RunReason.BAD_KEY),
    (lambda mock: mock.fail(403), RunReason.BAD_KEY),
    (lambda mock: mock.fail(404), RunReason.REJECTED),
    (lambda mock: mock.fail(400), RunReason.REJECTED),
    (lambda mock: mock.fail(429, code="insufficient_quota"), RunReason.NO_QUOTA),
    (lambda mock: mock.context_overflow(), RunReason.TOO_LONG),
    (lambda mock: mock.outage(), RunReason.UNAVAILABLE),
    (lambda mock: mock.rate_limit(times=None, retry_after=0.01), RunReason.RATE_LIMITED),
    (lambda mock: mock.rate_limit(retry_after=3600), RunReason.RATE_LIMITED),
    (
        lambda mock: mock.add(Reply(text="No.", finish_reason="length", match=Match())),
        RunReason.ANSWER_TOO_LONG,
    ),
    (
        lambda mock: mock.add(Reply(text="No.", finish_reason="content_filter", match=Match())),
        RunReason.REFUSED,
    ),
]


@pytest.mark.parametrize(("breaks", "reason"), BROKEN, ids=lambda one: getattr(one, "value", ""))
async def test_every_failure_is_a_state_with_words_that_say_what_to_do(
    llmock: LLMock, breaks: Callable[[LLMock], object], reason: RunReason
) -> None:
    breaks(llmock)
    error = await failure(model_of(llmock, stall=1.0))
    assert (error.reason, error.told) == (reason.value, WORDS[reason])


async def test_what_may_pass_is_waited_for_as_long_as_the_provider_asks(llmock: LLMock) -> None:
    llmock.rate_limit(retry_after=0.04).fail(503, retry_after=0.08).reply("At last.")
    found = await heard(model_of(llmock, clock=TenTimes()))
    assert "".join(one.text for one in found if isinstance(one, Words)) == "At last."
    llmock.assert_resilient(strict=True)


async def test_what_no_repetition_can_mend_is_asked_once(llmock: LLMock) -> None:
    llmock.fail(401).fail(404).context_overflow()
    for number in range(3):
        model = model_of(llmock)
        with pytest.raises(RunFailed):
            await heard(model, Question((Line(Author.USER, f"{number}"),), None, (), 100))
    assert len(llmock.requests) == 3
    llmock.assert_resilient(strict=True)


class TenTimes(SystemClock):
    """Real time, ten times as fast."""

    async def sleep(self, seconds: float) -> None:
        """Wait a tenth."""
        await super().sleep(seconds / 10)


def answering(*answers: httpx2.Response) -> tuple[OpenAIModel, list[dict[str, Any]]]:
    """A model whose server says these, one after the other; and what it was asked."""
    asked: list[dict[str, Any]] = []
    left = list(answers)

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(json.loads(request.content))
        return left.pop(0)

    model = OpenAIModel(Endpoint("m", "http://models.test/v1", "k"), Hurry())
    model._client = model._client.with_options(
        http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    )
    return model, asked


def refused(param: str) -> httpx2.Response:
    error = {"message": f"Unsupported parameter: {param}", "param": param}
    return httpx2.Response(400, json={"error": error})


STREAM = httpx2.Response(
    200,
    headers={"content-type": "text/event-stream"},
    text='data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":'
    '[{"index":0,"delta":{"content":"{}"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
)


async def test_a_feature_that_the_server_refuses_is_left_out_from_then_on() -> None:
    model, asked = answering(
        *map(refused, ("tools", "response_format", "stream_options", "max_completion_tokens")),
        STREAM,
    )
    question = Question(PLAIN.lines, {"type": "object"}, (TOOL,), 100)
    assert await heard(model, question) == [Words("{}")]
    assert set(asked[0]) >= {"tools", "response_format", "stream_options", "max_completion_tokens"}
    assert set(asked[-1]) == {"model", "messages", "stream", "max_tokens"}
    assert model.features == frozenset()


async def test_a_feature_that_is_known_not_to_be_there_is_not_tried() -> None:
    model, asked = answering(STREAM)
    model.features = frozenset({Feature.JSON_SCHEMA})
    await heard(model, Question(PLAIN.lines, {"type": "object"}, (TOOL,), 100))
    assert set(asked[0]) == {"model", "messages", "stream", "max_tokens", "response_format"}


async def test_a_refusal_in_the_stream_is_one() -> None:
    refusal = httpx2.Response(
        200,
        headers={"content-type": "text/event-stream"},
        text='data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":'
        '[{"index":0,"delta":{"refusal":"I cannot"},"finish_reason":null}]}\n\n',
    )
    model, _ = answering(refusal)
    assert (await failure(model)).reason == RunReason.REFUSED.value


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    model = OpenAIModel(Endpoint("m", "http://127.0.0.1:9/v1", "k"), Hurry())
    assert (await failure(model)).reason == RunReason.UNAVAILABLE.value


def test_l11_no_key_is_part_of_a_repr() -> None:
    assert "sk-secret" not in repr(Endpoint("m", None, "sk-secret"))
