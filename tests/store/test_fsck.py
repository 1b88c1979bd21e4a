"""One changed byte anywhere in the log, and fsck names the row (L3, L4)."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import String

from server.protocol.ids import ProjectId
from server.room.ports import Compacted, HistoryRun, LoggedUpdate
from store import tables as t
from store.fsck_document import Problem
from store.open import Store, open_store
from tests.contracts.backends import Backend, batch, history_of, joined, new_projects
from tests.contracts.compaction_log import compact
from tests.doubles.clock import ManualClock
from tests.doubles.migrated import migrated

pytestmark = pytest.mark.anyio

on_sql = pytest.mark.parametrize(
    "backend", ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)

KEYS = {"updates": "seq", "checkpoints": "seq", "history_chunks": "first_seq"}
COLUMNS = [(name, column.name) for name in KEYS for column in t.metadata.tables[name].columns]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return migrated(tmp_path / "8gentc.db")


async def filled(store: Store) -> tuple[ProjectId, ProjectId]:
    """Two documents, each with two chunks, both generations, and rows in the log."""
    one, two = await new_projects(store, 2)
    for project in (one, two):
        for n in range(2):
            await store.log.append([batch(project, *[b"payload %d" % n] * 5)])
            assert await compact(store, project)
        await store.log.append([batch(project, *[b"tail"] * 5)])
    return one, two


async def problems_of(path: Path, project: ProjectId | None = None) -> list[Problem]:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    try:
        return await store.fsck(project)
    finally:
        await store.close()


def tamper(path: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA ignore_check_constraints = ON")
        raw.execute(statement, values)


def keys_of(path: Path, table: str, project: ProjectId) -> list[int]:
    with closing(sqlite3.connect(path)) as raw:
        query = f"SELECT {KEYS[table]} FROM {table} WHERE project_id = ? ORDER BY 1"
        return [key for (key,) in raw.execute(query, (project,))]


def flips(value: object) -> Iterator[object]:
    """The value with one byte changed, at both ends and in the middle."""
    match value:
        case None:
            yield "x"
        case int():
            yield from (value ^ (1 << shift) for shift in (0, 8, 62))
        case bytes():
            for place in (0, len(value) // 2, -1):
                changed = bytearray(value)
                changed[place] ^= 1
                yield bytes(changed)
        case str():
            for high in (1, 0x80):
                changed = bytearray(value.encode())
                changed[len(changed) // 2] ^= high
                yield bytes(changed)
        case _:
            raise AssertionError(value)


def write(path: Path, table: str, column: str, rowid: int, value: object) -> None:
    # A changed text may no longer be UTF-8: it goes in as bytes and is made text again.
    is_text = isinstance(t.metadata.tables[table].c[column].type, String)
    place = "CAST(? AS TEXT)" if is_text and value is not None else "?"
    tamper(path, f"UPDATE {table} SET {column} = {place} WHERE rowid = ?", value, rowid)


def stored(path: Path, table: str, column: str, project: ProjectId) -> list[tuple[int, int, Any]]:
    """Row id, key and the column's value of every row of one document."""
    with closing(sqlite3.connect(path)) as raw:
        query = f"SELECT rowid, {KEYS[table]}, {column} FROM {table} WHERE project_id = ?"
        return raw.execute(query, (project,)).fetchall()


@on_sql
async def test_a_store_in_order_has_no_problems(backend: Backend) -> None:
    store = await backend.open()
    assert isinstance(store, Store)
    one, two = await filled(store)
    assert await store.fsck() == []
    assert await store.fsck(one) == []
    await store.directory.delete_project(two)
    assert await store.fsck() == []


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), COLUMNS)
async def test_one_changed_byte_in_any_column_names_the_row_L3(
    path: Path, table: str, column: str
) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    one, two = await filled(store)
    rows = stored(path, table, column, one)
    for rowid, key, value in (rows[0], rows[-1]):
        for changed in flips(value):
            try:
                write(path, table, column, rowid, changed)
            except sqlite3.IntegrityError:
                continue  # A key that another row has: no disk can make that of it.
            problems = await store.fsck()
            named = {(problem.table, problem.row) for problem in problems}
            assert {(table, key), (table, changed)} & named, (changed, problems)
            assert two not in {problem.project for problem in problems}
            write(path, table, column, rowid, value)
    assert await store.fsck() == []
    await store.close()


GARBAGE = ("text", 5, 1.5, b"", b"\x28\xb5\x2f\xfd" + bytes(40), b"x" * 32, -1, 1 << 62)


@pytest.mark.slow
@pytest.mark.parametrize(("table", "column"), COLUMNS)
async def test_garbage_of_any_type_is_reported_and_survived_L2(
    path: Path, table: str, column: str
) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    one, _ = await filled(store)
    rowid, _, original = stored(path, table, column, one)[0]
    for value in (value for value in GARBAGE if value != original):
        tamper(path, f"UPDATE {table} SET {column} = ? WHERE rowid = ?", value, rowid)
        assert await store.fsck() != [], value
        write(path, table, column, rowid, original)
    assert await store.fsck() == []
    await store.close()


@pytest.mark.parametrize("table", KEYS)
@pytest.mark.parametrize("place", [0, 1, -1])
async def test_a_missing_row_is_a_problem_of_its_document_L3(
    path: Path, table: str, place: int
) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    one, _ = await filled(store)
    key = keys_of(path, table, one)[place]
    tamper(path, f"DELETE FROM {table} WHERE project_id = ? AND {KEYS[table]} = ?", one, key)
    problems = await store.fsck()
    assert problems
    assert {problem.project for problem in problems} == {one}
    await store.close()


async def test_one_bad_row_is_one_problem_L3(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    one, _ = await filled(store)
    tamper(path, "UPDATE updates SET at = at + 1 WHERE project_id = ? AND seq = 12", one)
    tamper(path, "UPDATE updates SET digest = ? WHERE project_id = ? AND seq = 14", bytes(32), one)
    named = [(problem.table, problem.row) for problem in await store.fsck(one)]
    assert named == [("updates", 12), ("updates", 14)]
    await store.close()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("head", 14),
        ("head", 16),
        ("head", "x"),
        ("digest", bytes(32)),
        ("digest", "x"),
        ("tail_rows", 4),
        ("tail_bytes", 0),
        ("checkpoint_bytes", 1),
        ("is_open", 0),
    ],
)
async def test_a_documents_own_row_is_held_against_its_log_L3(
    path: Path, column: str, value: object
) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    one, _ = await filled(store)
    tamper(path, f"UPDATE documents SET {column} = ? WHERE project_id = ?", value, one)
    assert {problem.project for problem in await store.fsck()} == {one}
    await store.close()


async def test_rows_of_no_project_are_orphans(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    one, two = await filled(store)
    tamper(path, "DELETE FROM documents WHERE project_id = ?", one)
    tamper(path, "DELETE FROM projects WHERE id = ?", two)
    problems = await store.fsck()
    orphans = {(p.project, p.table) for p in problems if "does not exist" in p.what}
    assert orphans == {*((one, table) for table in KEYS), (two, "documents")}
    assert Problem(one, "documents", None, "the row is missing") in problems
    await store.close()


async def test_a_project_id_that_is_no_text_is_reported(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    one, two = await filled(store)
    tamper(path, "UPDATE projects SET id = CAST(x'ff61' AS TEXT) WHERE id = ?", one)
    problems = await store.fsck()
    assert any("not UTF-8" in problem.what for problem in problems)
    assert two not in {problem.project for problem in problems}
    await store.close()


async def test_a_file_with_a_ruined_page_is_reported(path: Path) -> None:
    store = await open_store(f"sqlite:///{path}", ManualClock())
    one, _ = await filled(store)
    await store.log.append([batch(one, *[bytes(range(200))] * 300)])
    await store.close()
    with closing(sqlite3.connect(path)) as raw:
        (page,) = raw.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'updates'"
        ).fetchone()
    ruin(path, page)
    assert await problems_of(path)


def ruin(path: Path, page: int) -> None:
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"\xff" * 4096
    path.write_bytes(content)


@on_sql
async def test_a_checkpoint_is_compared_with_the_callers_replay_L4(backend: Backend) -> None:
    store = await backend.open()
    assert isinstance(store, Store)
    good, bad = await new_projects(store, 2)
    for project in (good, bad):
        await store.log.append([batch(project, b"a", b"b")])
    assert await compact(store, good)
    source = await store.compaction.read(bad)
    await store.compaction.replace(source, Compacted(b"other", history_of(source)))
    assert joined(source) == b"ab"
    await store.log.append([batch(good, b"c")])

    def replay(
        checkpoint: bytes | None, runs: Sequence[HistoryRun], tail: Sequence[LoggedUpdate]
    ) -> str | None:
        assert len(tail) in (0, 1)
        replayed = b"".join(run.payload for run in runs)
        return None if checkpoint == replayed else "the checkpoint is not its history"

    assert await store.fsck(good, replay) == []
    [problem] = await store.fsck(None, replay)
    assert problem == Problem(bad, "checkpoints", 2, "the checkpoint is not its history")


@on_sql
async def test_long_logs_are_read_in_pages(backend: Backend) -> None:
    store = await backend.open()
    assert isinstance(store, Store)
    [project] = await new_projects(store, 1)
    for _ in range(3):
        await store.log.append([batch(project, *(b"%d" % n for n in range(101)))])
    assert await store.fsck() == []
