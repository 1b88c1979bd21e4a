"""How SQL is run: functions of a connection, in a read or a write transaction.

All SQL is plain synchronous code over ``sqlalchemy.Connection``. A :class:`Database`
runs it: ``read`` in one consistent view, ``write`` in one transaction that is
durable when the call returns. What does not live here: the drivers
(``store.sqlite``, ``store.postgres``), the ladder of errors (``store.faults``).

Law kept here (L2): a write in flight is shielded from the cancellation of who
waits for it; passing conflicts are retried; what is not known to be committed has
failed.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection

from server.protocol.errors import StoreBusy, StoreUnavailable
from server.room.ports import Clock
from store.faults import DRIVER_ERRORS, Rejected, Unreadable, Verdict, judge, summary

P = ParamSpec("P")
R = TypeVar("R")

RETRIES = 5
FIRST_DELAY = 0.02
"""Seconds before the first retry; doubled for each further one."""


class Database(ABC):
    """One database, seen by this process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._flights: set[asyncio.Task[object]] = set()

    async def read(
        self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run ``fn`` in one read transaction: all that it reads is one moment's state."""
        return await self._retrying(lambda: self._read(lambda conn: fn(conn, *args, **kwargs)))

    async def write(
        self, fn: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run ``fn`` in one write transaction; when this returns, it is durable.

        ``fn`` may run several times, and goes on when the caller is cancelled.
        """
        work = self._retrying(lambda: self._write(lambda conn: fn(conn, *args, **kwargs)))
        return await self._shielded(work)

    async def close(self) -> None:
        """Let what is in flight land, then give up all connections."""
        while self._flights:
            await asyncio.wait(self._flights)
        await self._close()

    async def _shielded(self, work: Coroutine[object, object, R]) -> R:
        flight = asyncio.get_running_loop().create_task(work)
        self._flights.add(flight)
        flight.add_done_callback(self._landed)
        return await asyncio.shield(flight)

    def _landed(self, flight: "asyncio.Task[object]") -> None:
        self._flights.discard(flight)
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
    async def _close(self) -> None:
        """Give up all connections."""


def _raise_unless_passing(error: Exception) -> str:
    """What to say of a passing conflict; everything else leaves as its own error."""
    reason = summary(error)
    match judge(error):
        case Verdict.PASSING:
            return reason
        case Verdict.REJECTED:
            raise Rejected(reason) from error
        case Verdict.UNREADABLE:
            raise Unreadable(reason) from error
        case Verdict.UNAVAILABLE:
            raise StoreUnavailable(f"the database does not work: {reason}") from error
