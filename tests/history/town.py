"""People who edit one project on a real store, and a ledger of who wrote each character.

Edits are genuine updates by pycrdt peers, appended to the log as rooms append them. Used by
the tests of history, which look at it through the ports.
"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pycrdt

from server.document.elements import ElementRef, Kind
from server.document.offsets import delete_text, insert_text
from server.document.schema import seed
from server.edge.settings import Settings
from server.protocol.ids import Millis, ProjectId, RunId, Seq, UserId
from server.room.compactor import merged
from server.room.historian import Historian
from server.room.ports import Attribution, Batch, Means, NewUpdate
from server.room.upkeep import Rules, Upkeep
from server.room.worker import Here
from store.open import Store, open_store
from tests.doubles.clock import ManualClock

ADA = Attribution(UserId("ada"), Means.CLIENT)
BOB = Attribution(UserId("bob"), Means.CLIENT)
RUN = Attribution(UserId("ada"), Means.RUN, RunId("run-7"))
DEFAULT_RULES = Rules(
    Settings().history_days, Settings().history_percent, Settings().project_retention_days
)
WORDS = ("market ", "growth ", "risk ", "日本 ", "😀 ", "cash\n", "é ", "strategy, ", "team. ")


@dataclass
class Town:
    """One project with a section ``s``. Everybody hears of every edit at once."""

    store: Store
    clock: ManualClock
    project: ProjectId
    keep: int = Settings().automatic_snapshots
    rules: Rules = field(default_factory=lambda: DEFAULT_RULES)
    doc: "pycrdt.Doc[Any]" = field(default_factory=lambda: pycrdt.Doc(client_id=1))
    peers: dict[Attribution, "pycrdt.Doc[Any]"] = field(default_factory=dict)
    ledger: list[tuple[str, Attribution]] = field(default_factory=list)
    batch: list[NewUpdate] = field(default_factory=list)

    @property
    def historian(self) -> Historian:
        """What is asked of the past."""
        store = self.store
        return Historian(store.log, store.history, store.snapshots, Here(), self.keep)

    @property
    def upkeep(self) -> Upkeep:
        """What looks after it."""
        return Upkeep(self.historian, self.store.projects, self.clock, self.rules)

    def peer(self, who: Attribution) -> "pycrdt.Doc[Any]":
        """Somebody's own copy, up to date."""
        doc = self.peers.setdefault(who, pycrdt.Doc(client_id=100 + len(self.peers)))
        doc.apply_update(self.doc.get_update(doc.get_state()))
        return doc

    def note(self, who: Attribution, update: bytes) -> None:
        """An update that will be appended by :meth:`commit`."""
        self.doc.apply_update(update)
        self.batch.append(NewUpdate(update, who, self.clock.now()))

    async def commit(self) -> Seq:
        """Everything that was noted is in the log; the newest seq."""
        batch, self.batch = tuple(self.batch), []
        [appended] = await self.store.log.append([Batch(self.project, batch)])
        return appended.last

    def write(self, who: Attribution, at: int, word: str, cut: int = 0) -> None:
        """Insert a word into the section and delete some characters before it."""
        peer = self.peer(who)
        before = peer.get_state()
        text = peer.get("plan", type=pycrdt.Map)["s"]["body"]
        with peer.transaction():
            insert_text(text, at, word)
            delete_text(text, at - cut, at)
        self.ledger[at - cut : at] = [(letter, who) for letter in word]
        self.note(who, peer.get_update(before))

    def write_somewhere(self, dice: random.Random, who: Attribution, *, cuts: float = 0.3) -> None:
        """A word at random, and now and then a deletion."""
        at = dice.randint(0, len(self.ledger))
        cut = min(at, dice.randint(1, 12)) if dice.random() < cuts else 0
        self.write(who, at, dice.choice(WORDS), cut)

    async def compact(self) -> None:
        """As the compactor does."""
        source = await self.store.compaction.read(self.project)
        if source.updates:
            assert await self.store.compaction.replace(source, merged(source))

    async def blame(self) -> list[tuple[str, Attribution | None]]:
        """The section letter by letter, with authors."""
        spans = await self.historian.blame(self.project, ElementRef(Kind.SECTION, "s"))
        return [(letter, span.author) for span in spans for letter in span.text]


@asynccontextmanager
async def town(url: str, clock: ManualClock | None = None) -> AsyncIterator[Town]:
    """A project with an empty section, on a fresh database."""
    clock = clock or ManualClock()
    store = await open_store(url, clock)
    owner = await store.directory.add_user(
        email="owner@x.example", name="Owner", is_admin=False, password_hash=None
    )
    first = NewUpdate(seed(5, "Plan"), Attribution(owner.id, Means.SEED), Millis(clock.now()))
    project = await store.directory.add_project("Plan", owner=owner.id, seed=first)
    here = Town(store, clock, project.id)
    here.doc.apply_update(first.payload)
    before = here.doc.get_state()
    body = pycrdt.Map({"title": "Goals", "rank": "a", "body": pycrdt.Text("")})
    here.doc.get("plan", type=pycrdt.Map)["s"] = body
    here.note(Attribution(owner.id, Means.REST), here.doc.get_update(before))
    await here.commit()
    try:
        yield here
    finally:
        await here.store.close()
