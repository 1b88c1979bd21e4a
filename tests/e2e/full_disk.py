"""The outage story on a real file system that is really full; by hand, ``make full-disk``.

Mounts a tmpfs of three megabytes, which needs root, puts the database on it, and fills what
is left with a file while people type. Says why, and succeeds, where it cannot run.
"""

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.living_through import run_story
from tests.e2e.server import Server
from tests.interop.node import missing

SIZE = "3m"
CHUNKS = (64 * 1024, 1)
"""Large pieces while they fit, then byte by byte: not one more may fit."""


@dataclass(slots=True)
class Brim:
    """A file that takes all the room there is."""

    folder: Path

    @property
    def ballast(self) -> Path:
        """The file."""
        return self.folder / "ballast"

    def begin(self) -> None:
        """Fill the file system."""
        with self.ballast.open("ab", buffering=0) as file:
            for size in CHUNKS:
                while _fits(file.fileno(), size):
                    pass
        say(f"full: {room(self.folder)} bytes left, ballast {self.ballast.stat().st_size}")

    def end(self) -> None:
        """Free it."""
        self.ballast.unlink()
        say(f"freed: {room(self.folder)} bytes left")


def _fits(file: int, size: int) -> bool:
    try:
        return os.write(file, bytes(size)) == size
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return False


def room(folder: Path) -> int:
    """Bytes that still fit."""
    return shutil.disk_usage(folder).free


@contextmanager
def tmpfs() -> Iterator[Path]:
    """A small file system, for a while."""
    with tempfile.TemporaryDirectory(prefix="8gentc-full-") as name:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", name], check=True)
        try:
            yield Path(name)
        finally:
            subprocess.run(["umount", name], check=True)


def why_not() -> str | None:
    """Why this cannot run here; None if it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "mounting a tmpfs needs root on Linux"
    try:
        with tmpfs():
            return missing()
    except (OSError, subprocess.CalledProcessError) as error:
        return f"a tmpfs cannot be mounted here: {error}"


def say(words: str) -> None:
    """One line for whoever watches."""
    print(words, flush=True)


def main() -> int:
    """Run the story once."""
    reason = why_not()
    if reason is not None:
        say(f"skipped: {reason}")
        return 0
    with tmpfs() as disk, tempfile.TemporaryDirectory(prefix="8gentc-home-") as home:
        server = Server(Path(home), f"sqlite:///{disk}/8gentc.db")

        def restart() -> None:
            say(f"stopped with {server.stop()}; on the disk: {sizes(disk)}")
            server.start()

        with server:
            say(f"started on {SIZE}; on the disk: {sizes(disk)}")
            told = run_story(server, Brim(disk), restart)
        say(str(told))
        assert "Traceback" not in server.log()
        faults = sorted(set(reasons(server.log())))
        say(f"what the log says: {'; '.join(faults)}")
    say("passed: nobody was told or shown what was not saved, and everything arrived")
    return 0


def sizes(folder: Path) -> str:
    """What is there, in bytes."""
    return ", ".join(f"{path.name} {path.stat().st_size}" for path in sorted(folder.iterdir()))


def reasons(log: str) -> Iterator[str]:
    """Why the store was out of service, without times and names."""
    for line in log.splitlines():
        if "the database does not work: " in line:
            yield line.partition("the database does not work: ")[2]


if __name__ == "__main__":
    sys.exit(main())
