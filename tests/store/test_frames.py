"""Runs and checkpoints come back as they were packed, and any bytes are survived (L4, L7)."""

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from server.protocol.ids import Millis, RunId, Seq, UserId
from server.room.ports import Attribution, HistoryRun, Means
from store.faults import Unreadable
from store.frames import frame_runs, pack, unframe_runs, unpack

texts = st.text(max_size=20)
runs = st.builds(
    HistoryRun,
    st.integers(1, 1 << 60).map(Seq),
    st.integers(1, 1 << 60).map(Seq),
    st.builds(
        Attribution,
        st.none() | texts.map(UserId),
        st.sampled_from(list(Means)),
        st.none() | texts.map(RunId),
    ),
    st.integers(0, 1 << 60).map(Millis),
    st.integers(0, 1 << 60).map(Millis),
    st.binary(max_size=50),
)


@given(st.lists(runs, max_size=5))
def test_framed_runs_read_back_as_they_were_L4(given_runs: list[HistoryRun]) -> None:
    assert list(unframe_runs(frame_runs(given_runs))) == given_runs


@given(st.binary(max_size=300))
def test_any_bytes_unframe_or_are_unreadable_L7(plain: bytes) -> None:
    try:
        unframe_runs(plain)
    except Unreadable:
        return


@given(st.lists(runs, min_size=1, max_size=2), st.data())
def test_a_truncated_frame_is_unreadable_L7(
    given_runs: list[HistoryRun], data: st.DataObject
) -> None:
    whole = frame_runs(given_runs)
    last = frame_runs(given_runs[-1:])
    cut = data.draw(st.integers(len(whole) - len(last) + 1, len(whole) - 1))
    with pytest.raises(Unreadable):
        unframe_runs(whole[:cut])


@given(st.binary(max_size=1000))
def test_packed_bytes_unpack_to_the_same_L4(plain: bytes) -> None:
    assert unpack(pack(plain), len(plain)) == plain
    with pytest.raises(Unreadable):
        unpack(pack(plain), len(plain) + 1)


@given(st.binary(max_size=300), st.integers(0, 1 << 40))
def test_any_bytes_unpack_or_are_unreadable_L7(stored: bytes, size: int) -> None:
    for candidate in (stored, b"\x28\xb5\x2f\xfd" + stored):
        try:
            assert len(unpack(candidate, size)) == size
        except Unreadable:
            continue


def test_a_frame_that_claims_the_moon_allocates_nothing_L7() -> None:
    bomb = zstandard.ZstdCompressor().compress(bytes(1 << 20))
    with pytest.raises(Unreadable, match="claims"):
        unpack(bomb, 10)
    with pytest.raises(Unreadable):
        unpack(b"\x28\xb5\x2f\xfd\xe0" + (1 << 60).to_bytes(8, "little") + bytes(9), 1 << 60)
