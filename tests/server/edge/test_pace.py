"""Too fast is slowed down, too many are refused (L6)."""

import pytest

from server.edge.pace import BURST_SECONDS, Bucket, ConnectionCount, Pace
from server.protocol.errors import TooMany
from server.protocol.ids import UserId

ADA, BOB = UserId("ada"), UserId("bob")


def test_a_burst_passes_without_waiting() -> None:
    bucket = Bucket(10.0, 0.0)
    assert [bucket.spend(1, 0.0) for _ in range(50)] == [0.0] * 50


def test_beyond_the_burst_the_rate_is_kept() -> None:
    bucket, now = Bucket(10.0, 0.0), 0.0
    for _ in range(150):
        now += bucket.spend(1, now)
    assert now == pytest.approx(150 / 10 - BURST_SECONDS)


def test_rest_restores_the_burst_and_no_more() -> None:
    bucket = Bucket(10.0, 0.0)
    bucket.spend(50, 0.0)
    assert bucket.spend(50, 1000.0) == 0.0
    assert bucket.spend(10, 1000.0) == 1.0


def test_more_than_any_burst_passes_and_is_paid_for_after() -> None:
    assert Bucket(10.0, 0.0).spend(1000, 0.0) == 100 - BURST_SECONDS


def test_the_slower_of_both_rates_counts() -> None:
    pace = Pace(edits=Bucket(10.0, 0.0), size=Bucket(100.0, 0.0))
    assert pace.spend(1, 600, 0.0) == 1.0
    assert pace.spend(69, 1, 0.0) == 2.0


def test_a_frame_counts_as_its_messages_and_never_as_nothing() -> None:
    pace = Pace(edits=Bucket(1.0, 0.0), size=Bucket(1000.0, 0.0))
    assert pace.spend(10, 1, 0.0) == 5.0
    assert pace.spend(0, 1, 0.0) == 6.0


def test_connections_are_counted_for_each_user() -> None:
    count = ConnectionCount(2)
    with count.held(ADA), count.held(ADA), count.held(BOB):
        with pytest.raises(TooMany), count.held(ADA):
            pass
        with count.held(BOB):
            pass
    with count.held(ADA), count.held(ADA):
        pass


def test_without_a_limit_nobody_is_refused() -> None:
    count = ConnectionCount(None)
    with count.held(ADA), count.held(ADA), count.held(ADA):
        pass
