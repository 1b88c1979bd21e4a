"""The memory of a server's process, as the kernel counts it. Linux only."""

import asyncio
import time
from pathlib import Path

import psutil

QUIET_S = 12.0
"""Longer than two rounds of the compactor."""
IDLE_CPU_S = 0.2
"""What a server without work spends in that time, and more."""


class Memory:
    """The memory of a process: what it has now, and the most that it had meanwhile.

    From ``/proc``, where the kernel keeps the peak: whoever looks now and then misses it.
    """

    def __init__(self, process: psutil.Process) -> None:
        self._folder = Path("/proc") / str(process.pid)
        self._process = process

    async def quiet(self) -> None:
        """Return once the process and the worker that compacts for it have nothing to do."""
        spent, since = self._cpu(), time.monotonic()
        while time.monotonic() - since < QUIET_S:
            await asyncio.sleep(0.5)
            if self._cpu() - spent > IDLE_CPU_S:
                spent, since = self._cpu(), time.monotonic()

    def _cpu(self) -> float:
        family = [self._process, *self._process.children(recursive=True)]
        return sum(sum(member.cpu_times()[:2]) for member in family)

    def forget_peak(self) -> None:
        """From now on."""
        (self._folder / "clear_refs").write_text("5")

    @property
    def now(self) -> int:
        """In bytes."""
        return self._field("VmRSS")

    @property
    def peak(self) -> int:
        """In bytes, since it was last forgotten."""
        return self._field("VmHWM")

    def _field(self, name: str) -> int:
        status = (self._folder / "status").read_text()
        return int(status.split(f"{name}:")[1].split()[0]) << 10
