"""A project with its whole past, apart from any database: what is carried away and brought in.

Records and the seam to the store only. What does not live here: the file (the edge), and
whether what somebody brings holds together (``server.room.transfer``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from server.protocol.ids import Millis, ProjectId, Seq, UserId
from server.room.history_ports import HistoryBase, Occasion
from server.room.ports import HistoryRun, LoggedUpdate, Project


@dataclass(frozen=True, slots=True)
class CarriedSnapshot:
    """A snapshot without its id, which belongs to a database. ``state`` is the BLAKE2b-256 of
    its state, in hexadecimal digits."""

    seq: Seq
    occasion: Occasion
    by: UserId | None
    name: str | None
    note: str
    created_at: Millis
    state: str


@dataclass(frozen=True, slots=True)
class CarriedProject:
    """All of it. ``chunks`` are those of the history, in order, and ``tail`` the rows after
    them, up to ``head``. ``authors`` are the names of those who have one. ``states`` gives each
    state of a snapshot once, as it is asked for: together they may be larger than memory."""

    title: str
    description: str
    head: Seq
    base: HistoryBase | None
    chunks: tuple[tuple[HistoryRun, ...], ...]
    tail: tuple[LoggedUpdate, ...]
    authors: Mapping[UserId, str]
    snapshots: tuple[CarriedSnapshot, ...]
    states: Iterable[bytes]

    @property
    def payloads(self) -> list[bytes]:
        """The updates that make the document, in order."""
        base = [] if self.base is None else [self.base.state]
        runs = [run.payload for chunk in self.chunks for run in chunk]
        return [*base, *runs, *(row.payload for row in self.tail)]

    @property
    def ends(self) -> list[Seq]:
        """Where the base and each chunk end."""
        base = [] if self.base is None else [self.base.seq]
        return [*base, *(chunk[-1].last for chunk in self.chunks)]


@dataclass(frozen=True, slots=True)
class CheckedProject:
    """One that holds together. ``checkpoints`` are the document at the last two ends."""

    carried: CarriedProject
    checkpoints: Mapping[Seq, bytes]


class Transfers(Protocol):
    """Projects in and out of a database, with their past."""

    async def carry(self, project: ProjectId) -> CarriedProject:
        """All of it, read in one consistent view. Raises ``NotFound`` or ``DocumentDamaged``."""

    async def bring(self, project: CheckedProject, *, owner: UserId) -> Project:
        """Make a project of it, under an id of its own, in one transaction.

        Who has an account here is called as they are here, whatever the file says; who was
        forgotten has no name. Raises what asking for ``states`` raises, ``NotFound`` for an
        unknown owner, or ``Invalid``; then nothing is made.
        """
