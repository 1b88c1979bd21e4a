"""What a server does for every history by itself: snapshots, and old history made small."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.document.replica import Replica
from server.document.schema import seed
from server.protocol.errors import NotFound
from server.protocol.ids import ProjectId, RunId, UserId
from server.room import upkeep
from server.room.history_ports import Occasion
from server.room.ports import NewUpdate
from server.room.upkeep import looking_after
from tests.history.town import ADA, Town, town

pytestmark = pytest.mark.anyio

DAY = 24 * 3600.0


@pytest.fixture
async def here(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(f"sqlite:///{tmp_path}/8gentc.db") as made:
        yield made


async def test_daily_snapshots_are_taken_of_what_has_changed(here: Town) -> None:
    await here.clock.advance(DAY)
    await here.upkeep.round()
    (first,) = await here.store.snapshots.list(here.project)
    assert (first.occasion.value, first.seq) == ("daily", 2)
    await here.clock.advance(DAY)
    await here.upkeep.round()
    assert len(await here.store.snapshots.list(here.project)) == 1
    here.write(ADA, 0, "x")
    await here.commit()
    await here.upkeep.round()
    assert len(await here.store.snapshots.list(here.project)) == 2
    here.keep = 0
    here.write(ADA, 0, "y")
    await here.commit()
    await here.clock.advance(2 * DAY)
    await here.upkeep.round()
    assert len(await here.store.snapshots.list(here.project)) == 2
    state = await here.store.snapshots.state(first.id)
    Replica.load([state]).close()


async def test_before_a_run_the_project_is_kept_unless_it_is_kept_already(here: Town) -> None:
    run, ada = RunId("run-7"), UserId("ada")
    first = await here.historian.before_run(here.project, run, ada)
    assert (first.occasion, first.by) == (Occasion.BEFORE_RUN, ada)
    assert "run-7" in first.note
    assert await here.historian.before_run(here.project, RunId("again"), ada) == first
    here.write(ADA, 0, "x")
    seq = await here.commit()
    second = await here.historian.before_run(here.project, RunId("next"), ada)
    assert (second.seq, second.id != first.id) == (seq, True)
    with pytest.raises(NotFound):
        await here.historian.before_run(ProjectId("none"), run, ada)


async def test_the_first_round_comes_soon_after_the_start(here: Town) -> None:
    await here.clock.advance(DAY)
    async with looking_after(here.upkeep):
        await here.clock.until_asleep()
        await here.clock.advance(upkeep.FIRST_SECONDS)
        await here.clock.until_asleep()  # Until the next round.
    assert len(await here.store.snapshots.list(here.project)) == 1


async def test_more_projects_than_a_batch_are_all_looked_after(
    here: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "BATCH", 2)
    owner = await here.store.directory.user_by_email("owner@x.example")
    seeded = NewUpdate(seed(5, "Plan"), ADA, here.clock.now())
    others = [
        (await here.store.directory.add_project(f"{n}", owner=owner.id, seed=seeded)).id
        for n in range(5)
    ]
    await here.clock.advance(DAY)
    await here.upkeep.round()
    for project in others:
        assert len(await here.store.snapshots.list(project)) == 1
