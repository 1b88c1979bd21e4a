"""Presence entries on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.protocol.awareness import (
    MAX_CLOCK,
    PresenceEntry,
    decode_presence,
    encode_presence,
    removal,
)
from server.protocol.errors import Malformed, PeerError, TooDeep, TooLarge
from server.protocol.ids import ClientId
from server.protocol.lib0 import write_string, write_uint


def decode(update: bytes) -> tuple[PresenceEntry, ...]:
    return decode_presence(update, max_entries=256, max_state_bytes=65_536)


def entry_bytes(state: str) -> bytes:
    return b"\x01\x01\x01" + write_string(state)


def test_a_removal_is_null_at_the_next_clock() -> None:
    gone = removal(ClientId(1), 1)
    assert encode_presence((gone,)) == bytes.fromhex("010102046e756c6c")
    assert decode(encode_presence((gone,))) == (gone,)


def test_a_removal_at_the_largest_clock_still_decodes() -> None:
    gone = removal(ClientId(1), MAX_CLOCK)
    assert decode(encode_presence((gone,))) == (gone,)


@pytest.mark.parametrize("state", ["1", '"x"', "[]", "true"])
def test_a_state_is_an_object_or_null(state: str) -> None:
    with pytest.raises(Malformed, match="object or null"):
        decode(entry_bytes(state))


@pytest.mark.parametrize("state", ["", "{", "NaN", '{"a":' + "9" * 5000 + "}"])
def test_a_state_that_is_not_json_is_malformed__L7(state: str) -> None:
    with pytest.raises(Malformed):
        decode(entry_bytes(state))


def test_a_deep_state_is_refused_without_recursion__L7() -> None:
    with pytest.raises(TooDeep):
        decode(entry_bytes('{"a":' * 5000 + "1" + "}" * 5000))


def test_a_state_over_its_limit_is_too_large__L7() -> None:
    update = entry_bytes('{"a":"' + "x" * 100 + '"}')
    with pytest.raises(TooLarge, match="over the limit of 100 bytes"):
        decode_presence(update, max_entries=1, max_state_bytes=100)


def test_a_count_over_the_limit_is_refused_before_any_entry_is_read__L7() -> None:
    with pytest.raises(TooLarge, match="1000000 clients"):
        decode(write_uint(1_000_000))


def test_a_clock_that_leaves_no_room_is_refused__L7() -> None:
    with pytest.raises(Malformed):
        decode(b"\x01\x01" + write_uint(MAX_CLOCK + 1) + write_string("null"))


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_peers_error__L7(data: bytes) -> None:
    try:
        decode(data)
    except PeerError:
        return
