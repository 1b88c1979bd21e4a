"""A store in memory, held to the same contracts as the real ones, that fails on request.

Several :class:`MemoryStore` on one :class:`MemoryDatabase` are several processes.
What does not live here: people and projects (``memory_directory``); durability.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from server.protocol.errors import DocumentFault, Invalid, NotFound
from server.protocol.ids import ProjectId, Seq
from server.room.ports import (
    Appended,
    Batch,
    Changes,
    Clock,
    Compacted,
    CompactionInput,
    HistoryRun,
    LoggedUpdate,
    NewUpdate,
    StoredDocument,
    Tail,
)
from store.appending import is_due
from store.rows import covers
from tests.doubles.clock import ManualClock
from tests.doubles.faults import Faults
from tests.doubles.memory_directory import MemoryDirectory, People
from tests.doubles.memory_events import MemoryEvents, Noted
from tests.doubles.memory_projection import MemoryProjection, Rows
from tests.doubles.memory_retrieval import MemoryRetrieval
from tests.doubles.memory_runs import MemoryRuns, RunBook


@dataclass(slots=True)
class MemoryDocument:
    """One document's rows."""

    open: bool = True
    head: int = 0
    rows: list[LoggedUpdate] = field(default_factory=list)
    checkpoint: bytes | None = None
    compacted: int = 0
    runs: list[HistoryRun] = field(default_factory=list)

    def add(self, updates: Sequence[NewUpdate]) -> None:
        """Append rows at the head."""
        for new in updates:
            self.head += 1
            self.rows.append(LoggedUpdate(Seq(self.head), new.payload, new.by, new.at))

    @property
    def tail_bytes(self) -> int:
        """Weight of the rows that are not compacted."""
        return sum(len(row.payload) for row in self.rows)


@dataclass(slots=True)
class MemoryDatabase:
    """What several stores share."""

    people: People = field(default_factory=People)
    documents: dict[ProjectId, MemoryDocument] = field(default_factory=dict)
    projections: dict[ProjectId, Rows] = field(default_factory=dict)
    noted: Noted = field(default_factory=Noted)
    feeds: "list[MemoryFeed]" = field(default_factory=list)
    runs: RunBook = field(default_factory=RunBook)

    def live(self, project: ProjectId) -> MemoryDocument:
        """Raises ``NotFound``."""
        document = self.documents.get(project)
        if document is None or not document.open:
            raise NotFound("no such project")
        return document

    def tell(self, writer: "MemoryFeed", documents: frozenset[ProjectId]) -> None:
        """Own edits are not news."""
        for feed in self.feeds:
            if feed is not writer:
                feed.hear(Changes(documents, directory=False))

    def is_live(self, project: ProjectId) -> bool:
        """Whether there is such a project."""
        return project in self.documents and self.documents[project].open

    def tell_events(self) -> None:
        """Events are news for everybody."""
        for feed in self.feeds:
            feed.hear(Changes(frozenset(), directory=False, events=True))

    def tell_directory(self) -> None:
        """Changes of the directory are news for everybody."""
        for feed in self.feeds:
            feed.hear(Changes(frozenset(), directory=True))


@dataclass(slots=True)
class MemoryUpdateLog:
    """The ``UpdateLog`` port."""

    database: MemoryDatabase
    feed: "MemoryFeed"
    faults: Faults = field(default_factory=Faults)
    flights: "set[asyncio.Task[Sequence[Appended]]]" = field(default_factory=set)
    commits: list[Sequence[Batch]] = field(default_factory=list)

    async def append(self, batches: Sequence[Batch]) -> Sequence[Appended]:
        """Commit; goes on when the caller is cancelled, as a database would."""
        flight = asyncio.get_running_loop().create_task(self._append(batches))
        self.flights.add(flight)
        flight.add_done_callback(self._landed)
        return await asyncio.shield(flight)

    def _landed(self, flight: "asyncio.Task[Sequence[Appended]]") -> None:
        self.flights.discard(flight)
        if not flight.cancelled():
            flight.exception()

    async def _append(self, batches: Sequence[Batch]) -> Sequence[Appended]:
        await self.faults.pass_gate()
        self.faults.check(batches)
        for batch in batches:
            document = self.database.documents.get(batch.project)
            if document is None or not document.open:
                raise DocumentFault(batch.project, "the project is deleted or does not exist")
            if not all(new.payload for new in batch.updates):
                raise DocumentFault(batch.project, "an empty payload")
            leases = {(new.by.run, new.by.attempt) for new in batch.updates}
            if not all(one is None or self.database.runs.held(run, one) for run, one in leases):
                raise DocumentFault(batch.project, "an attempt that does not hold its run")
        appended = [self._commit(batch) for batch in batches]
        self.commits.append(tuple(batches))
        self.database.tell(self.feed, frozenset(batch.project for batch in batches))
        return appended

    def _commit(self, batch: Batch) -> Appended:
        document = self.database.documents[batch.project]
        first = Seq(document.head + 1)
        document.add(batch.updates)
        return Appended(batch.project, first, Seq(document.head))

    async def load(self, project: ProjectId) -> StoredDocument:
        """Everything of one document."""
        document = self.database.live(project)
        size = len(document.checkpoint or b"") + document.tail_bytes
        return StoredDocument(Seq(document.head), document.checkpoint, tuple(document.rows), size)

    async def read_after(self, project: ProjectId, seq: Seq) -> Tail:
        """What was committed after ``seq``."""
        document = self.database.live(project)
        rows = tuple(row for row in document.rows if row.seq > seq)
        checkpoint = document.checkpoint if seq < document.compacted else None
        return Tail(Seq(document.head), checkpoint, rows)

    async def heads(self, projects: Sequence[ProjectId]) -> Mapping[ProjectId, Seq]:
        """The newest seq of each live project."""
        documents = self.database.documents
        return {
            name: Seq(documents[name].head)
            for name in projects
            if name in documents and documents[name].open
        }

    async def probe(self) -> None:
        """Succeeds unless broken down."""
        if self.faults.broken is not None:
            raise self.faults.broken

    async def close(self) -> None:
        """Let what is in flight land."""
        self.faults.release_appends()
        while self.flights:
            await asyncio.wait(self.flights)


@dataclass(slots=True)
class MemoryCompactionLog:
    """The ``CompactionLog`` port."""

    database: MemoryDatabase

    async def candidates(self, limit: int) -> Sequence[ProjectId]:
        """Documents whose log has outgrown their checkpoint, largest tail first."""
        documents = self.database.documents.items()
        due = [
            (-document.tail_bytes, name)
            for name, document in documents
            if document.open
            and is_due(len(document.rows), document.tail_bytes, len(document.checkpoint or b""))
        ]
        return [name for _, name in sorted(due)[:limit]]

    async def read(self, project: ProjectId) -> CompactionInput:
        """Checkpoint and rows."""
        document = self.database.live(project)
        rows = tuple(document.rows)
        return CompactionInput(
            project, document.checkpoint, rows, tuple(int(row.seq) for row in rows)
        )

    async def replace(self, source: CompactionInput, compacted: Compacted) -> bool:
        """Put the rows of ``source`` away."""
        ids = source.row_ids
        if not ids or not covers(compacted.runs, ids[0], ids[-1]):
            raise Invalid("the runs do not cover the rows")
        document = self.database.documents[source.project]
        if not document.open or ids != tuple(row.seq for row in document.rows[: len(ids)]):
            return False
        del document.rows[: len(ids)]
        document.checkpoint = compacted.checkpoint
        document.compacted = ids[-1]
        document.runs += compacted.runs
        return True

    async def history(self, project: ProjectId) -> Sequence[HistoryRun]:
        """Every run that compaction has put away."""
        document = self.database.documents.get(project)
        return () if document is None else tuple(document.runs)


@dataclass(slots=True)
class MemoryFeed:
    """The ``ChangeFeed`` port."""

    documents: set[ProjectId] = field(default_factory=set)
    directory: bool = False
    events: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def hear(self, changes: Changes) -> None:
        """Collect until somebody asks."""
        self.documents |= changes.documents or set()
        self.directory = self.directory or changes.directory
        self.events = self.events or changes.events
        self.news.set()

    async def next(self) -> Changes:
        """Wait for the next news."""
        await self.news.wait()
        changes = Changes(frozenset(self.documents), self.directory, self.events)
        self.documents, self.directory, self.events = set(), False, False
        self.news.clear()
        return changes


class MemoryStore:
    """One process's view of a database; the same parts as ``store.open.Store``."""

    def __init__(self, database: MemoryDatabase | None = None, clock: Clock | None = None) -> None:
        self.database = database or MemoryDatabase()
        clock = clock or ManualClock()
        self.feed = MemoryFeed()
        self.database.feeds.append(self.feed)
        self.log = MemoryUpdateLog(self.database, self.feed)
        self.compaction = MemoryCompactionLog(self.database)
        self.projection = MemoryProjection(self.database)
        self.directory = MemoryDirectory(self.database.people, clock, _Documents(self.database))
        self.events = MemoryEvents(
            self.database.noted, clock, self.database.is_live, self.database.tell_events
        )
        self.runs = MemoryRuns(
            self.database.runs, self.database.people, _Documents(self.database), clock
        )
        self.retrieval = MemoryRetrieval(self.database)

    @property
    def faults(self) -> Faults:
        """What shall go wrong with the log."""
        return self.log.faults

    async def close(self) -> None:
        """Let what is in flight land."""
        await self.log.close()


@dataclass(frozen=True, slots=True)
class _Documents:
    """What the directory needs of the documents."""

    database: MemoryDatabase

    def create(self, project: ProjectId, seed: NewUpdate | None) -> None:
        document = self.database.documents[project] = MemoryDocument()
        document.add([] if seed is None else [seed])

    def close(self, project: ProjectId) -> None:
        self.database.documents[project].open = False

    def head(self, project: ProjectId) -> Seq:
        return Seq(self.database.documents[project].head)

    def is_closed(self, project: ProjectId) -> bool:
        document = self.database.documents.get(project)
        return document is None or not document.open

    def changed(self) -> None:
        self.database.tell_directory()
