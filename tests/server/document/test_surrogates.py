"""Cut surrogate pairs: what pycrdt makes of them, and what a replica does instead."""

from contextlib import closing
from time import process_time

import pycrdt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.document.compaction import Row, compact
from server.document.replica import Replica
from server.document.surrogates import broken, pairs
from server.protocol.ids import Millis, Seq
from server.protocol.lib0 import write_uint
from server.protocol.update import inspect, read_state_vector

WORDS = "a😀b😀😀c"
UNITS = 9
SPLIT = st.integers(0, UNITS - 1)


def inserted() -> bytes:
    """Client 1 has written WORDS."""
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc(client_id=1)
    doc.get("t", type=pycrdt.Text).insert(0, WORDS)
    return doc.get_update()


def deletion(start: int, length: int) -> bytes:
    """Somebody deletes some of client 1's UTF-16 units."""
    return bytes([0, 1, 1, 1]) + write_uint(start) + write_uint(length)


def between(left: int) -> bytes:
    """A client of its own writes X after a unit of client 1's."""
    return bytes([1, 1, 20 + left, 0, 0xC4, 1, left, 1, left + 1, 1]) + b"X" + bytes([0])


def more(clock: int) -> bytes:
    """Client 1 goes on writing."""
    return bytes([1, 1, 1, clock, 0x84, 1, clock - 1, 1]) + b"!" + bytes([0])


def ends(update: bytes) -> dict[int, int]:
    return {run.client: run.end for run in inspect(update).structs}


def content(replica: Replica) -> str:
    return replica.read(lambda doc: str(doc.get("t", type=pycrdt.Text)))


@pytest.mark.parametrize("cut", [deletion(5, 1), between(1)])
def test_pycrdt_still_loses_what_comes_after_a_cut(cut: bytes) -> None:
    """If this fails, pairs need not be broken any more."""
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc()
    for update in (inserted(), cut, more(UNITS)):
        doc.apply_update(update)
    assert read_state_vector(doc.get_state()) != {
        1: UNITS + 1,
        **({20 + 1: 1} if cut == between(1) else {}),
    }


def test_breaking_keeps_every_clock_and_touches_no_other_pair() -> None:
    update = inserted()
    assert pairs(update) == {(1, 2), (1, 5), (1, 7)}
    after = broken(update, {(1, 5)})
    assert ends(after) == ends(update)
    assert pairs(after) == {(1, 2), (1, 7)}
    assert broken(update, {(1, 1), (2, 5)}) == update


@given(SPLIT, st.integers(1, UNITS))
def test_every_later_edit_goes_in_whatever_is_deleted(start: int, length: int) -> None:
    with closing(Replica()) as replica:
        for update in (inserted(), deletion(start, min(length, UNITS - start)), more(UNITS)):
            assert replica.apply(update).event is not None
        assert read_state_vector(replica.state_vector()) == {1: UNITS + 1}
        assert ends(replica.full()) == {1: UNITS + 1}


@given(st.integers(0, UNITS - 2))
def test_every_later_edit_goes_in_wherever_is_inserted(left: int) -> None:
    with closing(Replica()) as replica:
        for update in (inserted(), between(left), more(UNITS)):
            assert replica.apply(update).event is not None
        assert ends(replica.full()) == {1: UNITS + 1, 20 + left: 1}


@given(
    st.lists(
        st.one_of(st.builds(deletion, SPLIT, st.just(1)), st.builds(between, st.integers(0, 7))),
        max_size=4,
    )
)
def test_copies_converge_however_the_cuts_are_bundled__L4(cutting: list[bytes]) -> None:
    everything = [inserted(), *cutting, more(UNITS)]
    with (
        closing(Replica.load(everything)) as one,
        closing(Replica.load([pycrdt.merge_updates(*everything)])) as two,
        closing(Replica.load(everything[:1] + everything[:0:-1])) as three,
    ):
        assert one.moment() == two.moment() == three.moment()
        assert content(one) == content(two) == content(three)
        with closing(Replica.load([one.full()])) as joiner:
            assert joiner.moment() == one.moment()
            assert content(joiner) == content(one)


@pytest.mark.parametrize("start", range(UNITS))
def test_a_cut_pair_survives_compaction_reload_and_rebuild__L4(start: int) -> None:
    rows = [inserted(), deletion(start, 1), more(UNITS)]
    made = compact(None, [Row(Seq(n), "a", Millis(0), row) for n, row in enumerate(rows, 1)])
    again = compact(made.checkpoint, [Row(Seq(4), "a", Millis(0), more(UNITS + 1))])
    with closing(Replica.load((), checkpoint=again.checkpoint)) as loaded:
        for clock in range(UNITS + 2, 120):  # Long enough for several new bases.
            assert loaded.apply(more(clock)).event is not None
        assert ends(loaded.full()) == {1: 120}
        assert loaded.full().count("\ufffd".encode()) == (start in (1, 2, 4, 5, 6, 7))


def test_a_failure_after_a_cut_leads_back_to_before_it() -> None:
    impossible = bytes([1, 1, 3, 0, 0x04, 0, 1, 0, 1]) + b"X" + bytes([1, 1, 1, 1, 1])
    with closing(Replica.load([inserted()])) as replica:
        before = replica.moment()
        with pytest.raises(Exception, match="applies"):
            replica.apply(impossible)
        assert replica.moment() == before
        assert replica.apply(more(UNITS)).event is not None


def test_a_pair_costs_a_keystroke_nothing_for_each_client__L5() -> None:
    clients = 10_000
    sections = (b"\x01" + write_uint(1000 + n) + b"\x00\x04\x01\x01t\x01a" for n in range(clients))
    crowd = write_uint(clients) + b"".join(sections) + b"\x00"

    def cost(first: bytes) -> float:
        with closing(Replica.load([crowd, first])) as replica:
            replica.apply(more(UNITS))
            before = process_time()
            for clock in range(UNITS + 1, UNITS + 101):
                assert replica.apply(more(clock)).event is not None
            return process_time() - before

    plain = bytes([1, 1, 1, 0, 4, 1, 1, ord("t"), UNITS]) + b"x" * UNITS + bytes([0])
    assert min(cost(inserted()) for _ in range(3)) < 2 * min(cost(plain) for _ in range(3))


def test_a_pair_that_waits_is_broken_where_other_content_ends() -> None:
    """Its first half comes from elsewhere before what it waits for."""
    waits = bytes([1, 1, 1, 0, 0x84, 2, 0]) + bytes([4]) + "😀".encode() + bytes([0])
    half = bytes([1, 1, 1, 0, 4, 1, 1, ord("t"), 1]) + b"x" + bytes([0])
    awaited = bytes([1, 1, 2, 0, 4, 1, 1, ord("t"), 1]) + b"y" + bytes([0])
    with closing(Replica.load([waits, half, awaited])) as replica:
        assert read_state_vector(replica.state_vector()) == {1: 2, 2: 1}
        assert replica.apply(more(2)).event is not None
        assert ends(replica.full()) == {1: 3, 2: 1}
