"""A diagram as a model structures it, and the Mermaid that we write from that.

Each kind reads one complete answer. Names that a model gives things stay inside: the
serializers of ``server.document.mermaid`` make up their own. What small models do is put right:
ends are found by id or else by label, what has neither is left out, numbers come within bounds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from ai_agent.writing.cleaning import name, number, objects
from ai_agent.writing.json_stream import Event, Value
from ai_agent.writing.operations import AddDiagram, Operation
from server.document.mermaid.flowchart import Arrow, Box, flowchart
from server.document.mermaid.gantt import Task, gantt
from server.document.mermaid.mindmap import Item, mindmap
from server.document.mermaid.sequence import Message, Participant, sequence_diagram
from server.document.mermaid.state import state_diagram
from server.document.mermaid.timeline import Period, timeline

MAX_DAYS: Final = 3650
MAX_LEVEL: Final = 12


class DiagramKind(StrEnum):
    """What we can draw."""

    FLOWCHART = "flowchart"
    SEQUENCE = "sequence"
    MINDMAP = "mindmap"
    GANTT = "gantt"
    STATE = "state"
    TIMELINE = "timeline"


class Diagram:
    """An answer that is one diagram; written once it is complete.

    ``first_day`` is day 0 of a Gantt chart.
    """

    def __init__(self, key: str, kind: DiagramKind, first_day: date) -> None:
        self._key = key
        self._kind = kind
        self._first_day = first_day

    def hear(self, event: Event) -> Iterator[Operation]:
        """What is to be written now."""
        match event:
            case Value((), dict(answer)):
                source = _SOURCES[self._kind](answer, self._first_day)
                title = name(answer.get("title")) or self._kind.capitalize()
                yield AddDiagram(self._key, title, self._kind, source)
            case _:
                pass

    def finish(self) -> Iterator[Operation]:
        """Nothing is left when an answer is complete."""
        return iter(())


def _flowchart(answer: Mapping[str, Any], _: date) -> str:
    boxes = _boxes(answer.get("nodes"))
    return flowchart(boxes, _arrows(answer.get("edges"), boxes))


def _state(answer: Mapping[str, Any], _: date) -> str:
    boxes = _boxes(answer.get("states"))
    return state_diagram(boxes, _arrows(answer.get("transitions"), boxes))


def _sequence(answer: Mapping[str, Any], _: date) -> str:
    boxes = _boxes(answer.get("participants"))
    told = [
        Message(*ends, name(one.get("text")), one.get("reply") is True)
        for one, ends in _with_ends(answer.get("messages"), boxes)
    ]
    return sequence_diagram([Participant(box.id, box.label) for box in boxes], told)


def _mindmap(answer: Mapping[str, Any], _: date) -> str:
    items = [
        Item(number(one.get("level"), 1, MAX_LEVEL), text)
        for one in objects(answer.get("items"))
        if (text := name(one.get("text")))
    ]
    return mindmap(name(answer.get("title")), items)


def _gantt(answer: Mapping[str, Any], first_day: date) -> str:
    tasks: list[Task] = []
    for one in objects(answer.get("tasks")):
        start = first_day + timedelta(days=number(one.get("start_day"), 0, MAX_DAYS))
        days = number(one.get("days"), 1, MAX_DAYS)
        if text := name(one.get("name")):
            tasks.append(Task(name(one.get("section")), text, start.isoformat(), days))
    return gantt(name(answer.get("title")), tasks)


def _timeline(answer: Mapping[str, Any], _: date) -> str:
    periods: list[Period] = []
    for one in objects(answer.get("periods")):
        events = one.get("events")
        told = [name(event) for event in events] if isinstance(events, list) else []
        if period := name(one.get("name")):
            periods.append(Period(period, tuple(event for event in told if event)))
    return timeline(name(answer.get("title")), periods)


_SOURCES: Final[Mapping[DiagramKind, Callable[[Mapping[str, Any], date], str]]] = {
    DiagramKind.FLOWCHART: _flowchart,
    DiagramKind.SEQUENCE: _sequence,
    DiagramKind.MINDMAP: _mindmap,
    DiagramKind.GANTT: _gantt,
    DiagramKind.STATE: _state,
    DiagramKind.TIMELINE: _timeline,
}


def _boxes(value: object) -> list[Box]:
    """Things with an id and a label; of two with one id, the first has it."""
    boxes: dict[str, Box] = {}
    for one in objects(value):
        called = name(one.get("id"))
        label = name(one.get("label")) or called
        if label:
            key = called or label
            boxes.setdefault(key if key not in boxes else f"{key}\n{len(boxes)}", Box("", label))
    return [Box(key, box.label) for key, box in boxes.items()]


def _arrows(value: object, boxes: Iterable[Box]) -> list[Arrow]:
    return [Arrow(*ends, name(one.get("label"))) for one, ends in _with_ends(value, boxes)]


def _with_ends(
    value: object, boxes: Iterable[Box]
) -> Iterator[tuple[dict[str, object], tuple[str, str]]]:
    """What goes from one box to another, and their ids."""
    ids = {box.label.casefold(): box.id for box in boxes}
    ids |= {box.id: box.id for box in boxes}
    for one in objects(value):
        source, target = (
            ids.get(called, ids.get(called.casefold()))
            for called in (name(one.get("source")), name(one.get("target")))
        )
        if source is not None and target is not None:
            yield one, (source, target)
