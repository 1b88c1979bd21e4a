"""The migrations lead to the tables that the code uses, and only forward."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.dialects import sqlite

from server.protocol.errors import StoreUnavailable
from store.compaction import CANDIDATES
from store.migrating import MIGRATIONS
from store.open import open_store
from store.projection import BEHIND
from store.projection_reading import ENTERING, LEAVING
from store.schema import HEAD
from store.tables import metadata
from tests.contracts.backends import passing
from tests.doubles.clock import ManualClock

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/8gentc.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


def differences(conn: Connection) -> list[object]:
    context = MigrationContext.configure(conn, opts={"include_name": is_ours})
    return list(compare_metadata(context, metadata))


def is_ours(name: str | None, kind: str, _: object) -> bool:
    """Each database has a full-text index of its own kind, which is no table of ours."""
    return not (kind == "table" and str(name).startswith("search_index"))


async def test_migrations_and_tables_say_the_same(url: str) -> None:
    store = await open_store(url, ManualClock())
    assert await store.db.read(differences) == []
    await store.close()


def test_the_head_is_the_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


async def test_processes_that_start_at_once_migrate_once(url: str) -> None:
    clock = ManualClock()
    async with passing(clock):
        stores = await asyncio.gather(*(open_store(url, clock) for _ in range(4)))
        for store in stores:
            await store.log.probe()
    for store in stores:
        await store.close()


async def test_a_database_of_a_newer_version_is_refused_and_left_alone(url: str) -> None:
    store = await open_store(url, ManualClock())
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    await store.db.write(lambda conn: conn.execute(newer).close())
    await store.close()
    with pytest.raises(StoreUnavailable, match="newer"):
        await open_store(url, ManualClock())


@pytest.mark.parametrize(
    ("query", "values", "index"),
    [
        (CANDIDATES, (1, 0), "ix_documents_due"),
        (BEHIND, ("", 0, 1, 0), "ix_documents_stale"),
        (LEAVING.params(project="", ids=["", ""]), ("", "", ""), "ix_edges_project_id_source_id"),
        (ENTERING.params(project="", ids=["", ""]), ("", "", ""), "ix_edges_project_id_target_id"),
    ],
)
async def test_what_is_asked_often_is_found_by_an_index(
    tmp_path: Path, query: Any, values: tuple[object, ...], index: str
) -> None:
    store = await open_store(f"sqlite:///{tmp_path}/8gentc.db", ManualClock())
    asked = query.compile(dialect=sqlite.dialect(), compile_kwargs={"render_postcompile": True})
    statement = f"EXPLAIN QUERY PLAN {asked}"
    plan = await store.db.read(lambda conn: conn.exec_driver_sql(statement, values).all())
    assert index in str(plan)
    await store.close()
