"""Every kind of store keeps the contracts of the room's ports."""

import pytest

from tests.contracts.change_feed import ChangeFeedContract
from tests.contracts.compaction_log import CompactionLogContract
from tests.contracts.directory import DirectoryContract
from tests.contracts.update_log import UpdateLogContract

pytestmark = pytest.mark.anyio


class TestUpdateLog(UpdateLogContract):
    """In memory, SQLite, PostgreSQL."""


class TestCompactionLog(CompactionLogContract):
    """In memory, SQLite, PostgreSQL."""


class TestDirectory(DirectoryContract):
    """In memory, SQLite, PostgreSQL."""


class TestChangeFeed(ChangeFeedContract):
    """In memory, SQLite, PostgreSQL."""
