"""What history needs of the store, as types: the past of a document, and its snapshots.

The same kind of seam as ``server.room.ports``, whose contract of every store call holds
here too. Only records and protocols live here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from server.document.elements import ElementRef
from server.protocol.ids import Millis, ProjectId, Seq, SnapshotId, UserId
from server.room.ports import Attribution, HistoryRun, LoggedUpdate

# --- the past of a document ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecoveredText:
    """Text that came when its place was already deleted: kept, not in the document.

    ``seq`` is the row that brought it, or the last of the run that holds the row.
    """

    seq: Seq
    by: Attribution
    at: Millis
    element: ElementRef | None
    text: str


@dataclass(frozen=True, slots=True)
class HistoryBase:
    """Where the history that can be replayed begins, and what is kept of all before.

    ``state`` is the document at ``seq``, as one update. The payload of a sitting lists, as an
    update that would delete them, the clocks that it wrote and that are in the state.
    """

    seq: Seq
    state: bytes
    sittings: tuple[HistoryRun, ...]
    recovered: tuple[RecoveredText, ...]


@dataclass(frozen=True, slots=True)
class History:
    """Everything that is known of a document's past, read in one consistent view: the base,
    if there is one, the runs after it, and the rows that are not compacted yet."""

    project: ProjectId
    head: Seq
    base: HistoryBase | None
    runs: tuple[HistoryRun, ...]
    tail: tuple[LoggedUpdate, ...]


@dataclass(frozen=True, slots=True)
class Retention:
    """How much history is kept: what is older than ``before`` goes, and the oldest beyond
    ``percent`` of the live state's size. The newest chunk always stays."""

    before: Millis
    percent: int


class HistoryLog(Protocol):
    """Reads the past, and makes old history small."""

    async def read(self, project: ProjectId) -> History:
        """Raises ``NotFound``, or ``DocumentDamaged`` for rows that do not verify."""

    async def authors(self, project: ProjectId) -> Mapping[UserId, str]:
        """What those authors of an imported history are called who have no account here."""

    async def overgrown(self, keep: Retention, after: ProjectId, limit: int) -> Sequence[ProjectId]:
        """Documents with more history than is to be kept: by id, the first ``limit`` of those
        beyond ``after``."""

    async def read_old(self, project: ProjectId, keep: Retention) -> History:
        """The base and the runs that are to be thinned: ``head`` is where they end, and
        ``tail`` is empty. Without runs there is nothing to do."""

    async def replace_old(self, old: History, base: HistoryBase) -> bool:
        """Put ``base`` in place of the old base and exactly the chunks that ``old`` was read
        from. False, and nothing written, if those are not what is there any more."""


# --- snapshots ---------------------------------------------------------------------


class Occasion(StrEnum):
    """Why a snapshot was taken. All but ``NAMED`` are automatic."""

    NAMED = "named"
    DAILY = "daily"
    BEFORE_RESTORE = "before-restore"
    BEFORE_RUN = "before-run"
    BEFORE_IMPORT = "before-import"


@dataclass(frozen=True, slots=True)
class NewSnapshot:
    """A snapshot about to be kept. ``state`` is the document at ``seq`` as one update."""

    project: ProjectId
    seq: Seq
    state: bytes
    occasion: Occasion
    by: UserId | None
    name: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A whole project as it was at one seq. ``size`` is that of its state, in bytes."""

    id: SnapshotId
    project: ProjectId
    seq: Seq
    occasion: Occasion
    by: UserId | None
    name: str | None
    note: str
    created_at: Millis
    size: int


class Snapshots(Protocol):
    """Snapshots of live projects."""

    async def add(self, new: NewSnapshot, *, keep: int) -> Snapshot:
        """Keep a snapshot; of the automatic ones only the newest ``keep`` stay, and the newest
        of each occasion: a day's runs do not push out what was kept before a restore.

        Equal states of a project are stored once. If nothing has changed since the newest
        snapshot, an automatic one is not added and the newest is answered. Raises
        ``NotFound`` for a project that is gone.
        """

    async def list(self, project: ProjectId) -> Sequence[Snapshot]:
        """Newest first. Raises ``NotFound``."""

    async def newest(self, project: ProjectId) -> Snapshot | None:
        """The first of ``list``. Raises ``NotFound``."""

    async def get(self, snapshot: SnapshotId) -> Snapshot:
        """Raises ``NotFound``, also for those of deleted projects."""

    async def state(self, snapshot: SnapshotId) -> bytes:
        """The document as one update. Raises ``NotFound`` or ``DocumentDamaged``."""

    async def remove(self, snapshot: SnapshotId) -> None:
        """Raises ``NotFound``."""

    async def due(self, before: Millis, after: ProjectId, limit: int) -> Sequence[ProjectId]:
        """Projects that have changed since their newest snapshot, and of which none was taken
        after ``before``: by id, the first ``limit`` of those beyond ``after``."""
