"""What waits costs by its size, never by its square, and goes in as soon as it can."""

from collections.abc import Callable, Iterator
from contextlib import closing
from time import process_time

import pytest

from server.document.replica import Applied, Replica
from server.protocol.errors import Malformed
from server.protocol.lib0 import write_uint
from server.protocol.update import inspect

MANY = 6_000
SOON = 4.0
"""Seconds; what was quadratic took thirty and more."""

WAITS = bytes([1, 1, 9, 5, 0, 1, 0])
"""Something that keeps every update from the short way."""


@pytest.fixture
def replica() -> Iterator[Replica]:
    with closing(Replica()) as made:
        yield made


def runs(count: int, *, odd: bool = False) -> bytes:
    """Single clocks of client 5, each followed by a gap of one, or preceded by it."""
    one = b"\x0a\x01\x00\x01" if odd else b"\x00\x01\x0a\x01"
    return b"\x01" + write_uint(2 * count) + b"\x05\x00" + one * count + b"\x00"


def letters(client: int, first: int, count: int) -> bytes:
    head = b"\x01\x01" + write_uint(client) + write_uint(first)
    origin = b"\x84" + write_uint(client) + write_uint(first - 1) if first else b"\x04\x01\x01t"
    return head + origin + write_uint(count) + b"a" * count + b"\x00"


def children(count: int, clock: int) -> bytes:
    """As many clients, each with an entry of a map that (5, clock) is not."""
    item = b"\x00\x28\x00\x05" + write_uint(clock) + b"\x01k\x01\x77\x01v"
    sections = (b"\x01" + write_uint(1000 + n) + item for n in range(count))
    return write_uint(count) + b"".join(sections) + b"\x00"


def braid(count: int) -> bytes:
    """Two clients, each letter of one beside the last of the other."""
    left = [b"\x04\x01\x01t\x01a"] + [b"\x84\x06" + write_uint(n) + b"\x01a" for n in range(count)]
    right = [b"\x84\x05" + write_uint(n) + b"\x01b" for n in range(count)]
    sections = ((b"\x05", left[:count]), (b"\x06", right))
    bodies = (write_uint(count) + client + b"\x00" + b"".join(all) for client, all in sections)
    return b"\x02" + b"".join(bodies) + b"\x00"


def soon(call: Callable[[], Applied]) -> Applied:
    before = process_time()
    answer = call()
    assert process_time() - before < SOON
    return answer


@pytest.mark.slow
def test_thousands_of_gaps_in_one_update_do_not_stop_the_process_L7(replica: Replica) -> None:
    update = runs(MANY)
    assert soon(lambda: replica.apply(update)).parked
    assert replica.waiting == MANY - 1
    assert soon(lambda: replica.apply(update)) == Applied(None, False)
    assert soon(lambda: replica.apply(letters(7, 0, 1))).event is not None
    parked = replica.parked()
    assert parked is not None
    assert len(parked) < len(update)
    assert soon(lambda: replica.apply(runs(MANY, odd=True))).event is not None
    assert replica.waiting == 0


def test_a_log_with_thousands_of_gaps_opens_soon_L5(replica: Replica) -> None:
    assert soon(lambda: replica.replay(runs(MANY))).parked


def test_who_writes_in_turns_is_integrated_at_once_while_something_waits(
    replica: Replica,
) -> None:
    replica.apply(WAITS)
    assert soon(lambda: replica.apply(braid(MANY))).event is not None
    assert replica.waiting == 1


@pytest.mark.slow
def test_the_many_clients_of_one_update_wait_as_one_and_are_refused_as_one_L7(
    replica: Replica,
) -> None:
    replica.apply(letters(5, 0, 3))
    replica.apply(WAITS)
    assert soon(lambda: replica.apply(children(MANY, 3))).parked
    assert replica.waiting == 2
    assert replica.apply(children(MANY, 3)) == Applied(None, False)
    more = letters(5, 3, 1)
    assert soon(lambda: replica.apply(more)) == Applied(more, False)
    assert replica.waiting == 1
    before = replica.moment()
    with pytest.raises(Malformed):
        soon(lambda: replica.apply(children(MANY, 3)))
    assert replica.moment() == before


def test_gaps_are_the_runs_that_would_wait(replica: Replica) -> None:
    replica.apply(letters(5, 0, 3))
    for update, gaps in (
        (letters(5, 3, 1), 0),
        (letters(5, 2, 9), 0),
        (letters(5, 4, 1), 1),
        (letters(6, 1, 1), 1),
        (runs(10), 8),
        (WAITS, 1),
    ):
        assert replica.gaps(inspect(update)) == gaps
        with closing(Replica.load([letters(5, 0, 3)])) as other:
            other.apply(update)
            assert other.waiting == gaps


def test_deletions_wait_by_client(replica: Replica) -> None:
    gone = (
        b"\x00\x01\x05"
        + write_uint(MANY)
        + b"".join(write_uint(3 * n) + b"\x02" for n in range(MANY))
    )
    assert replica.apply(gone).parked
    assert replica.apply(gone) == Applied(None, False)
    assert replica.apply(letters(5, 0, 4)).event is not None
    waiting = replica.moment().parked_deletes
    assert [run[1:] for run in waiting[:2]] == [(4, 5), (6, 8)]
    assert len(waiting) == MANY - 1
    assert [run[1:] for run in replica.moment().deletes] == [(0, 2), (3, 4)]


def test_a_question_of_fit_does_not_compare_all_with_all(replica: Replica) -> None:
    """Each of many clients writes one clock and deletes it."""
    clients = [write_uint(1000 + n) for n in range(MANY)]
    wrote = b"".join(b"\x01" + client + b"\x00\x04\x01\x01t\x01a" for client in clients)
    gone = b"".join(client + b"\x01\x00\x01" for client in clients)
    update = write_uint(MANY) + wrote + write_uint(MANY) + gone
    shape = inspect(update)
    before = process_time()
    assert replica.continues(shape)
    assert process_time() - before < 0.2
