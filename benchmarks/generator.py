"""The load generator as seen from Python: a process of its own, on a core of its own.

Compiled once from ``native/`` with the system's C compiler. Each call is one command
and one answer; ``Outcome.check`` turns an answer that is not perfect into a failure of
the server. The generator reports its own CPU, so that a run in which it was the
bottleneck can be told.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from benchmarks.numbers import histogram_percentile
from benchmarks.scripts import Seat, Writer, write_script, write_table

NATIVE = Path(__file__).parent / "native"
SOURCES = {"loadgen": ("loadgen.c", "files.c", "wire.c", "check.c"), "relay": ("relay.c",)}
FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-D_GNU_SOURCE")
GRACE_S = 10.0


class Unfit(Exception):
    """A server did not do what the workload asks; or a tool is missing."""

    log = ""
    """The end of the server's log at that moment."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the generator saw while it carried out one command."""

    ok: bool
    seconds: float
    cpu: float
    sent: int
    finished: int
    deliveries: int
    again: int
    gaps: int
    leaks: int
    closed: int
    refused: int
    frames: int
    bytes: int
    status: int
    denied: int
    late_ms: float
    synced: int
    step2: int
    seen: tuple[int, ...]
    """Of each writer, how many edits some other client has seen; empty for many writers."""
    error: str
    hist: tuple[tuple[int, int], ...]

    @classmethod
    def read(cls, line: str) -> "Outcome":
        """An answer, as the generator prints it."""
        values: dict[str, Any] = json.loads(line)
        values["seen"] = tuple(values["seen"])
        values["hist"] = tuple((bucket, count) for bucket, count in values["hist"])
        return cls(**values)

    @property
    def busy(self) -> float:
        """The share of the time that the generator itself was computing."""
        return self.cpu / self.seconds if self.seconds else 0.0

    def ms(self, share: float) -> float:
        """A percentile of the latencies, in milliseconds."""
        return histogram_percentile(self.hist, share) / 1e6

    def check(self, what: str) -> "Outcome":
        """Every client saw every marker in order, and nothing else happened."""
        wrong = {
            name: getattr(self, name)
            for name in ("gaps", "leaks", "closed", "refused", "denied")
            if getattr(self, name)
        }
        if self.ok and not wrong:
            return self
        told = f", first error: {self.error}" if self.error else ""
        raise Unfit(
            f"{what}: not finished and faultless after {self.seconds:.1f} s: {wrong or 'time'}; "
            f"{self.finished} of {self.sent} were seen by all, {self.synced} connected{told}"
        )


def build(folder: Path, name: str) -> Path:
    """Compile ``loadgen`` or ``relay`` into ``folder``; the program."""
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        raise Unfit("the load generator needs a C compiler: install gcc or clang")
    program = folder / name
    sources = [str(NATIVE / source) for source in SOURCES[name]]
    subprocess.run([compiler, *FLAGS, "-o", str(program), *sources], check=True)
    return program


class Generator:
    """One run of the load generator against one server; use as a context manager."""

    def __init__(
        self,
        program: Path,
        folder: Path,
        *,
        port: int,
        core: int,
        syncs: bool,
        seats: Sequence[Seat],
    ) -> None:
        self._folder = folder
        table = folder / "clients.txt"
        write_table(table, seats)
        with (folder / "loadgen.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(program), str(port), str(int(syncs)), str(table)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        os.sched_setaffinity(self._process.pid, {core})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def ask(self, command: str) -> Outcome:
        """One command, one answer."""
        pipe_in, pipe_out = self._process.stdin, self._process.stdout
        assert pipe_in is not None and pipe_out is not None
        try:
            pipe_in.write(command + "\n")
            pipe_in.flush()
        except BrokenPipeError:
            pass
        line = pipe_out.readline()
        if not line:
            log = (self._folder / "loadgen.log").read_text()
            raise Unfit(f"the load generator ended at {command!r}: {log.strip()}")
        return Outcome.read(line)

    def script(self, writers: Sequence[Writer]) -> None:
        """What will be written."""
        file = self._folder / "script.bin"
        write_script(file, writers)
        self.ask(f"script {file}")

    def connect(self, first: int, count: int, *, at_once: int, patience: float) -> Outcome:
        """Open clients until all are synchronised; the latencies are theirs."""
        return self.ask(f"connect {first} {count} {at_once} {patience * 1e3}")

    def drop(self, first: int, count: int) -> None:
        """Lose connections."""
        self.ask(f"drop {first} {count}")

    def window(
        self, in_flight: int, upto: int, *, patience: float, sending: float | None = None
    ) -> Outcome:
        """Each writer goes on to its ``upto``-th edit, or for ``sending`` seconds, keeping
        ``in_flight`` on the way; then what was sent has to arrive."""
        seconds = patience if sending is None else sending
        return self.ask(f"window {in_flight} {upto} {seconds * 1e3} {patience * 1e3}")

    def paced(self, rate: float, upto: int, *, patience: float, clump: int = 1) -> Outcome:
        """All writers together write ``rate`` edits a second, up to their ``upto``-th, evenly
        or ``clump`` in the same moment."""
        return self.ask(f"paced {rate} {clump} {upto} {patience * 1e3}")

    def hold(self, seconds: float) -> Outcome:
        """Do nothing but stay."""
        return self.ask(f"hold {seconds * 1e3}")
