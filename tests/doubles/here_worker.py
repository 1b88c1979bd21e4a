"""The worker process's work done in this process, which is quicker to start."""

from collections.abc import Callable, Iterator
from typing import Any

from server.protocol.errors import DocumentDamaged
from server.protocol.ids import ProjectId
from server.room.difference import Job, Source
from server.room.ports import CompactionInput
from server.room.worker import Worker


class HereWorker(Worker):
    """Runs the work in this process, and fails on request."""

    def __init__(self) -> None:
        super().__init__()
        self.fails_for: set[ProjectId] = set()
        self.asked: list[ProjectId] = []

    async def run(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The result of the work."""
        projects = list(_named(args[0]))
        self.asked += projects
        if not self.fails_for.isdisjoint(projects):
            raise DocumentDamaged("told to")
        return work(*args)


def _named(work: object) -> Iterator[ProjectId]:
    """The documents that a piece of work names: one, some, or none."""
    match work:
        case list():
            for part in work:
                yield from _named(part)
        case Job(source=Source(project=project)) | CompactionInput(project=project):
            yield project
        case _:
            pass
