"""What we expect before measuring, with reasons; and how a result is judged.

Each prediction compares one figure of 8gentc with a bound: another server's figure in
the same run times a factor, or a fixed number, or (for growth) its own smallest value.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.numbers import spread

Value = Callable[[str, str, str, int], float | None]
"""Suite, server, figure, point: the median, if there is one."""
Points = Mapping[str, Sequence[int]]

OURS = "8gentc"
HOCUSPOCUS = "hocuspocus"
RELAY = "relay"


class Verdict(StrEnum):
    """Of one prediction in one run."""

    HELD = "held"
    REFUTED = "refuted"
    OPEN = "not measured"
    SMALL = "not at this scale"


@dataclass(frozen=True, slots=True)
class Judged:
    """A prediction after a run."""

    verdict: Verdict
    found: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """At most ``bound``: times ``beside``'s figure; absolute without ``beside``; or, for a
    curve up to ``upto``, times its own smallest value."""

    id: str
    claim: str
    why: str
    suite: str
    key: str
    bound: float
    beside: str | None = None
    unit: str = ""
    upto: int | None = None
    needs_full: bool = False
    """The claim names a magnitude that only a full run reaches."""

    def judge(self, value: Value, points: Points, *, full: bool = True) -> Judged:
        """Held, refuted, or not measured, and the figures that say so."""
        judged = self._judge(value, points)
        if self.needs_full and not full and judged.verdict is not Verdict.OPEN:
            return Judged(Verdict.SMALL, judged.found)
        return judged

    def _judge(self, value: Value, points: Points) -> Judged:
        if self.upto is not None:
            return self._judge_curve(value, points.get(self.suite, ()))
        ours = value(self.suite, OURS, self.key, 0)
        if ours is None:
            return Judged(Verdict.OPEN, "8gentc has no figure")
        if self.beside is None:
            return self._judged(ours, f"{ours:.4g} {self.unit}".strip())
        theirs = value(self.suite, self.beside, self.key, 0)
        if not theirs:
            return Judged(Verdict.OPEN, f"{self.beside} has no figure")
        return self._judged(ours / theirs, f"{ours / theirs:.2f}x ({ours:.3g} / {theirs:.3g})")

    def _judge_curve(self, value: Value, points: Sequence[int]) -> Judged:
        assert self.upto is not None
        within = [point for point in points if point <= self.upto]
        found = [value(self.suite, OURS, self.key, point) for point in within]
        figures = [figure for figure in found if figure]
        if len(figures) < 2 or len(figures) < len(within):
            return Judged(Verdict.OPEN, "the curve has gaps")
        ratio = spread(figures)
        shown = ", ".join(f"{at:,}: {it:.3g}" for at, it in zip(within, figures, strict=True))
        return self._judged(ratio, f"{ratio:.2f}x from least to most ({shown})")

    def _judged(self, measured: float, shown: str) -> Judged:
        return Judged(Verdict.HELD if measured <= self.bound else Verdict.REFUTED, shown)


def _beside(
    id: str, suite: str, key: str, bound: float, beside: str, what: str, why: str
) -> Prediction:
    return Prediction(id, f"{what} <= {bound:g}x {beside}", why, suite, key, bound, beside)


def _flat(
    id: str, suite: str, upto: int, what: str, why: str, *, needs_full: bool = False
) -> Prediction:
    claim = f"cost per edit flat within 20 % {what}"
    return Prediction(id, claim, why, suite, "cpu_us_edit", 1.2, upto=upto, needs_full=needs_full)


LIMIT_WHY = (
    "A relay does the least that delivering takes; what we add for the CRDT and the log is paid "
    "once an edit, not once a delivery."
)

PREDICTIONS: tuple[Prediction, ...] = (
    _beside(
        "P1", "burst", "cpu_us", 0.35, HOCUSPOCUS, "burst: CPU per delivery",
        "What arrives during a commit leaves as one merged update in one frame, encoded once.",
    ),
    _beside(
        "P2", "typing", "cpu_us", 0.55, HOCUSPOCUS, "typing room: CPU per delivery",
        "Little to merge here, so most of it is one system call per client and edit; ours comes "
        "without per-client encoding, task or queue.",
    ),
    _beside(
        "P3", "together", "cpu_us", 0.55, HOCUSPOCUS, "typing in step: CPU per delivery",
        "Twenty edits that arrive together become one commit and few frames.",
    ),
    _beside(
        "P4", "many", "cpu_us_edit", 0.6, HOCUSPOCUS, "many rooms: CPU per edit",
        "One transaction for all dirty rooms costs less than a debounced whole-document store.",
    ),
    Prediction(
        "P5", "many rooms: p99 from send to sight <= 10 ms",
        "The group commit waits a few milliseconds at most, and nothing blocks the loop.",
        "many", "p99_ms", 10.0, unit="ms",
    ),
    Prediction(
        "P6", "idle: 10,000 connections in 5,000 rooms in <= 250 MB",
        "A connection keeps a small buffer and no handshake, and a room one document and one task.",
        "idle", "rss_mb", 250.0, unit="MB", needs_full=True,
    ),
    _beside(
        "P7", "join", "cold_ms", 0.15, HOCUSPOCUS, "cold join: time",
        "A compacted document is one row, and yrs applies it in milliseconds.",
    ),
    _beside(
        "P8", "join", "warm_cpu_ms", 0.3, HOCUSPOCUS, "warm join: CPU",
        "Encoding the state is one call into yrs.",
    ),
    _beside("P9", "burst", "cpu_us", 2.5, RELAY, "burst: CPU per delivery", LIMIT_WHY),
    _beside("P10", "typing", "cpu_us", 2.5, RELAY, "typing room: CPU per delivery", LIMIT_WHY),
    _beside("P11", "many", "cpu_us_edit", 2.5, RELAY, "many rooms: CPU per edit", LIMIT_WHY),
    Prediction(
        "P12", "kill -9: no edit that somebody else had seen is gone",
        "Law L1: durable before visible.",
        "crash", "lost", 0.0, unit="edits",
    ),
    Prediction(
        "P13", "connect storm: nobody is refused",
        "Coming back is the normal case; limits are per user and rate, not per moment.",
        "storm", "refused", 0.0, unit="refused", needs_full=True,
    ),
    _flat("P14", "growth-rooms", 1_000, "from 10 to 1,000 rooms",
          "The commit is shared; nothing walks over all rooms."),
    _flat("P15", "growth-document", 1_000_000, "from 1 kB to 1 MB of text",
          "An insert at a known place costs the same in a large document."),
    _flat("P16", "growth-history", 1_000_000, "from 1 k to 1 M edits of history",
          "The log is appended to, never read; compaction runs beside.", needs_full=True),
)  # fmt: skip
