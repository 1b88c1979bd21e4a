"""Statements of the hot path, compiled once instead of looked up for each call.

SQLAlchemy spends longer on binding a row than SQLite on storing it. So a statement that
every edit goes through is written in Core like all others, compiled once for each
database, and then given to the driver as text with its values in order. What does not
live here: any statement.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.sql import ClauseElement

Values = Mapping[str, Any]


class Prepared:
    """One statement and, for each database that it has met, its text.

    Values go to the driver as they are: only for columns whose Python type is the driver's.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled = cache(self._compile)

    def run(self, conn: Connection, values: Sequence[Values]) -> CursorResult[Any]:
        """Execute it for each of ``values``, all in one call of the driver."""
        text, names = self._compiled(conn.dialect)
        rows = [tuple([each[name] for name in names]) for each in values]
        return conn.exec_driver_sql(text, rows if len(rows) > 1 else rows[0])

    def _compile(self, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
        compiled = self._statement.compile(dialect=dialect)
        order = compiled.positiontup  # type: ignore[attr-defined]
        assert order is not None, "both databases number their parameters"
        return str(compiled), tuple(order)
