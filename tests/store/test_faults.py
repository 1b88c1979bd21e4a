"""Each driver's error has its rung on the ladder (L2)."""

import sqlite3
from errno import ENOSPC

import pytest
from asyncpg import exceptions as pg
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from store.faults import Verdict, judge, summary

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
