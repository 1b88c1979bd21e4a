"""Keeps logs short: merges old rows into a checkpoint and a history (L4).

The store reads and replaces; a worker process merges and verifies; this module
only brings the two together, one document at a time. A merge that does not verify
leaves everything as it is. Live rooms are not involved: they have what is merged.
"""

import logging
from dataclasses import dataclass, field, replace

from server.document.compaction import Row, Run, compact
from server.protocol.errors import AgentcError, StoreUnavailable
from server.protocol.ids import ProjectId
from server.room.ports import (
    Attribution,
    Clock,
    Compacted,
    CompactionInput,
    CompactionLog,
    HistoryRun,
)
from server.room.statistics import Statistics
from server.room.worker import Worker

logger = logging.getLogger(__name__)

ROUND_SECONDS = 5.0
BATCH = 16
PUT_OFF_SECONDS = 600.0
"""How long a document that could not be compacted is left alone."""


@dataclass(slots=True)
class Compactor:
    """The one compactor of this process. ``run`` is its task."""

    log: CompactionLog
    worker: Worker
    clock: Clock
    statistics: Statistics
    _put_off: dict[ProjectId, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Look for work every few seconds, for ever."""
        while True:
            await self.clock.sleep(ROUND_SECONDS)
            try:
                await self.round()
            except AgentcError as error:
                logger.warning("compaction is put off: %s", error.message)

    async def round(self) -> None:
        """Compact every document that is due, the most overgrown first."""
        now = self.clock.monotonic()
        self._put_off = {name: until for name, until in self._put_off.items() if until > now}
        for project in await self.log.candidates(BATCH + len(self._put_off)):
            if project not in self._put_off:
                await self._try(project)

    async def _try(self, project: ProjectId) -> None:
        """A document that cannot be compacted must not keep the others from it."""
        try:
            await self.compact(project)
        except StoreUnavailable:
            raise  # Not this document's fault.
        except Exception:
            logger.exception("document %s is not compacted", project)
            self._put_off[project] = self.clock.monotonic() + PUT_OFF_SECONDS

    async def compact(self, project: ProjectId) -> bool:
        """Compact one document; False when somebody else was faster."""
        source = await self.log.read(project)
        if not source.updates:
            return False
        compacted = await self.worker.run(merged, source)
        # What was read may be as large as the document, and only its ids are needed now.
        source = replace(source, checkpoint=None, updates=())
        done = await self.log.replace(source, compacted)
        self.statistics.compactions += done
        return done


def merged(source: CompactionInput) -> Compacted:
    """What replaces these rows. Plain and picklable: it runs in the worker process."""
    rows = tuple(Row(row.seq, row.by, row.at, row.payload) for row in source.updates)
    result = compact(source.checkpoint, rows)
    return Compacted(result.checkpoint, tuple(_history_run(run) for run in result.runs))


def _history_run(run: Run[Attribution]) -> HistoryRun:
    return HistoryRun(
        first=run.first,
        last=run.last,
        by=run.author,
        started_at=run.started_at,
        ended_at=run.ended_at,
        payload=run.payload,
    )
