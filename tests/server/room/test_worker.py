"""The worker process: it works, and it does not outlive the process that it works for."""

import subprocess
import sys
import tracemalloc
from pathlib import Path

import psutil
import pytest

from server.protocol.errors import DocumentDamaged
from server.room.worker import Worker

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PATIENCE_S = 20.0
LARGE = 16 << 20
START_AND_WAIT = """
import asyncio, os, time
from server.room.worker import Worker

if __name__ == "__main__":
    worker = Worker()  # Kept: a pool that nobody holds ends its processes.
    print(asyncio.run(worker.run(os.getpid)), flush=True)
    time.sleep(60)
"""

TELL_WHO_LOADS = """
import asyncio, os
from server.room.worker import Worker

print("loaded as", __name__, flush=True)
if __name__ == "__main__":
    worker = Worker()
    asyncio.run(worker.run(os.getpid))
    worker.close()
    print("worked", flush=True)
"""


def double(number: int) -> int:
    return 2 * number


def end_badly() -> None:
    import os

    os.abort()


async def test_what_ends_the_worker_is_told_and_the_next_one_works() -> None:
    worker = Worker()
    try:
        assert await worker.run(double, 21) == 42
        with pytest.raises(DocumentDamaged):
            await worker.run(end_badly)
        assert await worker.run(double, 4) == 8
    finally:
        worker.close()


async def test_what_the_worker_was_given_is_not_kept() -> None:
    worker = Worker()
    try:
        assert await worker.run(double, 21) == 42
        tracemalloc.start()
        assert await worker.run(len, bytes(LARGE)) == LARGE
        kept, peak = tracemalloc.get_traced_memory()
        assert peak > LARGE
        assert kept < LARGE // 10
    finally:
        tracemalloc.stop()
        worker.close()


def test_a_killed_server_leaves_no_worker_behind() -> None:
    with subprocess.Popen([sys.executable, "-c", START_AND_WAIT], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        family = psutil.Process(server.pid).children(recursive=True)
        server.kill()
    assert pid in {process.pid for process in family}
    assert psutil.wait_procs(family, timeout=PATIENCE_S)[1] == []


def test_the_worker_does_not_import_what_its_parent_was_started_as(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(TELL_WHO_LOADS)
    told = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, timeout=PATIENCE_S, check=True
    )
    assert told.stdout.splitlines() == ["loaded as __main__", "worked"]
