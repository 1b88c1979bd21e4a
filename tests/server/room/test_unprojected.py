"""When a document is due, and who is told that it is projected."""

import asyncio

import pytest

from server.protocol.errors import AgentcError, DocumentDamaged, NotFound, StoreBusy
from server.protocol.ids import ProjectId, Seq
from server.room.unprojected import FIRST_PAUSE, LONGEST_PAUSE, Unprojected
from tests.doubles.clock import ManualClock, settle

pytestmark = pytest.mark.anyio

ONE, TWO = ProjectId("one"), ProjectId("two")


async def test_a_document_is_due_one_second_after_its_last_edit() -> None:
    clock = ManualClock()
    listed = Unprojected(clock)
    listed.note(ONE)
    await clock.advance(0.9)
    listed.note(ONE)
    await clock.advance(0.9)
    assert listed.due() == []
    await clock.advance(0.1)
    assert listed.due() == [ONE]


async def test_a_document_that_is_never_quiet_is_due_five_seconds_after_its_first_edit() -> None:
    clock = ManualClock()
    listed = Unprojected(clock)
    for _ in range(9):
        listed.note(ONE)
        assert listed.due() == []
        await clock.advance(0.5)
    listed.note(ONE)
    assert listed.due() == []
    await clock.advance(0.5)
    assert listed.due() == [ONE]


async def test_an_edit_during_the_projection_makes_a_document_due_again() -> None:
    clock = ManualClock()
    listed = Unprojected(clock)
    listed.note(ONE)
    await clock.advance(1)
    listed.begun(ONE)
    listed.note(ONE)
    listed.reached(ONE, Seq(1))
    await clock.advance(1)
    assert listed.due() == [ONE]


async def test_the_lag_is_the_age_of_the_oldest_edit_until_it_is_projected() -> None:
    clock = ManualClock()
    listed = Unprojected(clock)
    assert listed.oldest() == 0
    listed.note(ONE)
    await clock.advance(1)
    listed.note(TWO)
    listed.note(ONE)
    await clock.advance(1)
    assert listed.oldest() == 2
    listed.begun(ONE)
    assert listed.oldest() == 2
    listed.again(ONE)
    assert listed.oldest() == 2
    listed.begun(ONE)
    listed.reached(ONE, Seq(1))
    assert listed.oldest() == 1
    listed.begun(TWO)
    listed.forget(TWO, NotFound("gone"))
    assert listed.oldest() == 0


async def test_a_document_that_fails_is_left_alone_longer_each_time() -> None:
    clock = ManualClock()
    listed = Unprojected(clock)
    listed.note(ONE)
    pause = FIRST_PAUSE
    for _ in range(8):
        listed.begun(ONE)
        listed.failed(ONE, DocumentDamaged("told to"))
        await clock.advance(pause - 0.1)
        assert listed.due() == []
        await clock.advance(0.1)
        assert listed.due() == [ONE]
        pause = min(2 * pause, LONGEST_PAUSE)
    listed.reached(ONE, Seq(1))
    listed.note(ONE)
    await clock.advance(1)
    assert listed.due() == [ONE]


async def test_whoever_waits_makes_a_document_due_and_is_told_of_their_seq() -> None:
    clock = ManualClock()
    listed = Unprojected(clock)
    early = asyncio.create_task(listed.projected(ONE, Seq(1)))
    late = asyncio.create_task(listed.projected(ONE, Seq(2)))
    await settle()
    assert listed.due() == [ONE]
    listed.begun(ONE)
    listed.reached(ONE, Seq(1))
    await early
    assert not late.done()
    assert listed.due() == [ONE]
    listed.reached(ONE, Seq(3))
    await late
    assert clock.sleepers == []


@pytest.mark.parametrize("error", [NotFound("gone"), DocumentDamaged("told to")])
async def test_whoever_waits_is_told_why_it_will_not_be(error: AgentcError) -> None:
    listed = Unprojected(ManualClock())
    waiting = asyncio.create_task(listed.projected(ONE, Seq(1)))
    await settle()
    if isinstance(error, NotFound):
        listed.forget(ONE, error)
    else:
        listed.failed(ONE, error)
    with pytest.raises(type(error)):
        await waiting


async def test_nobody_waits_for_ever_and_a_waiter_that_left_is_forgotten() -> None:
    clock = ManualClock()
    listed = Unprojected(clock)
    waiting = asyncio.create_task(listed.projected(ONE, Seq(1), patience=3))
    await settle()
    await clock.advance(3)
    with pytest.raises(StoreBusy):
        await waiting
    listed.begun(ONE)
    listed.again(ONE)
    assert listed.due() == [], "nobody is in a hurry any more"
