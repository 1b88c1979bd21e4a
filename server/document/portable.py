"""Elements as every database can hold them, and so as everybody is shown them.

PostgreSQL holds no U+0000 in a text, and SQLite no negative zero. What is read from a
document and what is read from its projection must be one representation, or an ``ETag``
would tell them apart.
"""

from dataclasses import fields, replace
from math import copysign
from typing import TypeVar

from server.document.schema import Diagram, Edge, Node, ProjectView, Section

E = TypeVar("E", Node, Edge, Section, Diagram)

REPLACEMENT = "\ufffd"


def portable_text(text: str) -> str:
    """With every U+0000 replaced."""
    return text.replace("\0", REPLACEMENT)


def portable(element: E) -> E:
    """The element with what not every database can hold replaced."""
    changes: dict[str, str | float] = {}
    for field in fields(element):
        value = getattr(element, field.name)
        if isinstance(value, str) and "\0" in value:
            changes[field.name] = portable_text(value)
        elif isinstance(value, float) and value == 0 and copysign(1, value) < 0:
            changes[field.name] = 0.0
    return replace(element, **changes) if changes else element  # type: ignore[arg-type]


def portable_view(view: ProjectView) -> ProjectView:
    """All elements of a project in this way. What is said of problems stays."""
    return ProjectView(
        nodes=tuple(map(portable, view.nodes)),
        edges=tuple(map(portable, view.edges)),
        sections=tuple(map(portable, view.sections)),
        diagrams=tuple(map(portable, view.diagrams)),
        problems=view.problems,
    )
