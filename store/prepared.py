"""Statements of the hot path, compiled once instead of looked up for each call.

SQLAlchemy spends longer on binding a row than SQLite on storing it. So a statement that
every edit goes through is written in Core like all others, compiled once for each
database, and then given to the driver as text with its values in order. Errors of SQLite's
driver come bare; ``store.faults`` knows them so. What does not live here: any statement.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql import ClauseElement

Values = Mapping[str, Any]


class Prepared:
    """One statement and, for each database that it has met, its text.

    Values go to the driver as they are: only for columns whose Python type is the driver's.
    """

    def __init__(self, statement: ClauseElement) -> None:
        self._statement = statement
        self._compiled = cache(self._compile)

    def run(self, conn: Connection, values: Sequence[Values]) -> None:
        """Execute it for each of ``values``, all in one call of the driver."""
        text, names = self._compiled(conn.dialect)
        rows = [tuple([each[name] for name in names]) for each in values]
        driver = conn.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.executemany(text, rows)
        else:
            conn.exec_driver_sql(text, rows if len(rows) > 1 else rows[0])

    def ask(self, conn: Connection, values: Values) -> Sequence[Sequence[Any]]:
        """All rows that it finds, as the driver gives them."""
        text, names = self._compiled(conn.dialect)
        row = tuple([values[name] for name in names])
        driver = conn.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            return driver.execute(text, row).fetchall()
        return conn.exec_driver_sql(text, row).fetchall()

    def _compile(self, dialect: Dialect) -> tuple[str, tuple[str, ...]]:
        compiled = self._statement.compile(dialect=dialect)
        order = compiled.positiontup  # type: ignore[attr-defined]
        assert order is not None, "both databases number their parameters"
        return str(compiled), tuple(order)
