"""A long document, keystroke by keystroke: small after compaction, attributed, replayable.

The suite types a short one; ``make long-document`` types 260,000 keystrokes.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pycrdt
import pytest

from server.document.replica import Replica
from server.edge.clock import SystemClock
from server.protocol.ids import Millis, UserId
from server.protocol.update import inspect
from server.room.compactor import Compactor
from server.room.live import LiveDocument
from server.room.ports import Attribution, Batch, Means, NewUpdate, Project
from server.room.replay import replay
from server.room.statistics import Statistics
from server.room.worker import Worker
from store import tables
from store.open import Store, open_store
from tests.long.keystrokes import type_like_people

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

KEYSTROKES = int(os.environ.get("KEYSTROKES", "6000"))
TURN = 40
"""Keystrokes that share a commit."""
LONGEST_RATIO = 1.2
STORED = (tables.updates, tables.checkpoints, tables.history_chunks)


async def typed_and_compacted(path: Path) -> tuple[Store, Project, list[tuple[UserId, bytes]]]:
    """A store with the document, compacted several times on the way; and what was typed."""
    store = await open_store(f"sqlite:///{path}", SystemClock())
    people = {}
    for name in ("ada", "bo", "eve"):
        people[name] = await store.directory.add_user(
            email=f"{name}@x.example", name=name, is_admin=False, password_hash=None
        )
    project = await store.directory.add_project("Long", owner=people["ada"].id, seed=None)
    typed = []
    live = LiveDocument(await store.log.load(project.id), 1 << 30)
    for count, key in enumerate(type_like_people(7, KEYSTROKES, tuple(people)), start=1):
        by = Attribution(people[key.author].id, Means.CLIENT)
        live.write(key.update, inspect(key.update), by, Millis(count))
        typed.append((people[key.author].id, key.update))
        if count % TURN == 0 or count == KEYSTROKES:
            await store.log.append([Batch(project.id, live.take().rows)])
        if count % (KEYSTROKES // 5) == 0:
            await compact(store, project)
    live.close()
    return store, project, typed


async def compact(store: Store, project: Project) -> None:
    worker = Worker()
    try:
        compactor = Compactor(store.compaction, worker, SystemClock(), Statistics())
        assert await compactor.compact(project.id)
    finally:
        worker.close()


async def test_a_long_document_is_small_attributed_and_replayable__L3_L4(tmp_path: Path) -> None:
    store, project, typed = await typed_and_compacted(tmp_path / "long.db")
    everything = [update for _, update in typed]
    with closing(Replica.load(everything)) as expected:
        stored = await store.log.load(project.id)
        assert stored.checkpoint is not None
        ratio = len(stored.checkpoint) / len(expected.full())
        print(f"checkpoint {len(stored.checkpoint)} bytes, full state {len(expected.full())}")
        assert ratio <= LONGEST_RATIO
        with closing(Replica.load((), checkpoint=stored.checkpoint)) as loaded:
            assert loaded.read(text_of) == expected.read(text_of)

    runs = await store.compaction.history(project.id)
    print(f"{KEYSTROKES} keystrokes in {stored.head} rows, {len(runs)} runs of history")
    written = authors_of(typed)
    seen: dict[int, UserId | None] = {}
    with closing(Replica()) as replayed:
        for run in runs:
            for struct in inspect(run.payload).structs:
                seen.update(dict.fromkeys(range(struct.start, struct.end), run.by.user))
            replayed.replay(run.payload)
            assert replayed.parked() is None, f"a replay up to seq {run.last} is not whole"
    assert seen == written

    assert await store.fsck(project.id, replay=replay) == []
    await store.close()


def text_of(doc: "pycrdt.Doc[Any]") -> str:
    return str(doc.get("t", type=pycrdt.Text))


def authors_of(typed: list[tuple[UserId, bytes]]) -> dict[int, UserId | None]:
    """Who wrote each clock of the one client."""
    return {
        clock: author
        for author, update in typed
        for struct in inspect(update).structs
        for clock in range(struct.start, struct.end)
    }


async def test_one_flipped_byte_in_any_stored_column_is_named__L3(tmp_path: Path) -> None:
    path = tmp_path / "long.db"
    store, project, typed = await typed_and_compacted(path)
    by = Attribution(typed[0][0], Means.CLIENT)
    late = NewUpdate(b"\x00\x00", by, Millis(1))
    await store.log.append([Batch(project.id, (late,))])
    await store.close()
    with closing(sqlite3.connect(path)) as whole:
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for table in STORED:
        for column in table.columns:
            await flip_and_find(path, tmp_path / "copy.db", table.name, column.name)


async def flip_and_find(path: Path, copy: Path, table: str, column: str) -> None:
    shutil.copyfile(path, copy)
    if not flip(copy, table, column):
        return
    store = await open_store(f"sqlite:///{copy}", SystemClock())
    try:
        problems = await store.fsck(replay=replay)
    finally:
        await store.close()
    assert any(problem.table == table for problem in problems), f"{table}.{column}: {problems}"


def flip(copy: Path, table: str, column: str) -> bool:
    """Change one byte of one row; False where the column is empty in all rows."""
    with closing(sqlite3.connect(copy)) as db, db:
        found = db.execute(
            f"SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL"
            " ORDER BY rowid DESC LIMIT 1"
        ).fetchone()
        if found is None:
            return False
        rowid, value = found
        match value:
            case int():
                changed: object = value ^ 1
            case str():
                changed = chr(ord(value[0]) ^ 1) + value[1:]
            case bytes():
                middle = len(value) // 2
                flipped = bytes([value[middle] ^ 1])
                changed = value[:middle] + flipped + value[middle + 1 :]
            case _:
                raise AssertionError(f"unexpected {value!r}")
        db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (changed, rowid))
    return True
