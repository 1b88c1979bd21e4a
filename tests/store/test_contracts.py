"""Every kind of store keeps the contracts of the room's ports."""

import pytest

from tests.contracts.change_feed import ChangeFeedContract
from tests.contracts.compaction_log import CompactionLogContract
from tests.contracts.directory import DirectoryContract
from tests.contracts.events import EventLogContract
from tests.contracts.projection import ProjectionContract
from tests.contracts.projection_reading import ProjectionReaderContract
from tests.contracts.retrieval import RetrievalContract
from tests.contracts.runs import RunsContract
from tests.contracts.search import SearchContract
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


class TestEventLog(EventLogContract):
    """In memory, SQLite, PostgreSQL."""


class TestProjection(ProjectionContract):
    """In memory, SQLite, PostgreSQL."""


class TestProjectionReader(ProjectionReaderContract):
    """SQLite, PostgreSQL."""


class TestSearch(SearchContract):
    """SQLite, PostgreSQL."""


class TestRuns(RunsContract):
    """In memory, SQLite, PostgreSQL."""


class TestRetrieval(RetrievalContract):
    """In memory, SQLite, PostgreSQL."""
