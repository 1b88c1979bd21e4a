"""A PostgreSQL for the tests of history."""

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.doubles.postgres import PostgresServer, postgres_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole session."""
    with postgres_server() as server:
        yield server


@pytest.fixture
async def postgres_url(anyio_backend: str, postgres: PostgresServer) -> AsyncIterator[str]:
    """An empty database."""
    url = await postgres.create_database()
    yield url
    await postgres.drop_database(url)
