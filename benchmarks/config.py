"""Every magnitude of the benchmark, in one frozen place.

``FULL`` is what RESULTS.md is made from; ``QUICK`` exercises the same code in minutes,
on a smaller scale, and its figures are not worth quoting. Nothing else in this package
chooses a number that changes what is measured, and nothing reads the environment.
"""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Burst:
    """One room, one writer that always has ``in_flight`` edits on the way."""

    clients: int = 100
    in_flight: int = 32
    warm_up: int = 4_000
    edits: int = 40_000
    seconds: float = 20.0
    """Who needs longer than this for ``edits`` is measured on fewer."""


@dataclass(frozen=True, slots=True)
class Typing:
    """Rooms in which ``writers`` of the clients type at a steady ``rate`` a second each."""

    rooms: int
    clients: int
    writers: int
    rate: float
    warm_up: int
    """Edits of each writer before anything is counted: in the full run seven seconds, so that
    what a server does in the background has begun."""
    edits: int
    """Edits of each writer that count."""
    clump: int = 1
    """How many edits are sent in the same moment; 1 spreads them evenly."""


@dataclass(frozen=True, slots=True)
class Idle:
    """Connections that do nothing."""

    rooms: int = 5_000
    connections: int = 10_000
    at_once: int = 100
    hold_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Storm:
    """Many connections stand; a part of them is lost and comes back in one moment."""

    rooms: int = 2_500
    connections: int = 5_000
    back_at_once: int = 2_000


@dataclass(frozen=True, slots=True)
class Join:
    """Opening a long document, from the store and from memory."""

    keystrokes: int = 260_000
    runs_per_update: int = 16
    seed: int = 8
    cold: int = 5
    warm_up: int = 20
    warm: int = 200


@dataclass(frozen=True, slots=True)
class Presence:
    """Everybody moves a cursor in one room, and sees everybody's."""

    clients: int = 200
    rate: float = 20.0
    warm_up: int = 20
    states: int = 200


@dataclass(frozen=True, slots=True)
class Commit:
    """Edits that wait for one another: the time from sending to seeing one's own."""

    rooms: tuple[int, ...] = (1, 10, 100)
    warm_up: int = 50
    edits: int = 500


@dataclass(frozen=True, slots=True)
class Crash:
    """``kill -9`` while people type."""

    clients: int = 4
    writers: int = 2
    rate: float = 22.0
    after_s: float = 1.6


@dataclass(frozen=True, slots=True)
class Reads:
    """A large project, read from its rows."""

    nodes: int = 5_000
    edges: int = 10_000
    sections: int = 200
    page: int = 100
    found: int = 20
    warm_up: int = 10
    asked: int = 100


@dataclass(frozen=True, slots=True)
class Growth:
    """Cost per edit while one magnitude grows and the rest stays."""

    clients: tuple[int, ...] = (10, 30, 100, 300, 1_000)
    rooms: tuple[int, ...] = (10, 30, 100, 300, 1_000)
    document_bytes: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
    history: tuple[int, ...] = (1_000, 10_000, 100_000, 1_000_000)
    edits_per_second: float = 1_000.0
    seconds: float = 8.0
    warm_up_s: float = 2.0
    repeats: int = 2


@dataclass(frozen=True, slots=True)
class Soak:
    """Hours of ordinary work: typing, joins, leaves, reconnects, pauses."""

    minutes: float = 30.0
    rooms: int = 200
    clients: int = 4
    rate: float = 1.0
    churn_ms: float = 20.0
    round_s: float = 50.0
    rest_s: float = 8.0
    """Quiet at the end of each round, so that what can be freed is freed."""
    settled_after_minutes: float = 5.0
    idle_unload_s: int = 2
    may_grow: float = 1.05


@dataclass(frozen=True, slots=True)
class Config:
    """A whole run."""

    name: str = "full"
    repeats: int = 3
    patience_s: float = 60.0
    """How long one phase of a workload may take before the server has failed it."""
    history_s: float = 240.0
    """The same, for writing the history of a room."""
    start_s: float = 30.0
    settle_s: float = 12.0
    """How long bytes on their way to the disk are waited for: the longest debounce."""
    burst: Burst = field(default_factory=Burst)
    typing: Typing = field(default_factory=lambda: Typing(1, 100, 20, 10.0, 70, 150))
    together: Typing = field(default_factory=lambda: Typing(1, 100, 20, 10.0, 70, 150, clump=20))
    many: Typing = field(default_factory=lambda: Typing(400, 3, 1, 10.0, 70, 100))
    disk: Typing = field(default_factory=lambda: Typing(50, 2, 1, 4.0, 28, 80))
    idle: Idle = field(default_factory=Idle)
    storm: Storm = field(default_factory=Storm)
    join: Join = field(default_factory=Join)
    presence: Presence = field(default_factory=Presence)
    commit: Commit = field(default_factory=Commit)
    crash: Crash = field(default_factory=Crash)
    reads: Reads = field(default_factory=Reads)
    growth: Growth = field(default_factory=Growth)
    soak: Soak = field(default_factory=Soak)

    @property
    def most_rooms(self) -> int:
        """How many documents a server that wants to know them beforehand must have."""
        shapes = (self.typing, self.many, self.disk)
        return max(
            self.idle.rooms,
            self.storm.rooms,
            *self.growth.rooms,
            self.soak.rooms,
            *(shape.rooms for shape in shapes),
        )


FULL = Config()

QUICK = replace(
    FULL,
    name="quick",
    repeats=1,
    patience_s=20.0,
    settle_s=4.0,
    burst=Burst(warm_up=1_000, edits=8_000, seconds=4.0),
    typing=Typing(1, 100, 20, 10.0, 10, 60),
    together=Typing(1, 100, 20, 10.0, 10, 60, clump=20),
    many=Typing(400, 3, 1, 10.0, 10, 40),
    disk=Typing(50, 2, 1, 4.0, 4, 12),
    idle=Idle(rooms=1_000, connections=2_000, hold_s=1.0),
    storm=Storm(rooms=500, connections=1_000, back_at_once=400),
    join=Join(cold=3, warm_up=5, warm=40),
    presence=Presence(warm_up=10, states=30),
    commit=Commit(rooms=(1, 50), warm_up=20, edits=100),
    reads=Reads(nodes=500, edges=1_000, sections=20, asked=20),
    growth=Growth(
        clients=(10, 100),
        rooms=(10, 100, 1_000),
        document_bytes=(1_000, 100_000, 1_000_000),
        history=(1_000, 20_000),
        seconds=3.0,
        warm_up_s=1.0,
        repeats=1,
    ),
    soak=Soak(minutes=1.0, rooms=50, round_s=10.0, rest_s=5.0, settled_after_minutes=0.3),
)
