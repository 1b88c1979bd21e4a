"""However the text is cut, the same is said; whatever is said is what json.loads reads."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai_agent.writing.json_stream import MAX_CHARS, MAX_DEPTH, Event, JsonStream, Text, Value
from server.protocol.errors import Nonsense
from tests.ai_agent.writing.streams import cuts

LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
LEAVES_IN = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
WHOLES = st.dictionaries(st.text(), LEAVES_IN, max_size=4) | st.lists(LEAVES_IN, max_size=4)


def told(pieces: list[str]) -> list[Event]:
    stream = JsonStream()
    events = [event for piece in pieces for event in stream.feed(piece)]
    stream.end()
    return joined(events)


def joined(events: list[Event]) -> list[Event]:
    """Pieces of one string as one."""
    out: list[Event] = []
    for event in events:
        last = out[-1] if out else None
        if isinstance(event, Text) and isinstance(last, Text) and last.path == event.path:
            out[-1] = Text(event.path, last.piece + event.piece)
        else:
            out.append(event)
    return out


@settings(max_examples=20)
@given(WHOLES, st.booleans(), st.data())
def test_the_last_event_is_the_value_however_it_is_cut(
    value: Any, escaped: bool, data: st.DataObject
) -> None:
    text = json.dumps(value, ensure_ascii=escaped)
    assert told([text])[-1] == Value((), value)
    assert told(data.draw(cuts(text))) == told([text])


@settings(max_examples=20)
@given(WHOLES, st.data())
def test_a_beginning_is_never_nonsense_and_never_an_end(value: Any, data: st.DataObject) -> None:
    text = json.dumps(value)
    size = data.draw(st.integers(0, len(text) - 1))
    stream = JsonStream()
    before = joined(stream.feed(text[:size]))
    with pytest.raises(Nonsense):
        stream.end()
    whole = told([text])
    done, last = before[:-1], before[-1:]
    assert done == whole[: len(done)]
    for event in last:
        after = whole[len(done)]
        if isinstance(event, Text) and isinstance(after, Text):
            assert (event.path, after.piece.startswith(event.piece)) == (after.path, True)
        else:
            assert event == after


@settings(max_examples=30)
@given(st.text(st.characters(codec="utf-16"), max_size=8), st.data())
def test_halves_of_a_character_find_each_other(text: str, data: st.DataObject) -> None:
    units = "".join(f"\\u{unit:04x}" for unit in memoryview(text.encode("utf-16-le")).cast("H"))
    assert told(data.draw(cuts(f'["{units}"]')))[-1] == Value((), [text])


def test_a_string_flows_before_it_closes() -> None:
    assert JsonStream().feed('{"body": "One day') == [Text(("body",), "One day")]


def test_a_half_character_alone_becomes_a_replacement() -> None:
    assert told(['["\\ud83d', 'x\\ude00"]'])[-1] == Value((), ["\ufffdx\ufffd"])


def test_a_fence_and_raw_line_breaks_are_understood() -> None:
    text = '\n```json\n{"a": "x\ny"}\n``` I hope that helps!'
    assert told([text])[-1] == Value((), {"a": "x\ny"})
    assert told(list(text)) == told([text])


@pytest.mark.parametrize(
    "text",
    [
        "Sure!",
        "``x",
        '{"a" 1}',
        "{1: 2}",
        "[1, ]",
        '{"a": 1, }',
        "[1 2]",
        "[nope ",
        "[NaN,",
        "[1-2,",
        '["\\x"]',
        '["\\u12g4"]',
        "[}",
        '{"a": ]',
        "[01]",
        "[" * (MAX_DEPTH + 1),
    ],
)
def test_nonsense_is_an_error(text: str) -> None:
    stream = JsonStream()
    with pytest.raises(Nonsense, match="expected"):
        stream.feed(text)
        stream.feed("")


def test_what_came_before_the_mistake_is_told_first() -> None:
    stream = JsonStream()
    assert stream.feed('["good", bad!') == [Text((0,), "good"), Value((0,), "good")]
    with pytest.raises(Nonsense):
        stream.end()


def test_an_answer_without_end_is_nonsense() -> None:
    stream = JsonStream()
    assert stream.feed('["' + "x" * (MAX_CHARS - 10))
    with pytest.raises(Nonsense, match=f"at most {MAX_CHARS}"):
        stream.feed("y" * 20)
