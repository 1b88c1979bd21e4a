"""What a process tree has used, read from /proc, and where it may run.

CPU is user and system time of the process, its living descendants and those that it
has already buried. Bytes written are what the kernel was asked to bring to the disk.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

PROC = Path("/proc")
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """A moment in the life of a process tree."""

    cpu_s: float = 0.0
    rss: int = 0
    written: int = 0
    descriptors: int = 0
    threads: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        names = [field.name for field in fields(self)]
        return Usage(*(getattr(self, name) + getattr(other, name) for name in names))


def tree(pid: int) -> Iterator[int]:
    """The process and its descendants."""
    yield pid
    for children in PROC.glob(f"{pid}/task/*/children"):
        for child in _read(children).split():
            yield from tree(int(child))


def usage(pid: int) -> Usage:
    """What the tree under ``pid`` uses now. A process that has just ended counts nothing."""
    total = Usage()
    for member in tree(pid):
        total += _one(member)
    return total


def parse_stat(text: str) -> tuple[float, int, int]:
    """CPU seconds, buried children included; threads; resident bytes. From /proc/PID/stat."""
    rest = text.rpartition(")")[2].split()  # A command's name may hold anything but this.
    ticks = sum(int(rest[field]) for field in (11, 12, 13, 14))
    return ticks / TICK, int(rest[17]), int(rest[21]) * PAGE


def parse_io(text: str) -> int:
    """Bytes that were sent to the storage layer. From /proc/PID/io."""
    rows = dict(line.split(": ") for line in text.splitlines())
    return int(rows.get("write_bytes", 0))


def _one(pid: int) -> Usage:
    stat = _read(PROC / str(pid) / "stat")
    if not stat:
        return Usage()
    cpu, threads, rss = parse_stat(stat)
    try:
        descriptors = len(os.listdir(PROC / str(pid) / "fd"))
    except OSError:
        descriptors = 0
    return Usage(cpu, rss, parse_io(_read(PROC / str(pid) / "io")), descriptors, threads)


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""


@dataclass(frozen=True, slots=True)
class Cores:
    """Which core the server has for itself, and which is everybody else's."""

    server: int
    others: int

    @property
    def shared(self) -> bool:
        """Whether there was only one: then nothing that is measured means much."""
        return self.server == self.others


def cores() -> Cores:
    """Two of the cores that we may use."""
    mine = sorted(os.sched_getaffinity(0))
    return Cores(server=mine[-1], others=mine[0])
