"""A graph as a model writes it: nodes as their JSON closes, edges once both ends are known.

So every beginning of an answer is a graph without a dangling edge. What small models do is put
right: a second node with an id that is taken gets another, the same edge counts once, an end
may be named by its label, an edge to nowhere is left out. What does not live here: where
nodes lie (``ai_agent.writing.layout``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ai_agent.writing.cleaning import fresh, name, prose
from ai_agent.writing.json_stream import Event, Value
from ai_agent.writing.operations import AddEdge, AddNode, Operation

MAX_NODES: Final = 300
MAX_EDGES: Final = 1000


@dataclass(frozen=True, slots=True)
class _Arrow:
    """An edge as the model names its ends."""

    source: str
    target: str
    label: str


class Graph:
    """The lists ``nodes`` and ``edges`` of an answer.

    ``known`` are the nodes that the model was told of: their ids and labels.
    """

    def __init__(self, known: Mapping[str, str]) -> None:
        self._known = known
        self._by_label = {label.casefold(): id for id, label in known.items()}
        self._labels: dict[str, str] = {}
        self._keys: dict[str, str] = {}
        self._waiting: list[_Arrow] = []
        self._edges: dict[str, None] = {}

    def hear(self, event: Event) -> Iterator[Operation]:
        """What is to be written now."""
        match event:
            case Value(("nodes", int()), dict(node)):
                yield from self._node(node)
            case Value(("edges", int()), dict(edge)):
                yield from self._edge(edge)
            case _:
                pass

    def finish(self) -> Iterator[Operation]:
        """Edges whose ends are named by their labels; others without ends are left out."""
        by_label = self._by_label | {label.casefold(): key for key, label in self._labels.items()}
        for arrow in self._waiting:
            source = self._end(arrow.source) or by_label.get(arrow.source.casefold())
            target = self._end(arrow.target) or by_label.get(arrow.target.casefold())
            if source is not None and target is not None:
                yield from self._join(source, target, arrow.label)
        self._waiting = []

    def _node(self, node: dict[str, object]) -> Iterator[Operation]:
        called = name(node.get("id"))
        label = name(node.get("label")) or called
        if not label or len(self._labels) >= MAX_NODES:
            return
        called = called or label
        there = self._by_label.get(label.casefold())
        if self._label_of(called) == label:
            return
        if there is not None:  # The model names a node anew that it was told of.
            self._keys.setdefault(called, there)
        else:
            key = fresh(called, self._known, self._labels)
            self._labels[key] = label
            self._keys.setdefault(called, key)
            yield AddNode(key, label, name(node.get("kind")), prose(node.get("content")))
        yield from self._release()

    def _edge(self, edge: dict[str, object]) -> Iterator[Operation]:
        source, target = name(edge.get("source")), name(edge.get("target"))
        if source and target and len(self._edges) + len(self._waiting) < MAX_EDGES:
            self._waiting.append(_Arrow(source, target, name(edge.get("label"))))
            yield from self._release()

    def _release(self) -> Iterator[Operation]:
        """Edges that have both ends now."""
        waiting, self._waiting = self._waiting, []
        for arrow in waiting:
            source, target = self._end(arrow.source), self._end(arrow.target)
            if source is None or target is None:
                self._waiting.append(arrow)
            else:
                yield from self._join(source, target, arrow.label)

    def _join(self, source: str, target: str, label: str) -> Iterator[Operation]:
        key = f"{source}\n{target}\n{label}"
        if key not in self._edges:
            self._edges[key] = None
            yield AddEdge(key, source, target, label)

    def _end(self, called: str) -> str | None:
        """The node that a model calls so by its id."""
        if called in self._keys:
            return self._keys[called]
        return called if called in self._known else None

    def _label_of(self, called: str) -> str | None:
        key = self._keys.get(called)
        return None if key is None else self._labels.get(key)
