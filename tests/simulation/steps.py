"""A schedule: who is there, and the small steps that happen, one after the other.

Records only, so that hypothesis can shrink them; ``schedules`` draws them, and what a step
does is in ``hands``. ``who`` and ``house`` are taken modulo what there is, so that every step
means something in every cast, and a schedule stays valid when steps are left out.
"""

from dataclasses import dataclass

from server.protocol.roles import Role

WORDS = ("a", "bc ", "é", "😀", "日本", "👩\u200d🚒", "<script>\n")
KEYS = ("k0", "k1", "k2")


@dataclass(frozen=True, slots=True)
class Edit:
    """Somebody changes their document; ``silent`` says that the update is not sent, ``prompt``
    that the network carries it at once."""

    who: int
    act: int
    place: int
    word: str
    silent: bool = False
    prompt: bool = False


@dataclass(frozen=True, slots=True)
class Paste:
    """Somebody inserts so many thousand characters."""

    who: int
    thousands: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """Somebody sends an old update of theirs again, or one that they withheld."""

    who: int
    which: int


@dataclass(frozen=True, slots=True)
class Ask:
    """Somebody wants to know whether all is saved (SyncStatus)."""

    who: int


@dataclass(frozen=True, slots=True)
class Reload:
    """Somebody loses their document, and what was not sent of it: a page is reloaded."""

    who: int


@dataclass(frozen=True, slots=True)
class Carry:
    """The network carries up to ``most`` frames, to the server or from it."""

    who: int
    up: bool
    most: int


@dataclass(frozen=True, slots=True)
class Calm:
    """The network carries all that there is, for everybody."""


@dataclass(frozen=True, slots=True)
class Sever:
    """A socket dies: frames under way are lost. The server may not notice yet."""

    who: int
    noticed: bool


@dataclass(frozen=True, slots=True)
class Notice:
    """The server finds out about every dead socket."""


@dataclass(frozen=True, slots=True)
class Connect:
    """Somebody connects, or reconnects, to one of the processes."""

    who: int
    house: int


@dataclass(frozen=True, slots=True)
class Stall:
    """Somebody stops reading, or reads again."""

    who: int
    stalled: bool


@dataclass(frozen=True, slots=True)
class Appoint:
    """An administrator changes a role; None removes the member."""

    who: int
    role: Role | None


@dataclass(frozen=True, slots=True)
class Hold:
    """Commits of a process hang, or go on."""

    house: int
    held: bool


@dataclass(frozen=True, slots=True)
class Fail:
    """The next commit of a process fails, for this document only or as if busy."""

    house: int
    busy: bool


@dataclass(frozen=True, slots=True)
class Break:
    """The store of a process fails as a whole, or works again."""

    house: int
    broken: bool


@dataclass(frozen=True, slots=True)
class Crash:
    """A process ends at once; the commit in flight may have landed. It starts again."""

    house: int
    landed: bool


@dataclass(frozen=True, slots=True)
class Restart:
    """A process is told to end, finishes what it has, and starts again."""

    house: int


@dataclass(frozen=True, slots=True)
class Pass:
    """Time passes."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Compact:
    """A compactor reads, or puts away what it has read."""

    reads: bool
    replaces: bool


@dataclass(frozen=True, slots=True)
class Read:
    """A program reads the live document."""

    house: int


@dataclass(frozen=True, slots=True)
class Write:
    """A program writes to the live document."""

    house: int
    word: str


Step = (
    Edit | Paste | Repeat | Ask | Reload | Carry | Calm | Sever | Notice | Connect | Stall
    | Appoint | Hold | Fail | Break | Crash | Restart | Pass | Compact | Read | Write
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Schedule:
    """One run. ``haste`` is how many rounds of the event loop a step gets: with few, steps
    fall into the middle of what earlier ones began. What is larger than ``difference`` bytes
    is told in portions."""

    guests: int
    houses: int
    haste: int
    backlog: int
    steps: tuple[Step, ...]
    difference: int = 1 << 20
