"""The graph as a Mermaid flowchart that is valid by construction.

Mermaid has no escape that holds for everything: brackets, words like ``end``, a hash or a
backtick change what a line means. So ids are made up, and a label keeps only letters, marks,
digits and a little punctuation; every other character is written by its number. Pure.
"""

import unicodedata
from collections.abc import Iterable
from typing import Final

from server.document.schema import Edge, Node

_PLAIN: Final = frozenset(" .,!?-_/'")
_EMPTY: Final = "#160;"
"""An empty label is an error; a space that shows nothing is none."""


def flowchart(nodes: Iterable[Node], edges: Iterable[Edge]) -> str:
    """The source of a diagram. Edges without both ends are left out."""
    names: dict[str, str] = {}
    lines = ["flowchart TD"]
    for node in nodes:
        names[node.id] = f"n{len(names)}"
        lines.append(f'    {names[node.id]}["{label(node.label) or _EMPTY}"]')
    for edge in edges:
        if edge.source in names and edge.target in names:
            arrow = f'-->|"{words}"|' if (words := label(edge.label)) else "-->"
            lines.append(f"    {names[edge.source]} {arrow} {names[edge.target]}")
    return "\n".join([*lines, ""])


def label(text: str) -> str:
    """Text that stands between double quotes, and reads as it was."""
    return "".join(map(_safe, " ".join(text.split())))


def _safe(char: str) -> str:
    kind = unicodedata.category(char)
    if kind[0] in "LMN" or char in _PLAIN:
        return char
    if kind[0] == "C":  # Control and format characters, which nobody sees.
        return ""
    return f"#{ord(char)};"
