"""A scribe at a document of its own, and what others do to that document."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ai_agent.writing.operations import Operation
from ai_agent.writing.scribe import Scribe
from server.document.landed import NOTHING, Landed
from server.document.live import Document
from server.document.replica import Replica
from server.document.schema import ProjectView, read_project, seed
from server.protocol.ids import RunId

RUN = RunId("run1")


class Desk:
    """The document of a room, with one scribe in it. ``rows`` are what the run has logged."""

    def __init__(self) -> None:
        self.room = Replica.load([seed(1, "Plan")])
        self.seconds = 0.0
        self.rows: list[bytes] = []
        self.scribe = self.attempt()

    def attempt(self, landed: Landed = NOTHING) -> Scribe:
        """A new attempt of the run."""
        return Scribe(
            RUN, self.room.full(), name="Ada", color="#0af", now=lambda: self.seconds, landed=landed
        )

    def write(self, *operations: Operation) -> bytes | None:
        """The agent writes, and the room has it."""
        update = self.scribe.perform(operations)
        if update is not None:
            self.rows.append(update)
            self.room.apply(update)
        return update

    def person(self, change: Callable[[Document], object]) -> None:
        """Somebody changes the document, and the agent hears of it."""
        with _theirs(self.room) as theirs:
            _, event = theirs.edit(change, lambda _: None)
        if event is not None:
            self.room.apply(event)
            self.scribe.receive(event)

    def view(self) -> ProjectView:
        """The project as it is."""
        return read_project(self.room)

    def close(self) -> None:
        """Let go of everything."""
        self.scribe.close()
        self.room.close()


@contextmanager
def _theirs(room: Replica) -> Iterator[Replica]:
    replica = Replica.load([room.full()])
    try:
        yield replica
    finally:
        replica.close()


@contextmanager
def a_desk() -> Iterator[Desk]:
    """An empty project with an agent in it."""
    desk = Desk()
    try:
        yield desk
    finally:
        desk.close()
