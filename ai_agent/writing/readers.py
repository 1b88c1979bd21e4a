"""From what a model says, piece by piece, to operations.

One reader for one answer. The tasks are told apart by what they hear (``sections``, ``graph``,
``diagrams``, ``selection``); the shapes of their answers are in ``schemas``. However the text is
cut, the same is done, and an answer that is cut short has done a clean beginning of the whole.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Protocol

from ai_agent.writing.diagrams import Diagram, DiagramKind
from ai_agent.writing.graph import Graph
from ai_agent.writing.json_stream import Event, JsonStream
from ai_agent.writing.operations import Operation
from ai_agent.writing.sections import Sections
from ai_agent.writing.selection import Selection
from server.document.elements import ElementRef


class Listener(Protocol):
    """What one task makes of the events of its answer."""

    def hear(self, event: Event) -> Iterable[Operation]:
        """What is to be written now."""

    def finish(self) -> Iterable[Operation]:
        """What is to be written once the answer is complete."""


class Reader:
    """Reads the answer to one task."""

    def __init__(self, listener: Listener) -> None:
        self._stream = JsonStream()
        self._listener = listener

    def feed(self, text: str) -> list[Operation]:
        """What can be done with this piece: text flows before its JSON string closes.

        Raises ``Nonsense`` for what no continuation can make right, and never for a prefix of
        something right; what came before the mistake is answered first.
        """
        return list(self._heard(self._stream.feed(text)))

    def end(self) -> list[Operation]:
        """What can be done now that nothing more comes. Raises ``Nonsense`` for an answer that
        is cut short; the operations so far are a clean prefix of the whole."""
        self._stream.end()
        return list(self._listener.finish())

    def _heard(self, events: Iterable[Event]) -> Iterator[Operation]:
        for event in events:
            yield from self._listener.hear(event)


def plan_reader() -> Reader:
    """For a plan, or for some sections of one."""
    return Reader(Sections())


def graph_reader(known: Mapping[str, str]) -> Reader:
    """For a graph; ``known`` are the nodes that the model was told of: id to label."""
    return Reader(Graph(known))


def diagram_reader(key: str, kind: DiagramKind, first_day: date) -> Reader:
    """For one diagram; ``first_day`` is day 0 of a Gantt chart."""
    return Reader(Diagram(key, kind, first_day))


def selection_reader(
    texts: Mapping[str, tuple[ElementRef, str]], known: Mapping[str, str]
) -> Reader:
    """For free words about a selection; ``texts`` are the texts that the model was shown, by
    the names that it was told, ``known`` the nodes as in ``graph_reader``."""
    return Reader(Selection(texts, known))
