"""Visits are noted when somebody sits down, soon, and not too often."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from server.edge.visits import GATHER_SECONDS, REPEAT_SECONDS, VisitBook, keeping
from server.protocol.errors import StoreUnavailable
from server.protocol.ids import ProjectId, UserId
from server.room.ports import Seat
from server.room.project_ports import Visit
from tests.doubles.clock import ManualClock

pytestmark = pytest.mark.anyio


class Notebook:
    """The one call that a visit book makes."""

    def __init__(self) -> None:
        self.pages: list[list[str]] = []
        self.broken = False

    async def note_visits(self, visits: Sequence[Visit]) -> None:
        if self.broken:
            raise StoreUnavailable("down")
        self.pages.append(sorted(f"{visit.user}@{visit.project}" for visit in visits))


def seat(user: str, project: str = "p") -> Seat:
    return Seat(UserId(user), None, ProjectId(project))


async def test_all_who_came_within_a_second_are_written_at_once() -> None:
    notebook, clock = Notebook(), ManualClock()
    projects: Any = notebook
    async with keeping(VisitBook(projects, clock)) as book:
        for name in ("ada", "bo", "ada"):
            book.note(seat(name))
        await clock.until_asleep()
        assert notebook.pages == []
        await clock.advance(GATHER_SECONDS)
        assert notebook.pages == [["ada@p", "bo@p"]]


async def test_the_same_person_is_noted_once_a_minute_in_each_project() -> None:
    notebook, clock = Notebook(), ManualClock()
    projects: Any = notebook
    book = VisitBook(projects, clock)
    for _ in range(3):
        book.note(seat("ada"))
        book.note(seat("ada", "q"))
        await book.write()
        await clock.advance(REPEAT_SECONDS - 1)
        book.note(seat("ada"))
        await book.write()
        await clock.advance(1)
    assert notebook.pages == [["ada@p", "ada@q"]] * 3


async def test_what_waits_in_the_end_is_written() -> None:
    notebook, clock = Notebook(), ManualClock()
    projects: Any = notebook
    async with keeping(VisitBook(projects, clock)) as book:
        book.note(seat("ada"))
        await asyncio.sleep(0)
    assert notebook.pages == [["ada@p"]]


async def test_a_store_that_is_down_loses_a_visit_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notebook, clock = Notebook(), ManualClock()
    projects: Any = notebook
    async with keeping(VisitBook(projects, clock)) as book:
        notebook.broken = True
        book.note(seat("ada"))
        await clock.until_asleep()
        await clock.advance(GATHER_SECONDS)
        notebook.broken = False
        book.note(seat("bo"))
        await clock.until_asleep()
        await clock.advance(GATHER_SECONDS)
    assert notebook.pages == [["bo@p"]]
    assert "1 visits are not noted" in caplog.text
