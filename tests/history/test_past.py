"""Who wrote what, who worked when, how it was: from the log, whatever has become of it."""

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pycrdt
import pytest

from server.document.elements import ElementRef, Kind
from server.protocol.errors import DocumentDamaged, NotFound
from server.protocol.ids import ProjectId, Seq
from server.room.replay import replay
from server.room.upkeep import Rules
from store.history import FLOOR_BYTES
from store.open import open_store
from tests.doubles.clock import ManualClock
from tests.doubles.migrated import migrated
from tests.history.town import ADA, BOB, RUN, Town, town

pytestmark = pytest.mark.anyio

SECTION = ElementRef(Kind.SECTION, "s")
EVERYTHING_IS_OLD = Rules(history_days=0, history_percent=0, project_days=30)
DAY = 24 * 3600.0


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{migrated(tmp_path / '8gentc.db')}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def here(anyio_backend: str, url: str) -> AsyncIterator[Town]:
    async with town(url) as made:
        yield made


async def restart(here: Town, url: str) -> None:
    """The server's end and its next start."""
    await here.store.close()
    here.store = await open_store(url, here.clock)


async def scribble(here: Town, number: int, dice: random.Random) -> None:
    for _ in range(number):
        here.write_somewhere(dice, dice.choice((ADA, BOB, RUN)))
    await here.commit()


async def test_blame_names_two_people_and_the_run_also_after_compaction_and_restart_L4(
    here: Town, url: str
) -> None:
    here.write(ADA, 0, "We grow. ")
    here.write(BOB, 9, "Slowly 😀. ")
    here.write(RUN, 9, "In 日本, says the model. ")
    here.write(ADA, 3, "all ")
    await here.commit()
    assert await here.blame() == here.ledger
    spans = await here.historian.blame(here.project, SECTION)
    assert [(span.text, span.author) for span in spans] == [
        ("We all grow. ", ADA),
        ("In 日本, says the model. ", RUN),
        ("Slowly 😀. ", BOB),
    ]
    await here.compact()
    await restart(here, url)
    assert await here.blame() == here.ledger
    with pytest.raises(NotFound):
        await here.historian.blame(here.project, ElementRef(Kind.SECTION, "none"))


async def test_blame_holds_through_compaction_thinning_and_restart_L4(here: Town, url: str) -> None:
    dice = random.Random(4)
    here.rules = EVERYTHING_IS_OLD
    for _ in range(4):
        await scribble(here, 12, dice)
        await here.compact()
        await here.clock.advance(DAY)
        await here.upkeep.thin(here.project)
        assert await here.blame() == here.ledger
    await scribble(here, 5, dice)
    await restart(here, url)
    assert await here.blame() == here.ledger
    history = await here.store.history.read(here.project)
    assert history.base is not None
    assert history.runs
    assert history.tail
    assert await here.store.fsck(replay=replay) == []


async def test_any_point_of_the_log_can_be_reached_until_it_is_thinned(here: Town) -> None:
    dice = random.Random(5)
    states: dict[Seq, str] = {}
    for _ in range(6):
        here.write_somewhere(dice, dice.choice((ADA, BOB)))
        states[await here.commit()] = "".join(letter for letter, _ in here.ledger)
    for seq, text in states.items():
        assert await body_at(here, seq) == (seq, text)
    await here.compact()
    for seq in states:
        reached, text = await body_at(here, seq)
        assert reached <= seq
        assert reached not in states or states[reached] == text
    newest = max(states)
    assert (await body_at(here, newest)) == (newest, states[newest])
    with pytest.raises(NotFound):
        await here.historian.state(here.project, Seq(newest + 1))
    await scribble(here, 1, dice)
    await here.compact()
    here.rules = EVERYTHING_IS_OLD
    await here.clock.advance(1.0)
    assert await here.upkeep.thin(here.project)
    with pytest.raises(NotFound, match="history reaches from"):
        await here.historian.state(here.project, Seq(2))
    assert (await body_at(here, newest)) == (newest, states[newest])


async def body_at(here: Town, seq: Seq) -> tuple[Seq, str]:
    found = await here.historian.state(here.project, seq)
    view = await here.historian.view(found.state)
    return found.seq, view.sections[0].body


async def test_activity_is_told_in_sittings_by_person_and_run(here: Town) -> None:
    here.write(ADA, 0, "one ")
    here.write(BOB, 0, "two ")
    await here.clock.advance(60.0)
    here.write(ADA, 0, "three ")
    here.write(RUN, 0, "four ")
    last = await here.commit()
    told = await here.historian.activity(here.project)
    assert [(one.by, one.first, one.last) for one in told[:3]] == [
        (RUN, last, last),
        (ADA, last - 3, last - 1),
        (BOB, last - 2, last - 2),
    ]
    await here.clock.advance(3600.0)
    here.write(ADA, 0, "five ")
    await here.commit()
    await here.compact()
    again = await here.historian.activity(here.project)
    assert (again[0].by, again[0].first) == (ADA, last + 1)
    assert again[1:] == told
    with_elements = await here.historian.activity(here.project, elements=True)
    assert with_elements[0].elements == (SECTION,)


async def test_who_worked_when_outlives_thinning(here: Town) -> None:
    dice = random.Random(6)
    await scribble(here, 6, dice)
    await here.compact()
    await here.clock.advance(DAY)
    await scribble(here, 6, dice)
    await here.compact()
    told = await here.historian.activity(here.project)
    here.rules = EVERYTHING_IS_OLD
    await here.clock.advance(DAY)
    assert await here.upkeep.thin(here.project)
    assert await here.historian.activity(here.project) == told


async def test_text_that_came_too_late_is_offered_whatever_becomes_of_the_log_L6(
    here: Town,
) -> None:
    here.write(ADA, 0, "A plan. ")
    await here.commit()
    offline = here.peer(BOB)
    before = offline.get_state()
    offline.get("plan", type=pycrdt.Map)["s"]["body"].insert(0, "Typed in a tunnel. ")
    late = offline.get_update(before)
    del here.doc.get("plan", type=pycrdt.Map)["s"]
    here.note(ADA, here.doc.get_update())
    await here.commit()
    here.note(BOB, late)
    seq = await here.commit()
    for _ in range(3):
        (found,) = await here.historian.recovered(here.project)
        assert (found.text, found.element, found.by) == ("Typed in a tunnel. ", SECTION, BOB)
        assert (found.seq, found.at) == (seq, here.clock.now())
        await here.compact()
        here.note(ADA, fresh(here))
        await here.commit()
        await here.compact()
        here.rules = EVERYTHING_IS_OLD
        await here.upkeep.thin(here.project)


def fresh(here: Town) -> bytes:
    before = here.doc.get_state()
    here.doc.get("meta", type=pycrdt.Map)["touched"] = len(before)
    return here.doc.get_update(before)


async def test_a_small_history_is_left_alone_and_a_large_old_one_is_thinned(here: Town) -> None:
    here.write(ADA, 0, "x" * 10)
    await here.commit()
    await here.compact()
    here.write(ADA, 0, "y" * 10)
    await here.commit()
    await here.compact()
    keep = here.upkeep.retention()
    assert list(await here.store.history.overgrown(keep, ProjectId(""), 10)) == []
    assert not await here.upkeep.thin(here.project)
    dice = random.Random(7)
    noise = "".join(chr(dice.randint(0x4E00, 0x9FFF)) for _ in range(FLOOR_BYTES // 2))
    for _ in range(2):
        here.write(ADA, 0, noise)
        here.write(ADA, len(noise), "", cut=len(noise))
        await here.commit()
        await here.compact()
    assert list(await here.store.history.overgrown(keep, ProjectId(""), 10)) == [here.project]
    await here.upkeep.round()
    assert list(await here.store.history.overgrown(keep, ProjectId(""), 10)) == []
    assert (await here.store.history.read(here.project)).base is not None
    assert await here.blame() == here.ledger


async def test_of_two_processes_that_thin_at_once_one_does_L4(here: Town) -> None:
    dice = random.Random(8)
    here.rules = EVERYTHING_IS_OLD
    for _ in range(3):
        await scribble(here, 3, dice)
        await here.compact()
    await here.clock.advance(1.0)
    old = await here.store.history.read_old(here.project, here.upkeep.retention())
    assert await here.upkeep.thin(here.project)
    base = (await here.store.history.read(here.project)).base
    assert base is not None
    assert not await here.store.history.replace_old(old, base)
    assert await here.store.fsck(replay=replay) == []


async def test_damaged_history_is_named_and_never_served_L2(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/8gentc.db"
    async with town(url, ManualClock()) as here:
        dice = random.Random(9)
        here.rules = EVERYTHING_IS_OLD
        for _ in range(3):
            await scribble(here, 3, dice)
            await here.compact()
        await here.clock.advance(1.0)
        assert await here.upkeep.thin(here.project)
        for column in ("state", "sittings", "recovered", "row_digest"):
            with closing(sqlite3.connect(tmp_path / "8gentc.db", isolation_level=None)) as raw:
                (before,) = raw.execute(f"SELECT {column} FROM history_bases").fetchone()
                changed = before[:-1] + bytes([before[-1] ^ 1])
                raw.execute(f"UPDATE history_bases SET {column} = ?", (changed,))
                with pytest.raises(DocumentDamaged):
                    await here.store.history.read(here.project)
                problems = await here.store.fsck(here.project)
                assert [problem.table for problem in problems] == ["history_bases"]
                raw.execute(f"UPDATE history_bases SET {column} = ?", (before,))
        assert await here.store.fsck(here.project) == []
