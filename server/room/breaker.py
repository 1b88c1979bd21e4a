"""Whether the store as a whole is in service (L2).

A store-wide fault *trips* the breaker: from then on edits fail at once and
newcomers are refused before their websocket handshake, because clients ignore
close codes and would storm. One probe at a time tries a small durable write; when
it succeeds the breaker closes again. Readiness is this object's state.
"""

import asyncio

from server.protocol.errors import ServerError, StoreUnavailable
from server.room.ports import Clock, UpdateLog

PROBE_SECONDS = 1.0
"""Time between probes, and what newcomers are told to wait."""


class Breaker:
    """Closed (in service) or tripped (out of service). ``run`` is its task."""

    def __init__(self, log: UpdateLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._fault: StoreUnavailable | None = None
        self._tripped = asyncio.Event()

    @property
    def fault(self) -> StoreUnavailable | None:
        """Why the store is out of service; None while it works."""
        return self._fault

    def trip(self, fault: StoreUnavailable) -> None:
        """The store failed as a whole."""
        self._fault = fault
        self._tripped.set()

    def check(self) -> None:
        """Raises ``StoreUnavailable`` while the breaker is tripped."""
        if self._fault is not None:
            raise StoreUnavailable(self._fault.message)

    async def suspect(self) -> None:
        """Something other than a commit has failed: find out whether commits would.

        Without this an idle server would call itself ready while nobody can connect.
        """
        if self._fault is None:
            try:
                await self._log.probe()
            except StoreUnavailable as fault:
                self.trip(fault)

    async def run(self) -> None:
        """Probe while tripped, for ever."""
        while True:
            await self._tripped.wait()
            await self._clock.sleep(PROBE_SECONDS)
            await self._probe()

    async def _probe(self) -> None:
        try:
            await self._log.probe()
        except StoreUnavailable as fault:
            self._fault = fault
        except ServerError:
            pass  # Busy: it answers, but has not shown that it can commit.
        else:
            self._fault = None
            self._tripped.clear()
