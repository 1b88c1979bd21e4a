"""Frames: known vectors, round trips, and refusal of everything else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.protocol.awareness import MAX_CLOCK, PresenceEntry
from server.protocol.errors import Malformed, PeerError, TooLarge
from server.protocol.ids import ClientId
from server.protocol.lib0 import MAX_UINT
from server.protocol.messages import (
    KEEP_ALIVE,
    Denied,
    Limits,
    Message,
    Presence,
    QueryPresence,
    SyncStatus,
    SyncStep1,
    SyncStep2,
    SyncUpdate,
    decode,
    encode,
)

LIMITS = Limits()

HI = bytes.fromhex("010101000401017402686900")
SOMEBODY = PresenceEntry(ClientId(1), 1, '{"name":"x"}')

VECTORS: list[tuple[str, Message]] = [
    ("00000100", SyncStep1(b"\x00")),
    ("0001020000", SyncStep2(b"\x00\x00")),
    ("00020c010101000401017402686900", SyncUpdate(HI)),
    ("01100101010c7b226e616d65223a2278227d", Presence((SOMEBODY,))),
    ("0108010102046e756c6c", Presence((PresenceEntry(ClientId(1), 2, None),))),
    ("010100", Presence(())),
    ("03", QueryPresence()),
    ("0200026e6f", Denied("no")),
    ("660105", SyncStatus(b"\x05")),
    ("6602ac02", SyncStatus(b"\xac\x02")),
]

json_text = st.dictionaries(st.text(), st.integers() | st.text()).map(json.dumps)
entries = st.builds(
    PresenceEntry,
    st.integers(0, MAX_UINT).map(ClientId),
    st.integers(0, MAX_CLOCK),
    st.none() | json_text,
)
messages: st.SearchStrategy[Message] = st.one_of(
    st.builds(SyncStep1, st.binary()),
    st.builds(SyncStep2, st.binary()),
    st.builds(SyncUpdate, st.binary()),
    st.builds(Presence, st.lists(entries, max_size=4).map(tuple)),
    st.just(QueryPresence()),
    st.builds(Denied, st.text()),
    st.builds(SyncStatus, st.binary()),
)


@pytest.mark.parametrize(("encoded", "message"), VECTORS)
def test_known_frames_decode_and_encode(encoded: str, message: Message) -> None:
    assert decode(bytes.fromhex(encoded), LIMITS) == (message,)
    assert encode(message) == bytes.fromhex(encoded)


def test_the_keep_alive_is_an_empty_presence() -> None:
    assert encode(Presence(())) == KEEP_ALIVE


@given(messages)
def test_a_message_survives_the_round_trip(message: Message) -> None:
    assert decode(encode(message), LIMITS) == (message,)


@given(st.lists(messages, min_size=2, max_size=5))
def test_many_messages_in_a_frame_decode_in_order(several: list[Message]) -> None:
    assert decode(b"".join(map(encode, several)), LIMITS) == tuple(several)


@given(messages, st.data())
def test_a_frame_cut_short_is_refused__L7(message: Message, data: st.DataObject) -> None:
    frame = encode(message)
    with pytest.raises(Malformed):
        decode(frame[: data.draw(st.integers(0, len(frame) - 1))], LIMITS)


@given(messages)
def test_a_frame_with_something_behind_it_is_refused__L7(message: Message) -> None:
    with pytest.raises(Malformed, match="expected message 0, 1, 2, 3 or 102"):
        decode(encode(message) + b"\x09", LIMITS)


def test_an_empty_frame_is_malformed() -> None:
    with pytest.raises(Malformed):
        decode(b"", LIMITS)


@pytest.mark.parametrize(
    ("frame", "told"), [("04", "got 4"), ("000300", "sync step"), ("0201", "auth message 0")]
)
def test_an_unknown_number_is_named(frame: str, told: str) -> None:
    with pytest.raises(Malformed, match=told):
        decode(bytes.fromhex(frame), LIMITS)


def test_a_frame_over_the_limit_is_too_large__L7() -> None:
    assert decode(b"\x03" * 4, Limits(max_frame_bytes=4))
    with pytest.raises(TooLarge, match="limit of 4"):
        decode(b"\x03" * 5, Limits(max_frame_bytes=4))


def test_too_many_messages_in_a_frame_are_too_large__L7() -> None:
    assert len(decode(b"\x03" * 256, LIMITS)) == 256
    with pytest.raises(TooLarge, match="more than 256 messages"):
        decode(b"\x03" * 257, LIMITS)


@given(
    st.binary(max_size=100)
    | st.tuples(st.sampled_from([0, 1, 2, 102]), st.binary()).map(
        lambda pair: bytes([pair[0]]) + pair[1]
    )
)
def test_no_frame_raises_anything_but_a_peers_error__L7(frame: bytes) -> None:
    try:
        decode(frame, LIMITS)
    except PeerError:
        return
