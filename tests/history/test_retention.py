"""Deleted projects are kept as long as they can be brought back, and no longer."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.protocol.errors import NotFound
from tests.contracts.backends import new_user
from tests.doubles.migrated import migrated
from tests.history.town import Town, town

pytestmark = pytest.mark.anyio

DAY = 24 * 3600.0


@pytest.fixture
async def here(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(f"sqlite:///{migrated(tmp_path / '8gentc.db')}") as made:
        yield made


async def test_what_was_deleted_long_ago_is_purged_by_the_clock(here: Town) -> None:
    owner = await new_user(here.store)
    other = (await here.store.directory.add_project("Other", owner=owner, seed=None)).id
    await here.store.directory.delete_project(here.project)
    await here.clock.advance(DAY)
    await here.store.directory.delete_project(other)
    kept = here.rules.project_days * DAY
    await here.clock.advance(kept - DAY - 0.001)
    await here.upkeep.round()
    assert (await here.store.projects.file(here.project)).deleted_at is not None
    await here.clock.advance(0.001)
    await here.upkeep.round()
    with pytest.raises(NotFound):
        await here.store.projects.file(here.project)
    assert (await here.store.projects.file(other)).deleted_at is not None
    await here.upkeep.purge(here.project)  # As a process does that comes late.
    assert await here.store.fsck() == []
