"""Each driver's error has its rung on the ladder (L2)."""

import logging
import sqlite3
from errno import ENOSPC
from hashlib import sha256

import pytest
from asyncpg import exceptions as pg
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.protocol.errors import AgentcError
from server.protocol.ids import UserId
from store.database import Database
from store.faults import Verdict, judge, summary
from tests.contracts.backends import Closing, new_user

SQLITE = {
    "SQLITE_BUSY": Verdict.PASSING,
    "SQLITE_BUSY_SNAPSHOT": Verdict.PASSING,
    "SQLITE_LOCKED": Verdict.PASSING,
    "SQLITE_FULL": Verdict.UNAVAILABLE,
    "SQLITE_IOERR": Verdict.UNAVAILABLE,
    "SQLITE_IOERR_FSYNC": Verdict.UNAVAILABLE,
    "SQLITE_READONLY": Verdict.UNAVAILABLE,
    "SQLITE_CANTOPEN": Verdict.UNAVAILABLE,
    "SQLITE_CORRUPT": Verdict.UNAVAILABLE,
    "SQLITE_NOTADB": Verdict.UNAVAILABLE,
    "SQLITE_NOMEM": Verdict.UNAVAILABLE,
    "SQLITE_ERROR": Verdict.UNAVAILABLE,
    "SQLITE_CONSTRAINT": Verdict.REJECTED,
    "SQLITE_CONSTRAINT_CHECK": Verdict.REJECTED,
    "SQLITE_TOOBIG": Verdict.REJECTED,
    "SQLITE_MISMATCH": Verdict.REJECTED,
}

POSTGRES = {
    pg.SerializationError: Verdict.PASSING,
    pg.DeadlockDetectedError: Verdict.PASSING,
    pg.LockNotAvailableError: Verdict.PASSING,
    pg.DiskFullError: Verdict.UNAVAILABLE,
    pg.TooManyConnectionsError: Verdict.UNAVAILABLE,
    pg.OutOfMemoryError: Verdict.UNAVAILABLE,
    pg.AdminShutdownError: Verdict.UNAVAILABLE,
    pg.ReadOnlySQLTransactionError: Verdict.UNAVAILABLE,
    pg.PostgresIOError: Verdict.UNAVAILABLE,
    pg.DataCorruptedError: Verdict.UNAVAILABLE,
    pg.UndefinedTableError: Verdict.UNAVAILABLE,
    pg.ConnectionDoesNotExistError: Verdict.UNAVAILABLE,
    pg.UniqueViolationError: Verdict.REJECTED,
    pg.CheckViolationError: Verdict.REJECTED,
    pg.CharacterNotInRepertoireError: Verdict.REJECTED,
    pg.ProgramLimitExceededError: Verdict.REJECTED,
}


pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("name", SQLITE)
def test_sqlite_errors_have_their_rung_L2(name: str) -> None:
    error = sqlite3.OperationalError("something")
    error.sqlite_errorcode = getattr(sqlite3, name)
    assert judge(OperationalError("SELECT", {}, error)) is SQLITE[name]
    assert judge(error) is SQLITE[name]


@pytest.mark.parametrize("kind", POSTGRES)
def test_postgres_errors_have_their_rung_L2(kind: type[pg.PostgresError]) -> None:
    assert judge(DBAPIError("SELECT", {}, kind("something"))) is POSTGRES[kind]


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (OSError(ENOSPC, "no space"), Verdict.UNAVAILABLE),
        (ConnectionResetError(), Verdict.UNAVAILABLE),
        (TimeoutError(), Verdict.UNAVAILABLE),
        (PoolTimeout("pool"), Verdict.CROWDED),
        (OverflowError("too large"), Verdict.REJECTED),
        (StatementError("bad", "INSERT", {}, OverflowError("too large")), Verdict.REJECTED),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), Verdict.REJECTED),
        (sqlite3.OperationalError("Could not decode to UTF-8 column 'x'"), Verdict.UNREADABLE),
        (sqlite3.ProgrammingError("Cannot operate on a closed database"), Verdict.UNAVAILABLE),
    ],
)
def test_other_errors_have_their_rung_L2(error: Exception, verdict: Verdict) -> None:
    assert judge(error) is verdict


def test_a_lost_connection_is_never_the_fault_of_a_row_L2() -> None:
    violation = pg.UniqueViolationError("something")
    lost = DBAPIError("SELECT", {}, violation, connection_invalidated=True)
    assert judge(lost) is Verdict.UNAVAILABLE


def test_a_summary_has_neither_statement_nor_parameters_L11() -> None:
    error = OperationalError("INSERT secret", {"x": "hunter2"}, sqlite3.OperationalError("full"))
    assert summary(error) == "OperationalError: full"


async def test_no_traceback_shows_a_hash_or_a_digest_L11(
    backend: Closing, caplog: pytest.LogCaptureFixture
) -> None:
    store = await backend.open()
    ada = await new_user(store)
    digest, hashed = sha256(b"token").digest(), "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA"

    async def add_token(by: UserId) -> None:
        await store.directory.add_token(by, digest=digest, label="", expires_at=None)

    async def add_user(name: str) -> None:
        await store.directory.add_user(
            email="ada@example.org", name=name, is_admin=False, password_hash=hashed
        )

    async def fail_otherwise() -> None:
        database = getattr(store, "db", None)
        if isinstance(database, Database):
            await database.write(_insert_nowhere, (digest, hashed))

    await add_token(ada)
    failing = [add_token(ada), add_token(UserId("x")), add_user("a"), add_user("\0\ud800")]
    for attempt in [*failing, fail_otherwise()]:
        try:
            await attempt
        except AgentcError:
            logging.getLogger(__name__).exception("it failed")
    assert caplog.text.count("it failed") >= 3
    for secret in (hashed, digest.hex(), repr(digest)[2:-1]):
        assert secret not in caplog.text


def _insert_nowhere(conn: Connection, values: tuple[bytes, str]) -> None:
    digest, hashed = values
    conn.execute(text("INSERT INTO nowhere VALUES (:d, :h)"), {"d": digest, "h": hashed})
