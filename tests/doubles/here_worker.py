"""The worker process's work done in this process, which is quicker to start."""

from collections.abc import Callable
from typing import Any

from server.protocol.errors import DocumentDamaged
from server.protocol.ids import ProjectId
from server.room.worker import Worker


class HereWorker(Worker):
    """Runs the work in this process, and fails on request."""

    def __init__(self) -> None:
        super().__init__()
        self.fails_for: set[ProjectId] = set()
        self.asked: list[ProjectId] = []

    async def run(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """The result of the work."""
        # Work on a whole document names it; work on its bytes does not.
        project = getattr(args[0], "project", None)
        if project is not None:
            self.asked.append(project)
        if project in self.fails_for:
            raise DocumentDamaged("told to")
        return work(*args)
