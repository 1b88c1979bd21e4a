"""The small model of our own."""

import logging

import pytest

from ai_agent import local_model
from ai_agent.model import Author, Line, Question, Tokens, Words
from ai_agent.ports import Bounds
from ai_agent.writing import schemas
from ai_agent.writing.operations import AddSection
from ai_agent.writing.readers import plan_reader
from server.edge.clock import SystemClock

pytestmark = pytest.mark.anyio


def test_a_schema_is_bounded_wherever_it_could_go_on_for_ever() -> None:
    bounded = local_model.bounded(schemas.PLAN)
    sections = bounded["properties"]["sections"]
    assert sections["maxItems"] == local_model.ITEMS
    assert sections["items"]["properties"]["body"]["maxLength"] == local_model.LENGTH
    assert "maxItems" not in schemas.PLAN["properties"]["sections"]
    whole = {"type": "integer"}
    assert local_model.bounded(whole) == whole


def test_it_is_asked_for_no_more_than_it_can() -> None:
    assert local_model.within(Bounds()).context_tokens == local_model.CONTEXT_TOKENS
    assert local_model.within(Bounds(answer_tokens=10)).answer_tokens == 10


async def test_where_it_is_not_installed_the_log_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(local_model, "WEIGHTS", "no_such_wheel")
    with caplog.at_level(logging.WARNING):
        async with local_model.serving_locally(SystemClock()) as model:
            assert model is None
    assert "OPENAI_API_KEY" in caplog.text


@pytest.mark.slow
@pytest.mark.local_ai
async def test_it_answers_in_the_form_that_it_is_asked_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    if local_model.weights_here() is None:
        pytest.skip("make local-ai has not been done")
    question = Question((Line(Author.USER, "A plan for a café"),), schemas.PLAN, (), 1_200)
    reader = plan_reader()
    async with local_model.serving_locally(SystemClock()) as model:
        assert model is not None
        heard = [one async for one in model.answer(question)]
    assert "SMALL" in caplog.text
    operations = [
        operation for one in heard if isinstance(one, Words) for operation in reader.feed(one.text)
    ]
    operations += reader.end()
    assert any(isinstance(one, AddSection) for one in operations)
    assert any(isinstance(one, Tokens) for one in heard)
