"""Different rows have different digests, and the encoding does not move (L3)."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from store.digests import GENESIS, row_digest, values_digest

ROW: dict[str, Any] = {"user": "u", "means": "client", "run": None, "at": 1}

texts = st.none() | st.text(max_size=5)
rows = st.tuples(
    st.binary(min_size=32, max_size=32),
    st.text(max_size=5),
    st.integers(0, 300),
    st.binary(max_size=5),
    texts,
    st.text(max_size=5),
    texts,
    st.integers(0, 300),
)
values = st.lists(st.none() | st.text() | st.integers(-(1 << 63), (1 << 63) - 1) | st.binary())


def of(row: tuple[Any, ...]) -> bytes:
    previous, project, seq, payload, user, means, run, at = row
    return row_digest(previous, project, seq, payload, user=user, means=means, run=run, at=at)


@given(rows, rows)
def test_two_rows_have_one_digest_only_if_they_are_one_L3(
    one: tuple[Any, ...], two: tuple[Any, ...]
) -> None:
    assert (of(one) == of(two)) == (one == two)


@given(values, values)
def test_two_records_have_one_digest_only_if_they_are_one_L4(
    one: list[Any], two: list[Any]
) -> None:
    assert (values_digest("k", one) == values_digest("k", two)) == (one == two)


def test_bytes_do_not_move_between_fields_L3() -> None:
    pairs = [("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", "")]
    digests = {row_digest(GENESIS, a, 1, b"", **{**ROW, "user": b}) for a, b in pairs}
    assert len(digests) == len(pairs)
    assert values_digest("a", [None]) != values_digest("a", [""])
    assert values_digest("a", [b"x"]) != values_digest("a", ["x"])


def test_the_encoding_of_rows_is_fixed_for_ever_L3() -> None:
    digest = row_digest(GENESIS, "project", 1, b"payload", **ROW)
    assert digest.hex() == "a6382e9f2da80843cc835bf702ec3096a3242b1370c139e68f9acadff94837a1"
    record = values_digest("checkpoint", ["project", 1, b"payload", None])
    assert record.hex() == "5d6fedf98d2d3fc2ca753c52e4e457cd47abdfe17e4ea5d59f800d18d4b28a4a"
