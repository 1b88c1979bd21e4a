"""A project carried from one database to another in a file: all that was known is known there."""

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pycrdt
import pytest
from sqlalchemy import Connection, insert

from server.edge import history_file
from server.protocol.errors import NotFound, PeerError
from server.protocol.ids import ProjectId, Seq, SnapshotId, UserId
from server.room.historian import Historian, SnapshotRequest
from server.room.history_ports import Occasion
from server.room.ports import Attribution, Means, Project
from server.room.replay import replay
from server.room.transfer import checked, checked_states
from server.room.transfer_ports import CheckedProject
from server.room.upkeep import Rules
from server.room.worker import Here
from store import tables as t
from store.history import named_authors
from store.open import Store, open_store
from tests.doubles.clock import ManualClock
from tests.history.test_past import SECTION, body_at, fresh, scribble
from tests.history.town import ADA, BOB, Town, town

pytestmark = pytest.mark.anyio

LIMIT = 1 << 20
DAY = 24 * 3600.0
THINNED = Rules(history_days=0, history_percent=0, project_days=30)


@pytest.fixture(
    params=["sqlite", pytest.param("postgres", marks=[pytest.mark.postgres, pytest.mark.slow])]
)
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/there.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
async def there(anyio_backend: str, other_url: str) -> AsyncIterator[Store]:
    """Another database, with somebody in it."""
    store = await open_store(other_url, ManualClock())
    await store.directory.add_user(
        email="new@x.example", name="New owner", is_admin=False, password_hash=None
    )
    yield store
    await store.close()


@pytest.fixture
async def here(anyio_backend: str, tmp_path: Path) -> AsyncIterator[Town]:
    async with town(f"sqlite:///{tmp_path}/here.db") as made:
        yield made


async def lived(here: Town, *, until: str) -> None:
    """A project with a past: young, compacted, or thinned, and then written to again."""
    dice = random.Random(3)
    await scribble(here, 8, dice)
    await here.historian.take(here.project, SnapshotRequest(Occasion.NAMED, ADA.user, "Zuerst 😀"))
    if until != "young":
        for _ in range(3):
            await here.compact()
            await here.clock.advance(DAY)
            await scribble(here, 6, dice)
        await typed_too_late(here)
    if until == "thinned":
        here.rules = THINNED
        assert await here.upkeep.thin(here.project)
        await scribble(here, 3, dice)
    await here.historian.take(here.project, SnapshotRequest(Occasion.DAILY, None))


async def typed_too_late(here: Town) -> None:
    """Text for an element that was deleted meanwhile, put away like the rest."""
    plan = here.doc.get("plan", type=pycrdt.Map)
    before = here.doc.get_state()
    plan["gone"] = pycrdt.Map({"title": "x", "rank": "b", "body": pycrdt.Text("")})
    here.note(ADA, here.doc.get_update(before))
    offline = here.peer(BOB)
    known = offline.get_state()
    offline.get("plan", type=pycrdt.Map)["gone"]["body"].insert(0, "Typed in a tunnel. ")
    late = offline.get_update(known)
    before = here.doc.get_state()
    del plan["gone"]
    here.note(ADA, here.doc.get_update(before))
    await here.commit()
    here.note(BOB, late)
    await here.commit()
    await here.compact()
    here.note(ADA, fresh(here))
    await here.commit()
    await here.compact()


async def carry(here: Town, file: Path) -> None:
    carried = await here.store.transfers.carry(here.project)
    history_file.write(file, carried, await here.historian.now(here.project))


async def bring(there: Store, file: Path) -> Project:
    owner = await there.directory.user_by_email("new@x.example")
    with history_file.reading(file, LIMIT) as (carried, state):
        project = checked(carried, state, LIMIT)
        believed = replace(project.carried, states=checked_states(carried.states, LIMIT))
        return await there.transfers.bring(
            CheckedProject(believed, project.checkpoints), owner=owner.id
        )


def historian_of(store: Store) -> Historian:
    return Historian(store.log, store.history, store.snapshots, Here(), 2)


@pytest.mark.parametrize("until", ["young", "compacted", "thinned"])
async def test_document_time_travel_blame_and_activity_are_equal_and_verify_L3_L4(
    here: Town, there: Store, tmp_path: Path, until: str
) -> None:
    await lived(here, until=until)
    await carry(here, tmp_path / "file")
    made = await bring(there, tmp_path / "file")
    assert await there.fsck(replay=replay) == []
    one, other = here.historian, historian_of(there)
    history = await there.history.read(made.id)
    ours = await here.store.history.read(here.project)
    assert (history.base, history.runs, history.tail) == (ours.base, ours.runs, ours.tail)
    assert made.head == history.head == ours.head
    assert await other.now(made.id) == await one.now(here.project)
    start = 0 if ours.base is None else ours.base.seq
    for seq in range(start, ours.head + 1):
        state = await one.state(here.project, Seq(seq))
        assert await other.state(made.id, Seq(seq)) == state
    assert await other.blame(made.id, SECTION) == await one.blame(here.project, SECTION)
    for elements in (False, True):
        told = await one.activity(here.project, elements=elements)
        assert await other.activity(made.id, elements=elements) == told
    assert await other.recovered(made.id) == await one.recovered(here.project)
    assert (until == "young") is not bool(await other.recovered(made.id))
    assert await kept(there, made.id) == await kept(here.store, here.project)


async def kept(store: Store, project: ProjectId) -> list[object]:
    """All that is known of snapshots but their ids."""
    return [
        (
            replace(one, id=SnapshotId(""), project=ProjectId("")),
            await store.snapshots.state(one.id),
        )
        for one in await store.snapshots.list(project)
    ]


async def test_what_was_brought_in_goes_on_like_any_other_L4(
    here: Town, there: Store, tmp_path: Path
) -> None:
    await lived(here, until="thinned")
    await carry(here, tmp_path / "file")
    made = await bring(there, tmp_path / "file")
    here.store, here.project, stayed = there, made.id, here.store
    dice = random.Random(5)
    for _ in range(2):
        await scribble(here, 4, dice)
        await here.compact()
    assert await here.blame() == here.ledger
    await here.clock.advance(1.0)
    assert await here.upkeep.thin(made.id)
    assert await here.blame() == here.ledger
    assert await there.fsck(replay=replay) == []
    assert (await body_at(here, Seq((await there.history.read(made.id)).head)))[1] == "".join(
        letter for letter, _ in here.ledger
    )
    here.store = stayed


async def test_a_file_carried_twice_is_the_same_file_and_both_ways_equal(
    here: Town, there: Store, tmp_path: Path
) -> None:
    await lived(here, until="compacted")
    await carry(here, tmp_path / "file")
    await carry(here, tmp_path / "again")
    assert (tmp_path / "file").read_bytes() == (tmp_path / "again").read_bytes()
    made = await bring(there, tmp_path / "file")
    state = await historian_of(there).now(made.id)
    history_file.write(tmp_path / "back", await there.transfers.carry(made.id), state)
    assert (tmp_path / "back").read_bytes() == (tmp_path / "file").read_bytes()


async def test_authors_are_called_as_their_file_says_unless_they_are_known_here_L11(
    here: Town, there: Store, tmp_path: Path
) -> None:
    known = await there.directory.user_by_email("new@x.example")
    gone = await there.directory.add_user(
        email="gone@x.example", name="Secret", is_admin=False, password_hash=None
    )
    await there.people.users.delete(gone.id)
    for user in (known.id, gone.id, UserId("stranger")):
        here.write(Attribution(user, Means.CLIENT), 0, "x")
    await here.commit()
    await here.store.db.write(call, here.project, known.id, "Another name")
    await here.store.db.write(call, here.project, gone.id, "Secret")
    await here.store.db.write(call, here.project, UserId("stranger"), "Stranger")
    await carry(here, tmp_path / "file")
    made = await bring(there, tmp_path / "file")
    names = await there.db.read(named_authors, made.id)
    owner = await here.store.directory.user_by_email("owner@x.example")
    assert names == {"stranger": "Stranger", owner.id: "Owner"}
    authors = (await there.transfers.carry(made.id)).authors
    assert authors == {"stranger": "Stranger", owner.id: "Owner", known.id: "New owner"}


def call(conn: Connection, project: ProjectId, user: UserId, name: str) -> None:
    conn.execute(insert(t.project_authors), {"project_id": project, "user_id": user, "name": name})


async def test_who_is_forgotten_is_in_no_later_file_L11(here: Town, tmp_path: Path) -> None:
    accounts = here.store.people.accounts
    ada = await accounts.register(
        email="ada@x.example", name="Augusta", password_hash=None, verified=True
    )
    here.write(Attribution(ada.id, Means.CLIENT), 0, "x")
    await here.commit()
    assert (await here.store.transfers.carry(here.project)).authors[ada.id] == "Augusta"
    await here.store.people.users.delete(ada.id)
    assert ada.id not in (await here.store.transfers.carry(here.project)).authors
    await carry(here, tmp_path / "file")
    for secret in (b"Augusta", b"ada@x.example"):
        assert secret not in (tmp_path / "file").read_bytes()


async def test_a_file_that_is_changed_anywhere_is_one_error_and_makes_nothing_L7(
    here: Town, there: Store, tmp_path: Path
) -> None:
    await lived(here, until="compacted")
    file = tmp_path / "file"
    await carry(here, file)
    whole = file.read_bytes()
    dice = random.Random(6)
    before = await there.directory.list_projects()
    refused = 0
    for _ in range(60):
        damaged = bytearray(whole)
        if dice.random() < 0.3:
            del damaged[dice.randrange(len(damaged)) :]
        else:
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        file.write_bytes(damaged)
        try:
            made = await bring(there, file)
        except PeerError:
            refused += 1
            continue
        # Dates and the like in the zip itself mean nothing.
        state = await historian_of(there).now(made.id)
        assert state == await here.historian.now(here.project)
        await there.directory.delete_project(made.id)
    assert refused > 30
    assert await there.directory.list_projects() == before
    assert await there.fsck(replay=replay) == []


async def test_a_project_that_is_gone_is_carried_nowhere(here: Town) -> None:
    await here.store.directory.delete_project(here.project)
    with pytest.raises(NotFound):
        await here.store.transfers.carry(here.project)
