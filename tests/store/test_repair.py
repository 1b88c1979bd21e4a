"""What the rest of a document's rows tells is mended; what nothing else holds is not (L3, L4)."""

import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from server.protocol.ids import Seq
from server.room.history_ports import NewSnapshot, Occasion
from server.room.replay import replay
from server.room.upkeep import Rules
from tests.doubles.migrated import migrated
from tests.history.town import ADA, BOB, Town, town

pytestmark = pytest.mark.anyio


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "8gentc.db"


@pytest.fixture
async def here(anyio_backend: str, path: Path) -> AsyncIterator[Town]:
    async with town(f"sqlite:///{migrated(path)}") as made:
        dice = random.Random(3)
        for _ in range(3):
            for _ in range(5):
                made.write_somewhere(dice, dice.choice((ADA, BOB)))
            await made.commit()
            await made.compact()
        made.write(ADA, 0, "tail ")
        await made.commit()
        new = NewSnapshot(made.project, Seq(1), b"state", Occasion.NAMED, None, "x")
        await made.store.snapshots.add(new, keep=1)
        yield made


def tamper(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA ignore_check_constraints = ON")
        raw.execute(statement)


async def problems(here: Town) -> list[str]:
    return [found.table for found in await here.store.fsck(here.project, replay)]


async def body(here: Town) -> str:
    view = await here.historian.view(await here.historian.now(here.project))
    return view.sections[0].body


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE checkpoints SET payload = x'00' WHERE seq = (SELECT max(seq) FROM checkpoints)",
         "made the checkpoints"),
        ("DELETE FROM checkpoints WHERE seq = (SELECT max(seq) FROM checkpoints)",
         "made the checkpoints"),
        ("DELETE FROM checkpoints", "made the checkpoints"),
        ("UPDATE checkpoints SET created_at = created_at + 1", "made the checkpoints"),
        ("UPDATE documents SET tail_rows = 99", "tail_rows is 99, counted 1"),
        ("UPDATE documents SET tail_bytes = 1, checkpoint_bytes = 5", "tail_bytes"),
        ("UPDATE documents SET is_open = 0", "is_open"),
        ("DELETE FROM snapshots", "let go of 1 states"),
    ],
)  # fmt: skip
async def test_what_can_be_derived_is_mended_and_told_L4(
    here: Town, path: Path, statement: str, told: str
) -> None:
    expected = "".join(letter for letter, _ in here.ledger)
    tamper(path, statement)
    assert await problems(here)
    deeds = await here.store.repair(here.project)
    assert any(told in deed for deed in deeds)
    assert await problems(here) == []
    assert await body(here) == expected
    assert await here.store.repair(None) == []


async def test_checkpoints_of_a_thinned_history_are_made_from_its_base(
    here: Town, path: Path
) -> None:
    here.rules = Rules(history_days=0, history_percent=0, project_days=30)
    await here.clock.advance(1.0)
    assert await here.upkeep.thin(here.project)
    tamper(path, "DELETE FROM checkpoints")
    assert await problems(here)
    await here.store.repair(here.project)
    assert await problems(here) == []
    assert await body(here) == "".join(letter for letter, _ in here.ledger)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE updates SET payload = x'0000'",
        "DELETE FROM updates",
        "UPDATE history_chunks SET payload = x'00' WHERE first_seq = 1",
        "DELETE FROM history_chunks WHERE first_seq = 1",
        "UPDATE snapshots SET name = 'other'",
        "UPDATE documents SET head = head + 1",
    ],
)
async def test_what_nothing_else_holds_is_named_and_left_alone_L3(
    here: Town, path: Path, statement: str
) -> None:
    tamper(path, statement)
    before = await here.store.fsck(here.project)
    assert before
    with closing(sqlite3.connect(path)) as raw:
        rows = list(raw.iterdump())
    assert await here.store.repair(here.project) == []
    assert await here.store.fsck(here.project) == before
    with closing(sqlite3.connect(path)) as raw:
        assert list(raw.iterdump()) == rows
