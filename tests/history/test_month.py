"""A month of work on one project: what is stored stays small, and nobody's work is forgotten (L4).

Small in the suite; ``make month`` runs it at the size of a busy team.
"""

import os
import random
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from server.protocol.ids import UserId
from server.room.historian import SnapshotRequest
from server.room.history_ports import Occasion
from server.room.ports import Attribution, Means
from server.room.replay import replay
from store import tables as t
from store.appending import TAIL_BYTES_DUE
from store.open import open_store
from tests.history.town import ADA, BOB, RUN, Town, town

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

DAYS = 30
SENTENCES = int(os.environ.get("SENTENCES", "40"))
"""Written a day, each somewhere in the text; three in ten also replace what was there."""

CAFÉ = Attribution(UserId("renée"), Means.REST)
HOUR = 3600.0
ROW = 120
"""Bytes that a row takes beside its payload, generously: names, times, digests."""

TIMES = 3
"""What is stored may be so many times the live state, and the log that is not compacted yet."""


def stored(conn: Connection) -> dict[str, int]:
    """What each table holds of the one project, named snapshots left out."""
    named = select(t.snapshots.c.state_digest).where(t.snapshots.c.occasion == "named")
    automatic = t.snapshot_states.c.state_digest.not_in(named)
    tables = {
        "updates": select(t.updates.c.payload),
        "checkpoints": select(t.checkpoints.c.payload),
        "history": select(t.history_chunks.c.payload),
        "bases": select(t.history_bases.c.state),
        "sittings": select(t.history_bases.c.sittings),
        "recovered": select(t.history_bases.c.recovered),
        "snapshots": select(t.snapshot_states.c.payload).where(automatic),
    }
    return {
        name: sum(len(payload) + ROW for payload in conn.execute(query).scalars())
        for name, query in tables.items()
    }


def write_sentence(here: Town, dice: random.Random) -> None:
    """By anybody, anywhere, of words that are used as often as words are."""
    words = [word_of(int(dice.paretovariate(0.6))) for _ in range(dice.randint(4, 14))]
    sentence = " ".join(words).capitalize() + dice.choice((". ", ". ", "! ", " 😀 ", "。", ".\n"))
    at = dice.randint(0, len(here.ledger))
    cut = min(at, dice.randint(1, 2 * len(sentence))) if dice.random() < 0.3 else 0
    here.write(dice.choice((ADA, BOB, RUN, CAFÉ)), at, sentence, cut)


def word_of(rank: int) -> str:
    """The word of this rank: rare ones are longer."""
    dice = random.Random(rank % 20_000)
    syllables = 1 + min(3, len(str(rank)) // 2 + dice.randint(0, 1))
    return "".join(dice.choice("bdfgklmnprst") + dice.choice("aeiou") for _ in range(syllables))


async def a_day(here: Town, dice: random.Random) -> None:
    """Eight hours of work, compacted and looked after as in a server."""
    for _ in range(8):
        for _ in range(SENTENCES // 8):
            write_sentence(here, dice)
        await here.commit()
        for project in await here.store.compaction.candidates(16):
            assert project == here.project
            await here.compact()
        await here.upkeep.round()
        await here.clock.advance(HOUR)
    await here.clock.advance(16 * HOUR)


async def test_after_a_month_storage_is_bounded_and_every_character_has_its_author__L4(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path}/8gentc.db"
    dice = random.Random(30)
    async with town(url) as here:
        for day in range(DAYS):
            await a_day(here, dice)
            if day % 7 == 6:
                request = SnapshotRequest(Occasion.NAMED, ADA.user, f"Week {day // 7}")
                await here.historian.take(here.project, request)
                await here.store.close()
                here.store = await open_store(url, here.clock)
        sizes = await here.store.db.read(stored)
        live = len(await here.historian.now(here.project))
        print(f"live state {live}, stored {sum(sizes.values())} {sizes}")
        assert sum(sizes.values()) <= TIMES * live + TAIL_BYTES_DUE
        assert await here.blame() == here.ledger
        snapshots = await here.store.snapshots.list(here.project)
        assert sum(one.occasion is Occasion.NAMED for one in snapshots) == 4
        assert sum(one.occasion is Occasion.DAILY for one in snapshots) == here.keep
        told = await here.historian.activity(here.project)
        assert {one.by for one in told} >= {ADA, BOB, RUN, CAFÉ}
        assert len({one.started_at // (24 * 3600 * 1000) for one in told}) >= DAYS
        assert await here.store.fsck(replay=replay) == []
