"""An outline as a Mermaid mindmap that is valid by construction. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from server.document.mermaid.labels import some_label


@dataclass(frozen=True, slots=True)
class Item:
    """A line of an outline; ``level`` 1 hangs at the middle."""

    level: int
    text: str


def mindmap(middle: str, items: Sequence[Item]) -> str:
    """The source of a diagram. A level that leaves one out is taken as the next deeper one,
    and one below 1 as 1, for a mindmap has one middle."""
    lines = ["mindmap", f'  m["{some_label(middle)}"]']
    level = 0
    for number, item in enumerate(items):
        level = max(1, min(item.level, level + 1))
        lines.append(f'{"  " * (level + 1)}i{number}["{some_label(item.text)}"]')
    return "\n".join([*lines, ""])
