"""What a contract is run against: a kind of store, and as many processes as needed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from server.protocol.ids import Millis, ProjectId, UserId
from server.room.event_ports import EventLog
from server.room.ports import (
    Attribution,
    Batch,
    ChangeFeed,
    Changes,
    CompactionInput,
    CompactionLog,
    Directory,
    HistoryRun,
    Means,
    NewUpdate,
    UpdateLog,
)
from server.room.projection_ports import Projection
from server.room.retrieval_ports import Retrieval
from server.room.run_ports import Runs
from store.open import open_store
from tests.doubles.clock import ManualClock
from tests.doubles.memory_store import MemoryDatabase, MemoryStore
from tests.doubles.migrated import migrated

PATIENCE = 20.0
"""Seconds after which a test hangs."""


class AnyStore(Protocol):
    """The parts that every kind of store has."""

    @property
    def projection(self) -> Projection: ...
    @property
    def log(self) -> UpdateLog: ...
    @property
    def compaction(self) -> CompactionLog: ...
    @property
    def directory(self) -> Directory: ...
    @property
    def feed(self) -> ChangeFeed: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def retrieval(self) -> Retrieval: ...
    @property
    def events(self) -> EventLog: ...
    async def close(self) -> None: ...


class Backend(Protocol):
    """One database. Each ``open`` is another process."""

    @property
    def clock(self) -> ManualClock: ...
    async def open(self) -> AnyStore: ...
    async def heard(self, store: AnyStore) -> Changes:
        """The store's next news, passing time if that is what it waits for."""


@dataclass(slots=True)
class MemoryBackend:
    """All processes in this one, no files."""

    clock: ManualClock = field(default_factory=ManualClock)
    database: MemoryDatabase = field(default_factory=MemoryDatabase)

    async def open(self) -> AnyStore:
        return MemoryStore(self.database, self.clock)

    async def heard(self, store: AnyStore) -> Changes:
        async with asyncio.timeout(PATIENCE):
            return await store.feed.next()


@dataclass(slots=True)
class SqliteBackend:
    """A database file."""

    path: Path
    clock: ManualClock = field(default_factory=ManualClock)

    async def open(self) -> AnyStore:
        return await open_store(f"sqlite:///{migrated(self.path)}", self.clock)

    async def heard(self, store: AnyStore) -> Changes:
        async with asyncio.timeout(PATIENCE), passing(self.clock):
            return await store.feed.next()


@dataclass(slots=True)
class PostgresBackend:
    """A database of a running server."""

    url: str
    clock: ManualClock = field(default_factory=ManualClock)

    async def open(self) -> AnyStore:
        return await open_store(self.url, self.clock)

    async def heard(self, store: AnyStore) -> Changes:
        # Time stands still, so that this is a notification and not the regular sweep.
        async with asyncio.timeout(PATIENCE):
            return await store.feed.next()


@dataclass(slots=True)
class Closing:
    """A backend whose stores are closed in the end."""

    backend: Backend
    opened: list[AnyStore] = field(default_factory=list)

    @property
    def clock(self) -> ManualClock:
        return self.backend.clock

    async def open(self) -> AnyStore:
        store = await self.backend.open()
        self.opened.append(store)
        return store

    async def heard(self, store: AnyStore) -> Changes:
        return await self.backend.heard(store)

    async def close(self) -> None:
        for store in self.opened:
            await store.close()


@asynccontextmanager
async def passing(clock: ManualClock) -> AsyncIterator[None]:
    """Let time pass whenever somebody sleeps."""
    async with asyncio.TaskGroup() as group:
        driver = group.create_task(_drive(clock))
        try:
            yield
        finally:
            driver.cancel()


async def _drive(clock: ManualClock) -> None:
    while True:
        await clock.until_asleep()
        alarm = min(alarm for alarm, _ in clock.sleepers)
        await clock.advance(alarm - clock.elapsed)


# --- what the contracts are about --------------------------------------------


async def new_user(store: AnyStore, name: str = "ada") -> UserId:
    """An account."""
    user = await store.directory.add_user(
        email=f"{name}@example.org", name=name, is_admin=False, password_hash=None
    )
    return user.id


async def new_projects(store: AnyStore, number: int) -> list[ProjectId]:
    """Empty projects of one owner."""
    owner = await new_user(store)
    return [
        (await store.directory.add_project(f"project {n}", owner=owner, seed=None)).id
        for n in range(number)
    ]


def edit(payload: bytes, user: str | None = "ada", at: int = 1_700_000_000_000) -> NewUpdate:
    """A row by a person."""
    by = Attribution(None if user is None else UserId(user), Means.CLIENT)
    return NewUpdate(payload, by, Millis(at))


def batch(project: ProjectId, *payloads: bytes) -> Batch:
    """Rows for one document."""
    return Batch(project, tuple(edit(payload) for payload in payloads))


def history_of(source: CompactionInput) -> tuple[HistoryRun, ...]:
    """A run for each row: a merge that loses nothing by construction."""
    return tuple(
        HistoryRun(row.seq, row.seq, row.by, row.at, row.at, row.payload) for row in source.updates
    )


def joined(source: CompactionInput) -> bytes:
    """A "checkpoint" that shows which rows it holds."""
    return (source.checkpoint or b"") + b"".join(row.payload for row in source.updates)
