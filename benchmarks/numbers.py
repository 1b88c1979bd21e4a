"""Medians, percentiles and the load generator's histogram. Pure arithmetic."""

from collections.abc import Iterable, Sequence
from statistics import median

__all__ = ["bucket_start", "histogram_percentile", "median", "percentile", "spread"]

SUB_BITS = 5


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile; ``share`` from 0 to 1. Raises on no values."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * share // 1))
    return ordered[int(rank) - 1]


def bucket_start(bucket: int) -> int:
    """The least number of nanoseconds that the generator counts in this bucket."""
    shift = max(0, (bucket >> SUB_BITS) - 1)
    return (bucket - (shift << SUB_BITS)) << shift


def histogram_percentile(histogram: Iterable[tuple[int, int]], share: float) -> float:
    """Nanoseconds: the middle of the bucket that holds this percentile; 0 when empty."""
    rows = sorted(histogram)
    total = sum(count for _, count in rows)
    if not total:
        return 0.0
    passed = 0
    for bucket, count in rows:
        passed += count
        if passed >= share * total:
            return (bucket_start(bucket) + bucket_start(bucket + 1)) / 2
    raise AssertionError("the counts add up to less than their sum")


def spread(values: Sequence[float]) -> float:
    """How far the values lie apart: the largest over the smallest."""
    return max(values) / min(values) if min(values) > 0 else float("inf")
