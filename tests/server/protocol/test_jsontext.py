"""Foreign JSON: valid, shallow, or one typed error."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.protocol.errors import Malformed, PeerError, TooDeep
from server.protocol.jsontext import MAX_VALUE_DEPTH, parse_json

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(json_values)
def test_json_is_read_back(value: object) -> None:
    assert parse_json(json.dumps(value)) == value


def test_nesting_is_allowed_up_to_the_limit_and_no_further__L7() -> None:
    parse_json("[" * MAX_VALUE_DEPTH + "]" * MAX_VALUE_DEPTH)
    with pytest.raises(TooDeep):
        parse_json("[" * (MAX_VALUE_DEPTH + 1) + "]" * (MAX_VALUE_DEPTH + 1))


def test_a_hundred_thousand_levels_are_refused_without_recursion__L7() -> None:
    with pytest.raises(TooDeep):
        parse_json('{"a":' * 100_000)


def test_brackets_inside_text_and_side_by_side_do_not_nest() -> None:
    parse_json(json.dumps({"a": '[{"\\' * 100, "b": [[], {}] * 100}))


@pytest.mark.parametrize(
    "text",
    ["", "NaN", "Infinity", "-Infinity", "\ufeff{}", "{", "9" * 5000, "1 2", "\x00", "undefined"],
)
def test_what_json_parse_refuses_is_malformed(text: str) -> None:
    with pytest.raises(Malformed):
        parse_json(text)


@given(st.text(alphabet='[]{}",:\\u0d8 tnf-1e'))
def test_no_text_raises_anything_but_a_peers_error__L7(text: str) -> None:
    try:
        parse_json(text)
    except PeerError:
        return
