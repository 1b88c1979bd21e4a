"""From a driver's exception to what the rest of the house may see: the one ladder (L2).

Five outcomes. *Passing* conflicts are retried by ``store.database`` and then become
``StoreBusy``; a *crowded* pool is ``StoreBusy`` at once, for it has been waited for;
*rejected* rows become :class:`Rejected`, which the caller, who knows whose rows they
were, turns into ``DocumentFault``, ``Conflict`` or ``Invalid``; *unreadable* values
become :class:`Unreadable`; all else is ``StoreUnavailable``: an error that nobody has
thought of must not look like the fault of one document.
"""

import sqlite3
import struct
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

BAD_VALUES = (OverflowError, UnicodeError, struct.error)
"""Values that no column holds: an int beyond 64 bits, a str that is not Unicode."""

DRIVER_ERRORS = (SQLAlchemyError, sqlite3.Error, OSError, *BAD_VALUES)
"""What drivers raise: wrapped by SQLAlchemy, or bare when no statement was under way."""

SQLITE_PASSING = frozenset({5, 6, 15})
"""BUSY, LOCKED, PROTOCOL."""

SQLITE_REJECTED = frozenset({18, 19, 20, 25})
"""TOOBIG, CONSTRAINT, MISMATCH, RANGE."""

POSTGRES_PASSING = frozenset({"40001", "40P01", "55P03", "57014"})
"""serialization_failure, deadlock_detected, lock_not_available, query_canceled."""

POSTGRES_REJECTED = frozenset({"22", "23", "54"})
"""Classes: data exception, integrity constraint violation, program limit exceeded."""


class Rejected(Exception):
    """The database refused values: a constraint, or data that does not fit."""


class Unreadable(Exception):
    """Stored values that do not decode or do not verify; the message says where."""


class Verdict(Enum):
    """What an exception of a driver amounts to."""

    PASSING = auto()
    CROWDED = auto()
    REJECTED = auto()
    UNREADABLE = auto()
    UNAVAILABLE = auto()


def judge(error: Exception) -> Verdict:
    """Which rung of the ladder ``error`` belongs to."""
    match error:
        case PoolTimeout():
            return Verdict.CROWDED
        case DBAPIError(connection_invalidated=True):
            return Verdict.UNAVAILABLE
        case StatementError(orig=BaseException() as original):
            return _judge_driver(original)
        case _:
            return _judge_driver(error)


def _judge_driver(error: BaseException) -> Verdict:
    sqlstate = getattr(error, "sqlstate", None)
    if isinstance(sqlstate, str):
        return _judge_postgres(sqlstate)
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _judge_sqlite(code & 0xFF)
    if "Could not decode to UTF-8" in str(error):
        return Verdict.UNREADABLE
    if isinstance(error, BAD_VALUES) or type(error).__name__ == "DataError":
        return Verdict.REJECTED
    return Verdict.UNAVAILABLE


def _judge_sqlite(code: int) -> Verdict:
    if code in SQLITE_PASSING:
        return Verdict.PASSING
    return Verdict.REJECTED if code in SQLITE_REJECTED else Verdict.UNAVAILABLE


def _judge_postgres(sqlstate: str) -> Verdict:
    if sqlstate in POSTGRES_PASSING:
        return Verdict.PASSING
    return Verdict.REJECTED if sqlstate[:2] in POSTGRES_REJECTED else Verdict.UNAVAILABLE


def summary(error: Exception) -> str:
    """One line without the statement and its parameters, which may hold content (L11)."""
    original = getattr(error, "orig", None) or error
    lines = str(original).splitlines() or [""]
    return f"{type(original).__name__}: {lines[0]}"[:300]
