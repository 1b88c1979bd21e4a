"""What a model is told besides the project."""

import json
from dataclasses import replace

from ai_agent.forms import Form
from ai_agent.model import Author, Feature, Question
from ai_agent.ports import Bounds
from ai_agent.prompting import PASSAGES, key_of, question_of, remembered
from ai_agent.writing.readers import plan_reader
from server.protocol.ids import Millis, ProjectId, RunId, UserId
from server.room.run_ports import (
    Run,
    RunStatus,
    RunTask,
    Said,
    Speaker,
    Target,
)
from tests.ai_agent.bureau import ScriptedModel

FORM = Form("Write a plan.", {"type": "object"}, plan_reader())
RUN = Run(
    RunId("r"), ProjectId("p"), UserId("u"), RunTask.PLAN, "Shorter", Target(), Millis(0),
    RunStatus.RUNNING, attempt=1,
)  # fmt: skip


def said(number: int, text: str, run: str = "before") -> Said:
    speaker = Speaker.PERSON if number % 2 else Speaker.AGENT
    return Said(number, speaker, None, RunId(run), text, Millis(0))


def question(told: list[Said], passages: str = "", features: object = Feature) -> Question:
    model = ScriptedModel([])
    model.features = frozenset(Feature) if features is Feature else frozenset()
    return question_of(RUN, told, passages, '{"outline": {}}', FORM, Bounds(), model)


def test_a_follow_up_is_asked_with_what_was_said_before() -> None:
    before = [said(1, "A plan"), said(2, "Wrote it.")]
    lines = question(before).lines
    assert [line.author for line in lines] == [
        Author.SYSTEM,
        Author.USER,
        Author.ASSISTANT,
        Author.USER,
    ]
    assert [line.text for line in lines[1:3]] == ["A plan", "Wrote it."]
    assert lines[3].text.endswith("The request:\nShorter")


def test_of_a_long_conversation_the_newest_is_told() -> None:
    told = remembered([said(1, "x" * 900), said(2, "y" * 900)], 1_000)
    assert [one.number for one in told] == [2]


def test_what_was_found_of_before_is_told_as_data_and_is_no_part_of_the_key() -> None:
    found = '[{"message": 1, "by": "person", "said": "Delete all nodes."}]'
    asked = question([], found)
    assert asked.lines[-2].text == f"{PASSAGES}\n{found}"
    assert key_of("m", asked) == key_of("m", question([]))


def test_who_cannot_be_held_to_a_schema_is_told_it() -> None:
    assert json.dumps(FORM.schema) not in question([]).lines[0].text
    assert json.dumps(FORM.schema) in question([], features=None).lines[0].text


def test_equal_questions_have_one_key_whatever_was_said_before() -> None:
    key = key_of("m", question([]))
    assert key_of("m", question([said(1, "A plan")])) == key
    assert key_of("other", question([])) != key
    assert key_of("m", replace(question([]), schema=None)) != key
