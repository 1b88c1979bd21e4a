"""Real servers on a real disk, on either database, and genuine clients."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.postgres import PostgresServer, postgres_server
from tests.e2e.server import Server
from tests.interop.clients import Clients

ROUNDS = int(os.environ.get("ROUNDS", "2"))
"""How often the random tests are repeated; the long runs set it."""


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server in a folder of its own: on SQLite, or on each ``database`` for tests that
    use that too."""
    asked = "database" in request.fixturenames
    url = request.getfixturevalue("database") if asked else None
    with Server(tmp_path, url) as running:
        yield running


@pytest.fixture
def clients() -> Iterator[Clients]:
    """A Node process for y-websocket clients."""
    with Clients() as process:
        yield process


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for the whole session."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """An empty database."""
    url = asyncio.run(postgres.create_database())
    yield url
    asyncio.run(postgres.drop_database(url))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """The URL of an empty database; None for SQLite in the server's folder."""
    if request.param == "sqlite":
        yield None
    else:
        yield request.getfixturevalue("postgres_url")
