"""Numbers about the work of this process, counted where the work is done.

Plain counters; how they are exported is the edge's affair. One instance belongs to
one server, and is passed in.
"""

from bisect import bisect_left
from dataclasses import dataclass, field

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds, in seconds, of the commit latency histogram; one more bucket is unbounded."""


def _empty_buckets() -> list[int]:
    return [0] * (len(BUCKETS) + 1)


@dataclass(slots=True)
class Statistics:
    """Counters since the process started."""

    edits: int = 0
    commits: int = 0
    commit_failures: int = 0
    commit_seconds: float = 0.0
    commit_buckets: list[int] = field(default_factory=_empty_buckets)
    refused_writes: int = 0
    catch_ups: int = 0
    failed_rooms: int = 0
    compactions: int = 0
    projections: int = 0

    def committed(self, seconds: float) -> None:
        """A group commit ended after ``seconds``."""
        self.commits += 1
        self.commit_seconds += seconds
        self.commit_buckets[bisect_left(BUCKETS, seconds)] += 1
