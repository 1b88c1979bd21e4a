"""The primitives: what is legal decodes, everything else is one typed error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.protocol.errors import Malformed
from server.protocol.lib0 import MAX_UINT, Reader, write_bytes, write_string, write_uint


@given(st.integers(0, MAX_UINT))
def test_a_number_survives_the_round_trip(value: int) -> None:
    reader = Reader(write_uint(value))
    assert reader.uint() == value
    reader.end()


@given(st.integers(0, MAX_UINT), st.integers(1, 7))
def test_a_number_cut_short_is_refused__L7(value: int, cut: int) -> None:
    whole = write_uint(value)
    with pytest.raises(Malformed, match="expected a number at 0"):
        Reader(whole[: max(0, len(whole) - cut)]).uint()


@pytest.mark.parametrize("value", [-1, MAX_UINT + 1])
def test_a_number_outside_of_53_bits_is_not_written(value: int) -> None:
    with pytest.raises(ValueError, match="varUint"):
        write_uint(value)


@pytest.mark.parametrize(
    ("encoded", "value"), [("8000", 0), ("818000", 1), ("8180808080808000", 1)]
)
def test_a_padded_number_of_eight_bytes_is_read(encoded: str, value: int) -> None:
    assert Reader(bytes.fromhex(encoded)).uint() == value


@pytest.mark.parametrize(
    "encoded", ["818080808080808000", "ffffffffffffffff01", "ffffffffffffff1f"]
)
def test_a_number_over_eight_bytes_or_53_bits_is_refused__L7(encoded: str) -> None:
    with pytest.raises(Malformed, match="at most"):
        Reader(bytes.fromhex(encoded)).uint()


def test_a_number_over_the_callers_bound_is_refused_with_its_position() -> None:
    with pytest.raises(Malformed, match="at most 5 at 1, got 6"):
        Reader(b"\x00\x06", 1).uint(5)


@pytest.mark.parametrize(
    ("encoded", "value"), [("00", 0), ("01", 1), ("41", -1), ("8001", 64), ("c101", -65)]
)
def test_a_signed_number_has_six_bits_and_a_sign_first(encoded: str, value: int) -> None:
    assert Reader(bytes.fromhex(encoded)).sint() == value


def test_text_is_measured_in_utf8_bytes() -> None:
    assert write_string("é") == bytes.fromhex("02c3a9")
    with pytest.raises(Malformed):
        Reader(bytes.fromhex("01c3a9")).string()


@given(st.text())
def test_text_survives_the_round_trip(text: str) -> None:
    assert Reader(write_string(text)).string() == text


def test_half_a_surrogate_pair_is_not_text() -> None:
    with pytest.raises(Malformed, match="UTF-8 text at 0"):
        Reader(bytes.fromhex("03eda080")).string()


@given(st.binary())
def test_bytes_survive_the_round_trip(value: bytes) -> None:
    assert Reader(write_bytes(value)).bytes() == value


def test_a_length_is_checked_before_anything_is_taken__L7() -> None:
    with pytest.raises(Malformed, match="expected 9007199254740991 bytes at 8, got 1"):
        Reader(write_uint(MAX_UINT) + b"x").bytes()


def test_what_follows_the_end_is_refused() -> None:
    reader = Reader(b"\x00\x00")
    assert reader.byte() == 0
    assert reader.remaining == 1
    with pytest.raises(Malformed, match="end of input at 1, got 1"):
        reader.end()


@given(st.binary())
def test_no_input_raises_anything_but_malformed__L7(data: bytes) -> None:
    for read in (Reader.byte, Reader.uint, Reader.sint, Reader.bytes, Reader.string):
        reader = Reader(data)
        try:
            read(reader)
        except Malformed:
            assert reader.pos <= len(data)
