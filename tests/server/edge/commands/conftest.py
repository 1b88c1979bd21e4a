"""Commands run on a store in memory."""

import pytest

from tests.server.edge.commands.desk import Desk


@pytest.fixture
def desk() -> Desk:
    """An empty store, and a command line on it."""
    return Desk()
