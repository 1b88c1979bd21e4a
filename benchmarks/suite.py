"""What a suite is, and what its workloads get and give. No workload lives here."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.config import Config
from benchmarks.generator import Generator, Outcome, Unfit
from benchmarks.peers.kinds import Kind
from benchmarks.peers.server import Server
from benchmarks.process import Usage
from benchmarks.scripts import Seat, Writer
from benchmarks.traffic import edits

BUSY = "generator_busy"
"""The share of its core that the load generator needed; every workload with load tells it."""

LATE = "late_ms"
"""How late the generator sent an edit at worst: somebody else was on its core."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a workload. Less is better unless said otherwise."""

    key: str
    title: str
    digits: int = 2
    more_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """One go of one workload at one server that has just started with nothing in it."""

    config: Config
    server: Server
    folder: Path
    program: Path
    core: int
    point: int = 0
    """What the suite varies; 0 where it varies nothing."""

    @contextmanager
    def generator(self, seats: Sequence[Seat]) -> Iterator[Generator]:
        """A load generator with these clients, none connected yet."""
        with Generator(
            self.program,
            self.folder,
            port=self.server.port,
            core=self.core,
            syncs=self.server.kind.syncs,
            seats=seats,
        ) as generator:
            try:
                yield generator
            except Unfit as reason:
                # Now: once the clients are gone, the log tells of nothing but that.
                reason.log = reason.log or self.server.log_tail()
                raise


Workload = Callable[[Trial], Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Suite:
    """A workload, the servers that it is for, and what its figures are called."""

    name: str
    title: str
    story: str
    kinds: tuple[Kind, ...]
    metrics: tuple[Metric, ...]
    run: Workload
    points: Callable[[Config], Sequence[int]] = lambda _: (0,)
    axis: str = ""
    repeats: Callable[[Config], int] = lambda config: config.repeats


@dataclass(frozen=True, slots=True)
class Cost:
    """What a server used between two moments."""

    before: Usage
    after: Usage

    @property
    def cpu_us(self) -> float:
        """Microseconds of CPU."""
        return (self.after.cpu_s - self.before.cpu_s) * 1e6

    @property
    def written(self) -> int:
        """Bytes on their way to the disk."""
        return self.after.written - self.before.written


def measured(server: Server, action: Callable[[], Outcome]) -> tuple[Outcome, Cost]:
    """What ``action`` gave, and what it cost the server until everybody had seen everything."""
    before = server.usage()
    outcome = action()
    return outcome, Cost(before, server.usage())


def connect_all(trial: Trial, generator: Generator, count: int, *, at_once: int = 100) -> Outcome:
    """Connect the first ``count`` clients."""
    outcome = generator.connect(0, count, at_once=at_once, patience=trial.config.patience_s)
    return outcome.check("connecting")


def writers_of(rooms: int, clients: int, writers: int, count: int) -> Sequence[Writer]:
    """The first ``writers`` clients of each room, ``count`` edits each."""
    seats = [room * clients + local for room in range(rooms) for local in range(writers)]
    return [Writer(seat, tuple(edits(number, count))) for number, seat in enumerate(seats)]


def latencies(outcome: Outcome) -> Mapping[str, float]:
    """From sending to sight, over all clients and edits."""
    return {
        "p50_ms": outcome.ms(0.5),
        "p99_ms": outcome.ms(0.99),
        LATE: outcome.late_ms,
        BUSY: outcome.busy,
    }


def flush_disks() -> None:
    """Let nobody's earlier writes be in the way of a measurement."""
    os.sync()


P50 = Metric("p50_ms", "p50 ms")
P99 = Metric("p99_ms", "p99 ms")
