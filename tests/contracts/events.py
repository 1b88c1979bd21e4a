"""What every ``EventLog`` keeps: numbers without gap, news for everybody, the newest stay."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from server.protocol.errors import Invalid, NotFound
from server.protocol.ids import ProjectId, UserId
from server.room.event_ports import KEPT, MAX_DATA_BYTES, Event, EventKind, NewEvent
from tests.contracts.backends import Backend, new_projects
from tests.contracts.change_feed import settled

SNAPSHOT: Mapping[str, str | int | None] = {"snapshot": "s", "seq": 7, "name": None}


def restored(project: ProjectId) -> NewEvent:
    """Some event."""
    return NewEvent(project, EventKind.RESTORED, UserId("ada"), SNAPSHOT)


class EventLogContract:
    """Run by a class that has a ``backend`` fixture."""

    async def test_events_are_read_on_from_any_number(self, backend: Backend) -> None:
        mine, theirs = await backend.open(), await backend.open()
        one, other = await new_projects(mine, 2)
        assert await mine.events.newest([one, other, ProjectId("none")]) == {one: 0, other: 0}
        assert [await mine.events.note(restored(one)) for _ in range(3)] == [1, 2, 3]
        assert await theirs.events.note(replace(restored(one), by=None)) == 4
        assert await mine.events.note(restored(other)) == 1
        expected = Event(1, backend.clock.now(), EventKind.RESTORED, UserId("ada"), SNAPSHOT)
        assert list(await theirs.events.after(one, 0, 1)) == [expected]
        assert [one.number for one in await mine.events.after(one, 1, 10)] == [2, 3, 4]
        assert (await mine.events.after(one, 3, 10))[0].by is None
        assert list(await mine.events.after(one, 4, 10)) == []
        assert await mine.events.newest([one, other]) == {one: 4, other: 1}

    async def test_an_event_is_news_for_every_process_and_for_its_own(
        self, backend: Backend
    ) -> None:
        mine = await backend.open()
        [project] = await new_projects(mine, 1)
        await settled(backend, mine)
        theirs = await backend.open()
        await mine.events.note(restored(project))
        for store in (mine, theirs):
            while not (await backend.heard(store)).events:
                pass

    async def test_a_project_that_is_gone_has_no_events(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        await store.events.note(restored(project))
        await store.directory.delete_project(project)
        for gone in (project, ProjectId("none")):
            with pytest.raises(NotFound):
                await store.events.note(restored(gone))
            with pytest.raises(NotFound):
                await store.events.after(gone, 0, 1)
            assert await store.events.newest([gone]) == {}

    async def test_an_event_is_a_hint_and_not_a_document(self, backend: Backend) -> None:
        store = await backend.open()
        [project] = await new_projects(store, 1)
        long = replace(restored(project), data={"text": "x" * MAX_DATA_BYTES})
        with pytest.raises(Invalid):
            await store.events.note(long)
        assert await store.events.newest([project]) == {project: 0}

    async def test_only_the_newest_stay(
        self, backend: Backend, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in ("store.events", "tests.doubles.memory_events"):
            monkeypatch.setattr(f"{module}.KEPT", 3)
        store = await backend.open()
        [project] = await new_projects(store, 1)
        for _ in range(5):
            await store.events.note(restored(project))
        assert [one.number for one in await store.events.after(project, 0, 10)] == [3, 4, 5]
        assert KEPT > 3
