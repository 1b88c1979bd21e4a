"""A run that waits for people is done once they have decided on all that it proposed.

They decide in the document, through whatever client; so it is looked at, not counted. What does
not live here: deciding (``server.document.proposals``).
"""

from collections.abc import Iterable

from server.document.proposals import Proposal, Status, proposals_of
from server.protocol.ids import ProjectId, RunId
from server.room.rooms import Rooms
from server.room.run_ports import Run, Runs, RunStatus


async def open_proposals(rooms: Rooms, project: ProjectId, run: RunId) -> tuple[Proposal, ...]:
    """Those of a run that nobody has decided on."""
    return open_of(run, (await rooms.look(project, proposals_of)).value)


def open_of(run: RunId, proposals: Iterable[Proposal]) -> tuple[Proposal, ...]:
    """Those of a run among these that nobody has decided on."""
    return tuple(one for one in proposals if one.run == run and one.status is Status.OPEN)


async def settled(rooms: Rooms, runs: Runs, run: Run) -> Run:
    """The run as it stands now that somebody looks."""
    if run.status is not RunStatus.WAITING or await open_proposals(rooms, run.project, run.id):
        return run
    return await runs.settle(run.id)
