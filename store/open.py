"""Open a store: from a database URL to everything that the rest of the house uses.

What does not live here: settings (the edge), and which parts a command starts.
"""

from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from server.protocol.errors import Invalid, StoreUnavailable
from server.protocol.ids import ProjectId
from server.room.account_ports import AccountPorts
from server.room.ports import Clock
from server.room.replay import rebuilt
from store import backup, fsck, repair
from store.accounts import SqlAccounts
from store.compaction import SqlCompactionLog
from store.database import Database
from store.directory import SqlDirectory
from store.events import SqlEventLog
from store.feed import PostgresFeed, SqliteFeed
from store.fsck_document import Problem
from store.history import SqlHistoryLog
from store.identities import SqlIdentities
from store.kept_answers import SqlKeptAnswers
from store.links import SqlLinks
from store.log import SqlUpdateLog
from store.postgres import PostgresDatabase
from store.project_book import SqlInvitations, SqlProjects
from store.projection import SqlProjection
from store.projection_reading import SqlProjectionReader
from store.retrieval import SqlRetrieval
from store.runs import SqlRuns
from store.schema import upgrade
from store.search import SqlSearch
from store.second_factors import SqlSecondFactors
from store.snapshots import SqlSnapshots
from store.sqlite import SqliteDatabase, SqliteOptions
from store.throttles import SqlThrottle
from store.transfers import SqlTransfers
from store.users import SqlUsers


@dataclass(frozen=True, slots=True)
class Store:
    """The ports of one database, for one process. Ends with ``close``."""

    db: Database
    clock: Clock
    log: SqlUpdateLog
    compaction: SqlCompactionLog
    history: SqlHistoryLog
    snapshots: SqlSnapshots
    directory: SqlDirectory
    feed: SqliteFeed | PostgresFeed
    projection: SqlProjection
    reader: SqlProjectionReader
    search: SqlSearch
    projects: SqlProjects
    invitations: SqlInvitations
    answers: SqlKeptAnswers
    runs: SqlRuns
    retrieval: SqlRetrieval
    events: SqlEventLog
    transfers: SqlTransfers
    people: AccountPorts

    async def fsck(
        self, project: ProjectId | None = None, replay: fsck.Replay | None = None
    ) -> list[Problem]:
        """Everything that is wrong with one document's rows, or with all of them."""
        return await fsck.verify(self.db, project, replay)

    async def repair(
        self, project: ProjectId | None, rebuild: repair.Rebuild = rebuilt
    ) -> list[str]:
        """Mend what follows from the rest; what was done, in words."""
        return await repair.repair(self.db, self.clock, project, rebuild)

    async def write_backup(self, file: Path) -> int:
        """Everything in one file; its size in bytes."""
        return await backup.write_backup(self.db, file)

    async def read_backup(self, file: Path) -> None:
        """Everything of a file, into this empty database."""
        await backup.read_backup(self.db, file)

    async def close(self) -> None:
        """Let writes in flight land, then give up every connection."""
        await self.feed.close()
        await self.db.close()


async def open_store(url: str, clock: Clock, *, sqlite: SqliteOptions | None = None) -> Store:
    """Connect, check durability, bring the schema up to date.

    ``url`` is ``sqlite:///path``, ``sqlite+aiosqlite:///path``, ``postgresql://...`` or
    ``postgresql+asyncpg://...``. Raises ``Invalid`` for any other, ``StoreUnavailable``
    for a database that cannot be relied upon.
    """
    parsed = _parsed(url)
    match parsed.drivername, parsed.database:
        case "sqlite" | "sqlite+aiosqlite", str() as path if path and not path.startswith(":"):
            return await _open_sqlite(path, clock, sqlite or SqliteOptions())
        case "postgresql" | "postgresql+asyncpg", _:
            dsn = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
            return await _open_postgres(dsn, clock)
        case _:
            raise Invalid(
                "expected a database URL like sqlite:///./data/8gentc.db"
                " or postgresql://user@host/name"
            )


def _parsed(url: str) -> URL:
    # The parser's own message repeats the URL, which may hold a password (L11).
    with suppress(ArgumentError, ValueError):
        return make_url(url)
    raise Invalid("the database URL does not parse")


async def _open_sqlite(path: str, clock: Clock, options: SqliteOptions) -> Store:
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(f"no directory for the database: {error}") from error
    db = SqliteDatabase(path, clock, options)
    async with AsyncExitStack() as unless_opened:
        unless_opened.push_async_callback(db.close)
        await upgrade(db)
        store = _store(db, clock, await SqliteFeed.open(db, clock))
        unless_opened.pop_all()
    return store


async def _open_postgres(dsn: str, clock: Clock) -> Store:
    # Names this process among the senders of notifications.
    sender = uuid4().hex
    db = PostgresDatabase(dsn, clock, sender)
    async with AsyncExitStack() as unless_opened:
        unless_opened.push_async_callback(db.close)
        await upgrade(db)
        store = _store(db, clock, await PostgresFeed.open(dsn, clock, sender))
        unless_opened.pop_all()
    return store


def _store(db: Database, clock: Clock, feed: SqliteFeed | PostgresFeed) -> Store:
    return Store(
        db=db,
        clock=clock,
        log=SqlUpdateLog(db, clock),
        compaction=SqlCompactionLog(db, clock),
        history=SqlHistoryLog(db, clock),
        snapshots=SqlSnapshots(db, clock),
        directory=SqlDirectory(db, clock),
        feed=feed,
        projection=SqlProjection(db, clock),
        reader=SqlProjectionReader(db),
        search=SqlSearch(db),
        projects=SqlProjects(db, clock),
        invitations=SqlInvitations(db, clock),
        answers=SqlKeptAnswers(db),
        runs=SqlRuns(db, clock),
        retrieval=SqlRetrieval(db),
        events=SqlEventLog(db, clock),
        transfers=SqlTransfers(db, clock),
        people=_people(db, clock),
    )


def _people(db: Database, clock: Clock) -> AccountPorts:
    return AccountPorts(
        accounts=SqlAccounts(db, clock),
        links=SqlLinks(db, clock),
        second_factors=SqlSecondFactors(db),
        identities=SqlIdentities(db, clock),
        throttle=SqlThrottle(db, clock),
        users=SqlUsers(db, clock),
    )
