"""A process of its own for heavy or risky work on Yjs bytes.

pycrdt holds the GIL while it merges, and hostile bytes that got past every guard
could take a process down. So merging for compaction happens in one worker process,
which is started on first use and started again if it dies. The functions that run
there are plain and picklable; they live on the document's floor.
"""

import asyncio
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context
from types import ModuleType
from typing import ParamSpec, TypeVar

from server.protocol.errors import DocumentDamaged

P = ParamSpec("P")
R = TypeVar("R")

PATIENCE_SECONDS = 300.0
"""Longer than the largest document takes to merge."""


class Here:
    """Runs a function in a thread of this very process: for commands, which serve nobody else."""

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of ``work``. Raises what it raises."""
        return await asyncio.to_thread(work, *args, **kwargs)


class Worker:
    """Runs one function at a time in another process."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of ``work``. Raises what it raises; ``DocumentDamaged`` if it kills
        the process that it runs in."""
        assert not kwargs, "only positional arguments travel to the worker"
        pool = self._start()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                loop = asyncio.get_running_loop()
                with _without_main():
                    doing = loop.run_in_executor(pool, work, *args)
                result = await doing
                # The thread that feeds the other process keeps what it has sent last, pickled,
                # until the next: for a large document half a gigabyte.
                await loop.run_in_executor(pool, _nothing)
                return result
        except TimeoutError as error:
            self._discard(pool)
            raise DocumentDamaged(f"no result within {PATIENCE_SECONDS:.0f} s") from error
        except BrokenProcessPool as error:
            self._discard(pool)
            raise DocumentDamaged("these updates ended the process that merged them") from error

    def close(self) -> None:
        """Stop the process; what it was doing is abandoned."""
        pool, self._pool = self._pool, None
        if pool is not None:
            # Its queue is not waited for, and a long merge must not hold up our own end.
            processes = list((pool._processes or {}).values())
            pool.shutdown(wait=False, cancel_futures=True)
            for process in processes:
                process.kill()

    def _start(self) -> ProcessPoolExecutor:
        if self._pool is None:
            # Not fork: this process has threads and an event loop.
            self._pool = ProcessPoolExecutor(
                max_workers=1, mp_context=get_context("spawn"), initializer=_end_with_parent
            )
        return self._pool

    def _discard(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self.close()


@contextmanager
def _without_main() -> Iterator[None]:
    """A process that is started in here imports what it is called for, and not also what
    this one was started as: that is the whole server, most of a second of CPU."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _nothing() -> None:
    """Work that takes no memory."""


def _end_with_parent() -> None:
    """Runs in the worker. It holds both ends of the queue that it reads from, so it would
    wait there for ever when this process is killed."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "the worker is a child"

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, name="end with parent", daemon=True).start()
