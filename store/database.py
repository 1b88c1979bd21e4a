"""How SQL is run: functions of a connection, in a read or a write transaction.

All SQL is plain synchronous code over ``sqlalchemy.Connection``. A :class:`Database`
runs it: ``read`` in one consistent view, ``write`` in one transaction that is
durable when the call returns. What does not live here: the drivers
(``store.sqlite``, ``store.postgres``), the ladder of errors (``store.faults``).

Law kept here (L2): what is in flight is shielded from the cancellation of who
waits for it; passing conflicts are retried; what is not known to be committed has
failed. A database that does not answer in time is out of service: its silence must
not become ours. The time is that of the machine, not the ``Clock``'s: it is the
driver that is waited for, and its sockets and threads know no other.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from server.protocol.errors import NotFound, StoreBusy, StoreUnavailable
from server.room.ports import Clock
from store.faults import DRIVER_ERRORS, Rejected, Unreadable, Verdict, is_constraint, judge, summary

P = ParamSpec("P")
R = TypeVar("R")

RETRIES = 5
FIRST_DELAY = 0.02
"""Seconds before the first retry; doubled for each further one."""

PATIENCE = 10.0
"""Seconds for one read or write, with its retries. All time limits of the drivers (for
a lock, a connection, a place in the pool) are shorter, so that they are heard first."""

CLOSE_PATIENCE = 5.0
"""Seconds for what is in flight to land, and again for giving up connections."""


class Database(ABC):
    """One database, seen by this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._flights: set[asyncio.Task[object]] = set()
        self._abandoned: set[asyncio.Task[object]] = set()

    async def read(
        self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run ``fn`` in one read transaction: all that it reads is one moment's state.

        Raises ``NotFound`` when it asks by a name that this database could not hold.
        """
        return await self._found(lambda conn: fn(conn, *args, **kwargs), PATIENCE)

    async def write(
        self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run ``fn`` in one write transaction; when this returns, it is durable.

        ``fn`` may run several times, and goes on when the caller is cancelled. After
        ``StoreUnavailable`` it may still have been committed, or be.
        """
        work = self._retrying(lambda: self._write(lambda conn: fn(conn, *args, **kwargs)))
        return await self._shielded(work, PATIENCE)

    async def read_at_leisure(
        self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """``read``, for as long as it takes: for what looks at everything."""
        return await self._found(_unhurried(lambda conn: fn(conn, *args, **kwargs)), None)

    async def write_at_leisure(
        self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """``write``, for as long as it takes: for what changes everything."""
        work = self._retrying(lambda: self._write(_unhurried(lambda c: fn(c, *args, **kwargs))))
        return await self._shielded(work, None)

    async def close(self) -> None:
        """Let what is in flight land, then give up all connections; all in bounded time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_PATIENCE):
                while self._flights:
                    await asyncio.wait(self._flights)
        for flight in tuple(self._flights):
            self._give_up(flight)
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_PATIENCE):
                await self._close()

    async def _found(self, fn: Callable[[Connection], R], patience: float | None) -> R:
        try:
            return await self._shielded(self._retrying(lambda: self._read(fn)), patience)
        except Rejected as error:
            raise NotFound(f"there is no such thing: {error}") from error

    async def _shielded(
        self, work: Coroutine[object, object, R], patience: float | None = None
    ) -> R:
        flight = asyncio.get_running_loop().create_task(work)
        self._flights.add(flight)
        flight.add_done_callback(self._landed)
        try:
            async with asyncio.timeout(patience):
                return await asyncio.shield(flight)
        except TimeoutError:
            self._give_up(flight)
            raise StoreUnavailable(f"the database has not answered for {patience} s") from None

    def _give_up(self, flight: "asyncio.Task[object]") -> None:
        """Nobody waits for it any more: it starts nothing new, and ends as soon as it can."""
        if not flight.done():
            self._abandoned.add(flight)
            self._abandon(flight)

    def _is_abandoned(self) -> bool:
        """Of the flight that asks."""
        return asyncio.current_task() in self._abandoned

    def _landed(self, flight: "asyncio.Task[object]") -> None:
        self._flights.discard(flight)
        self._abandoned.discard(flight)
        if not flight.cancelled():
            # Seen here, so that the failure of a write whose waiter is gone is not
            # reported as forgotten: by L2 whoever still needs it sends it again.
            flight.exception()

    async def _retrying(self, attempt: Callable[[], Coroutine[object, object, R]]) -> R:
        delay = FIRST_DELAY
        for _ in range(RETRIES):
            try:
                return await attempt()
            except DRIVER_ERRORS as error:
                conflict = _raise_unless_passing(error)
                if self._is_abandoned():
                    raise StoreUnavailable(f"given up while busy: {conflict}") from error
            await self._clock.sleep(delay)
            delay *= 2
        try:
            return await attempt()
        except DRIVER_ERRORS as error:
            conflict = _raise_unless_passing(error)
            raise StoreBusy(f"the database stayed busy: {conflict}") from error

    @abstractmethod
    async def _read(self, fn: Callable[[Connection], R]) -> R:
        """One attempt in a read transaction; drivers' errors pass through."""

    @abstractmethod
    async def _write(self, fn: Callable[[Connection], R]) -> R:
        """One attempt in a write transaction; drivers' errors pass through."""

    @abstractmethod
    def _abandon(self, flight: "asyncio.Task[object]") -> None:
        """Make a flight end that the database does not answer."""

    @abstractmethod
    async def _close(self) -> None:
        """Give up all connections. Cancelled when that takes too long."""


def _unhurried(fn: Callable[[Connection], R]) -> Callable[[Connection], R]:
    """``fn`` in a transaction without the server's own limits on time."""

    def at_leisure(conn: Connection) -> R:
        if conn.dialect.name == "postgresql":
            for limit in ("statement_timeout", "lock_timeout"):
                conn.exec_driver_sql(f"SET LOCAL {limit} = 0")
        return fn(conn)

    return at_leisure


def _raise_unless_passing(error: Exception) -> str:
    """What to say of a passing conflict; everything else leaves as its own error."""
    reason = summary(error)
    match judge(error):
        case Verdict.PASSING:
            return reason
        case Verdict.CROWDED:
            raise StoreBusy("too many at once use the database") from error
        case Verdict.REJECTED:
            # Without the driver's own error, whose details quote the row (L11).
            raise Rejected(reason, constraint=is_constraint(error)) from None
        case Verdict.UNREADABLE:
            raise Unreadable(reason) from error
        case Verdict.UNAVAILABLE:
            raise StoreUnavailable(f"the database does not work: {reason}") from error
