"""Real servers on a real disk, on either database, and genuine clients."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.server import Server
from tests.interop.clients import Clients

ROUNDS = int(os.environ.get("ROUNDS", "2"))
"""How often the random tests are repeated; the long runs set it."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server on SQLite, in a folder of its own."""
    with Server(tmp_path) as running:
        yield running


@pytest.fixture
def clients() -> Iterator[Clients]:
    """A Node process for y-websocket clients."""
    with Clients() as process:
        yield process
