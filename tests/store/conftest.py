"""Databases for the tests of the store."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from store.open import Store, open_store
from tests.contracts.backends import Backend, Closing, MemoryBackend, PostgresBackend, SqliteBackend
from tests.doubles.clock import ManualClock
from tests.doubles.migrated import migrated
from tests.doubles.postgres import PostgresServer, postgres_server

KINDS = ["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole session."""
    with postgres_server() as server:
        yield server


@pytest.fixture
async def postgres_url(anyio_backend: str, postgres: PostgresServer) -> AsyncIterator[str]:
    """An empty database."""
    async with database_on(postgres) as url:
        yield url


@asynccontextmanager
async def database_on(server: PostgresServer) -> AsyncIterator[str]:
    """An empty database for a while."""
    url = await server.create_database()
    yield url
    await server.drop_database(url)


@pytest.fixture
async def sqlite(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Closing]:
    """A database file."""
    closing = Closing(SqliteBackend(tmp_path / "8gentc.db"))
    yield closing
    await closing.close()


@pytest.fixture(params=KINDS[1:])
async def sql_backend(
    anyio_backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Closing]:
    """Each database in turn, for ports that have no double."""
    async with AsyncExitStack() as ending:
        closing = Closing(await _sql_backend(request, tmp_path, ending))
        ending.push_async_callback(closing.close)
        yield closing


async def _sql_backend(
    request: pytest.FixtureRequest, tmp_path: Path, ending: AsyncExitStack
) -> Backend:
    if request.param == "sqlite":
        return SqliteBackend(tmp_path / "8gentc.db")
    server = request.getfixturevalue("postgres")
    return PostgresBackend(await ending.enter_async_context(database_on(server)))


@pytest.fixture(params=KINDS)
async def backend(
    anyio_backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Closing]:
    """Each kind of store in turn."""
    async with AsyncExitStack() as ending:
        if request.param == "memory":
            closing = Closing(MemoryBackend())
        else:
            closing = Closing(await _sql_backend(request, tmp_path, ending))
        ending.push_async_callback(closing.close)
        yield closing


@pytest.fixture(params=KINDS[1:])
async def store(
    anyio_backend: str, request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncIterator[Store]:
    """A store on each kind of database in turn."""
    async with AsyncExitStack() as ending:
        url = f"sqlite:///{migrated(tmp_path / '8gentc.db')}"
        if request.param == "postgres":
            server = request.getfixturevalue("postgres")
            url = await ending.enter_async_context(database_on(server))
        store = await open_store(url, ManualClock())
        ending.push_async_callback(store.close)
        yield store
