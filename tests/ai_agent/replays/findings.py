"""What a replay has to answer for, and how it is found in what is left of it.

Everything is counted in the document itself, as its clients have it, and in the books of the
model's server; nothing that the agent says of itself is believed.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ai_agent.writing.operations import (
    AddDiagram,
    AddEdge,
    AddNode,
    AddSection,
    AppendText,
    Operation,
    Propose,
    Say,
)
from ai_agent.writing.readers import Reader
from server.document.proposals import How, Proposal
from server.document.schema import ProjectView
from server.protocol.errors import Nonsense
from tests.ai_agent.writing.people import Person, is_persons

Things = Counter[tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Findings:
    """All zero, or a promise is broken. ``unended`` are runs without an end, ``apart`` clients that
    hold something else than the room."""

    lost: int = 0
    dangling: int = 0
    duplicates: int = 0
    overruns: int = 0
    unended: int = 0
    apart: int = 0


def lost(people: Sequence[Person], view: ProjectView) -> int:
    """Characters of people that nobody deleted and that are nowhere."""
    alive = {char for one in people for char in one.alive}
    gone = {char for one in people for char in one.gone}
    return len(alive - gone - {char for one in view.sections for char in one.body})


def half_shown(view: ProjectView) -> int:
    """Edges that are shown without one of their ends."""
    nodes = {node.id for node in view.nodes}
    return sum(not {edge.source, edge.target} <= nodes for edge in view.edges)


def duplicates(
    view: ProjectView,
    before: ProjectView,
    proposals: Iterable[Proposal],
    answers: Sequence[Callable[[], tuple[Reader, str]]],
) -> int:
    """Elements, and texts, that are there more often than any answer has them."""
    told = [list(_told(*answer())) for answer in answers]
    most: Things = Counter()
    for one in told:
        most |= _things(one)
    proposed = [one for one in proposals if one.how is How.APPEND]
    twice = _made(view, before) - most
    bodies = [body for one in told for body in _bodies(one).values()] + [""]
    return sum(twice.values()) + sum(
        not any(_is_in_order(text, body) for body in bodies) for text in _texts(view, proposed)
    )


def _told(reader: Reader, answer: str) -> Iterable[Operation]:
    """What one undisturbed writing of an answer would do."""
    try:
        for char in answer:
            yield from reader.feed(char)
        yield from reader.end()
    except Nonsense:
        return


def _things(operations: Iterable[Operation]) -> Things:
    labels: dict[str, str] = {}
    things: Things = Counter()
    for one in operations:
        match one:
            case AddSection(_, title):
                things["section", title] += 1
            case AddNode(key, label):
                labels[key] = label
                things["node", label] += 1
            case AddEdge(_, source, target, label):
                ends = (labels.get(source, source), labels.get(target, target))
                things["edge", *ends, label] += 1
            case AddDiagram(_, title):
                things["diagram", title] += 1
            case AppendText() | Propose() | Say():
                pass
    return things


def _made(view: ProjectView, before: ProjectView) -> Things:
    """What is there now and was not before."""
    labels = {node.id: node.label for node in view.nodes}
    old = {
        *(one.id for one in before.nodes),
        *(one.id for one in before.edges),
        *(one.id for one in before.sections),
        *(one.id for one in before.diagrams),
    }
    things: list[tuple[str, ...]] = [
        *(("section", one.title) for one in view.sections if one.id not in old),
        *(("node", one.label) for one in view.nodes if one.id not in old),
        *(("edge", labels[one.source], labels[one.target], one.label)
          for one in view.edges if one.id not in old),
        *(("diagram", one.title) for one in view.diagrams if one.id not in old),
    ]  # fmt: skip
    return Counter(things)


def _bodies(operations: Iterable[Operation]) -> dict[str, str]:
    bodies: dict[str, str] = {}
    for one in operations:
        if isinstance(one, AppendText):
            bodies[one.key] = bodies.get(one.key, "") + one.text
    return bodies


def _texts(view: ProjectView, proposed: Sequence[Proposal]) -> Iterable[str]:
    """What is the agent's in each section, and in what it proposes for it."""
    for section in view.sections:
        beside = "".join(one.text for one in proposed if one.target.id == section.id)
        yield "".join(char for char in section.body + beside if not is_persons(char))


def _is_in_order(some: str, whole: str) -> bool:
    rest = iter(whole)
    return all(char in rest for char in some)
