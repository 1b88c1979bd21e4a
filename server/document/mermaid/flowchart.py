"""A graph as a Mermaid flowchart that is valid by construction. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from server.document.mermaid.labels import label, some_label


class Node(Protocol):
    """A node of the project, or of a diagram."""

    @property
    def id(self) -> str:
        """Its name, which edges use; it is not shown."""

    @property
    def label(self) -> str:
        """What is shown."""


class Edge(Protocol):
    """An arrow between nodes."""

    @property
    def source(self) -> str:
        """The id of the node where it begins."""

    @property
    def target(self) -> str:
        """The id of the node where it ends."""

    @property
    def label(self) -> str:
        """What is shown; may be empty."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node of a diagram alone."""

    id: str
    label: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """An edge of a diagram alone."""

    source: str
    target: str
    label: str = ""


def flowchart(nodes: Iterable[Node], edges: Iterable[Edge]) -> str:
    """The source of a diagram. Edges without both ends are left out."""
    names: dict[str, str] = {}
    lines = ["flowchart TD"]
    for node in nodes:
        names[node.id] = f"n{len(names)}"
        lines.append(f'    {names[node.id]}["{some_label(node.label)}"]')
    for edge in edges:
        if edge.source in names and edge.target in names:
            arrow = f'-->|"{words}"|' if (words := label(edge.label)) else "-->"
            lines.append(f"    {names[edge.source]} {arrow} {names[edge.target]}")
    return "\n".join([*lines, ""])
