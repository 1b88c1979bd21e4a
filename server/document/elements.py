"""The four kinds of elements, as a table: under which root they live, which fields they have.

What does not live here: reading them (``schema``) and writing them.
"""

from dataclasses import dataclass
from enum import StrEnum

from server.document.schema import (
    DIAGRAMS,
    EDGES,
    NODES,
    PLAN,
    Diagram,
    Edge,
    Node,
    ProjectView,
    Section,
)

Element = Node | Edge | Section | Diagram


class Kind(StrEnum):
    """What an element is."""

    NODE = "node"
    EDGE = "edge"
    SECTION = "section"
    DIAGRAM = "diagram"


@dataclass(frozen=True, slots=True)
class Form:
    """How elements of a kind are kept. ``text`` is the field that is a ``Y.Text``."""

    root: str
    record: type[Element]
    fields: tuple[str, ...]
    text: str | None


FORMS: dict[Kind, Form] = {
    Kind.NODE: Form(NODES, Node, ("label", "kind", "x", "y"), "content"),
    Kind.EDGE: Form(EDGES, Edge, ("source", "target", "label"), None),
    Kind.SECTION: Form(PLAN, Section, ("title", "rank"), "body"),
    Kind.DIAGRAM: Form(DIAGRAMS, Diagram, ("title", "kind", "derived_from"), "source"),
}

KIND_OF_ROOT = {form.root: kind for kind, form in FORMS.items()}


@dataclass(frozen=True, slots=True)
class ElementRef:
    """The name of one element."""

    kind: Kind
    id: str


def elements(view: ProjectView, kind: Kind) -> dict[str, Element]:
    """The elements of one kind, by id, in the order of the view."""
    match kind:
        case Kind.NODE:
            return {one.id: one for one in view.nodes}
        case Kind.EDGE:
            return {one.id: one for one in view.edges}
        case Kind.SECTION:
            return {one.id: one for one in view.sections}
        case Kind.DIAGRAM:
            return {one.id: one for one in view.diagrams}
