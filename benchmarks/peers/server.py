"""One running server: started on a core of its own, watched, stopped, and its log kept."""

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.generator import Unfit
from benchmarks.peers.agentc import register
from benchmarks.peers.kinds import Kind, Place
from benchmarks.process import Cores, Usage, usage
from benchmarks.scripts import Seat

PATH = "/usr/local/bin:/usr/bin:/bin"
TAIL = 1_500


def free_port() -> int:
    """A port that nothing listens on, a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def folded(log: str) -> str:
    """A log in which a line that comes again and again is told once."""
    runs = [(line, len(list(same))) for line, same in groupby(log.splitlines())]
    return "\n".join(line if n == 1 else f"{line} ({n} times)" for line, n in runs)


@dataclass(slots=True)
class Server:
    """A process of one kind in a folder of its own. ``start`` and ``stop`` at will."""

    kind: Kind
    folder: Path
    programs: Path
    cores: Cores
    rooms: int
    patience: float
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # --- its life ---

    def start(self) -> None:
        """Start, and wait until it answers HTTP."""
        needs = self.kind.needs
        if needs is not None and not needs.exists():
            raise Unfit(f"not installed: run `make bench-peers` ({needs.name} is missing)")
        self._prepare()
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(
                self.kind.command(Place(self.folder, self.port, self.programs)),
                cwd=self.folder,
                env={"PATH": PATH, "HOME": str(self.folder), **self.kind.environment},
                stdout=log,
                stderr=log,
            )
        os.sched_setaffinity(self.process.pid, {self.cores.server})
        self._wait_until_up()

    def stop(self) -> None:
        """Ask it to end, and wait; insist if it does not."""
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.kind.registers or (self.folder / "rooms.json").exists():
            return
        template = self.programs / f"projects-{self.rooms}"
        if not (template / "rooms.json").exists():
            shutil.rmtree(template, ignore_errors=True)
            register(template, self.rooms)
        shutil.copytree(template, self.folder, dirs_exist_ok=True)

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                raise Unfit("it ended while starting")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        raise Unfit(f"it did not listen within {self.patience:.0f} s")

    # --- what it tells ---

    @property
    def pid(self) -> int:
        """Of the process that was started."""
        assert self.process is not None
        return self.process.pid

    @property
    def log_file(self) -> Path:
        """All that it has printed, over all its starts."""
        return self.folder / "server.log"

    def log_tail(self) -> str:
        """The end of its log."""
        if not self.log_file.exists():
            return ""
        return folded(self.log_file.read_text(errors="replace"))[-TAIL:].strip()

    def usage(self) -> Usage:
        """What it has used so far."""
        return usage(self.pid)

    # --- its rooms ---

    def seats(self, rooms: int, clients: int) -> Sequence[Seat]:
        """``clients`` seats in each of ``rooms`` rooms; those of one room stand together."""
        if self.kind.enveloped:
            places = [Seat(room, "/", f"room-{room}") for room in range(rooms)]
        else:
            places = [Seat(room, path) for room, path in enumerate(self.paths(rooms))]
        return [seat for seat in places for _ in range(clients)]

    def paths(self, rooms: int) -> Sequence[str]:
        """Where the first ``rooms`` documents are."""
        if not self.kind.registers:
            return [f"{self.kind.prefix}room-{room}" for room in range(rooms)]
        known = json.loads((self.folder / "rooms.json").read_text())
        made, token = known["rooms"][:rooms], known["token"]
        return [f"{self.kind.prefix}{room}?token={token}" for room in made]
