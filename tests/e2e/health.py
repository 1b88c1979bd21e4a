"""A load balancer's eye: asks ``/health/ready`` all the time and remembers every answer."""

import threading
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from tests.e2e.server import Server, wait_for

PAUSE_S = 0.02


@dataclass(frozen=True, slots=True)
class Observation:
    """One answer, between two moments."""

    asked: float
    answered: float
    status: int


class HealthWatch:
    """Polls in a thread of its own. Use as a context manager."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True)
        self.observations: list[Observation] = []

    def __enter__(self) -> Self:
        self._thread.start()
        self.look()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    def look(self, times: int = 5) -> None:
        """Wait for some more answers."""
        enough = len(self.observations) + times
        wait_for("health answers", lambda: len(self.observations) >= enough)

    def until(self, status: int) -> float:
        """Wait until it answers so; the moment."""
        seen = len(self.observations)

        def answered() -> bool:
            return any(one.status == status for one in self.observations[seen:])

        wait_for(f"/health/ready says {status}", answered)
        return time.monotonic()

    def statuses(self, since: float = 0.0, until: float = float("inf")) -> list[int]:
        """Answers to questions that were asked and answered within these moments."""
        return [
            one.status for one in self.observations if one.asked >= since and one.answered <= until
        ]

    def _poll(self) -> None:
        while not self._stop.wait(PAUSE_S):
            asked = time.monotonic()
            status = self._server.get("/health/ready")[0]
            self.observations.append(Observation(asked, time.monotonic(), status))
