"""Range arithmetic against sets of single clocks."""

from hypothesis import given
from hypothesis import strategies as st

from server.protocol.ids import ClientId
from server.protocol.ranges import ClockRange, missing

runs = st.builds(
    lambda client, start, length: ClockRange(ClientId(client), start, start + length),
    st.integers(1, 3),
    st.integers(0, 30),
    st.integers(1, 12),
)


def clocks(ranges: tuple[ClockRange, ...] | list[ClockRange]) -> set[tuple[int, int]]:
    return {(r.client, clock) for r in ranges for clock in range(r.start, r.end)}


@given(st.lists(runs), st.lists(runs))
def test_missing_is_the_difference_of_sets(
    wanted: list[ClockRange], held: list[ClockRange]
) -> None:
    lacking = missing(wanted, held)
    assert clocks(lacking) == clocks(wanted) - clocks(held)
    assert list(lacking) == sorted(lacking)
    assert all(r.start < r.end for r in lacking)
    assert len(clocks(lacking)) == sum(r.end - r.start for r in lacking)


def test_nothing_is_missing_from_nothing() -> None:
    assert missing((), ()) == ()
