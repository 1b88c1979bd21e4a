"""From a driver's exception to what the rest of the house may see: the one ladder (L2).

Five outcomes. *Passing* conflicts are retried by ``store.database`` and then become
``StoreBusy``; a *crowded* pool is ``StoreBusy`` at once, for it has been waited for;
*rejected* rows become :class:`Rejected`, which the caller, who knows whose rows they
were, turns into ``DocumentFault``, ``Conflict`` or ``Invalid``; *unreadable* values
become :class:`Unreadable`; all else is ``StoreUnavailable``: an error that nobody has
thought of must not look like the fault of one document.
"""

import re
import sqlite3
import struct
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.protocol.errors import DocumentDamaged, Invalid

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

SQLITE_CONSTRAINT = 19
POSTGRES_CONSTRAINT = "23"
POSTGRES_REJECTED = frozenset({"22", POSTGRES_CONSTRAINT, "54"})
"""Classes: data exception, integrity constraint violation, program limit exceeded."""


_QUOTING = re.compile(r"(invalid input for query argument \$\d+).*")


class Rejected(Invalid):
    """The database refused values: a constraint, or else data that it cannot hold.

    Part of the house's tree, as a case of ``Invalid``, so that it means something even to
    who has never heard of it. ``Unreadable`` likewise.
    """

    def __init__(self, message: str, *, constraint: bool) -> None:
        super().__init__(message)
        self.constraint = constraint


class Unreadable(DocumentDamaged):
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


def is_constraint(error: Exception) -> bool:
    """Of a rejected value: whether others stand against it, rather than its own form."""
    original = getattr(error, "orig", None) or error
    code = getattr(original, "sqlite_errorcode", None) or 0
    state = getattr(original, "sqlstate", None) or ""
    return code & 0xFF == SQLITE_CONSTRAINT or state.startswith(POSTGRES_CONSTRAINT)


def summary(error: Exception) -> str:
    """One line without the statement and its parameters, which may hold content (L11)."""
    original = getattr(error, "orig", None) or error
    lines = str(original).splitlines() or [""]
    # asyncpg repeats a value that it cannot send.
    line = _QUOTING.sub(r"\1", lines[0])
    return f"{type(original).__name__}: {line}"[:300]
