"""Percentiles and the histogram, whose buckets belong to the load generator too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.numbers import bucket_start, histogram_percentile, percentile, spread


def bucket_of(elapsed: int) -> int:
    """As ``native/check.c`` counts."""
    bits = (elapsed | 1).bit_length()
    shift = bits - 6 if bits > 6 else 0
    return (shift << 5) + (elapsed >> shift)


@given(st.integers(0, 10**12))
def test_an_elapsed_time_lies_in_its_bucket(elapsed: int) -> None:
    bucket = bucket_of(elapsed)
    assert bucket_start(bucket) <= elapsed < bucket_start(bucket + 1)
    assert bucket_start(bucket + 1) - bucket_start(bucket) <= max(1, elapsed / 32)


def test_percentiles_are_nearest_ranks() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [percentile(values, share) for share in (0.5, 0.99, 1.0, 0.0)] == [50, 99, 100, 1]


def test_no_values_have_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_histogram_gives_the_middle_of_the_bucket() -> None:
    rows = [(bucket_of(1_000_000), 99), (bucket_of(50_000_000), 1)]
    assert histogram_percentile(rows, 0.5) == pytest.approx(1_000_000, rel=0.04)
    assert histogram_percentile(rows, 1.0) == pytest.approx(50_000_000, rel=0.04)
    assert histogram_percentile([], 0.5) == 0


def test_spread_is_the_largest_over_the_smallest() -> None:
    assert spread([2.0, 3.0, 4.0]) == 2
    assert spread([0.0, 1.0]) == float("inf")
