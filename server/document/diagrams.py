"""Diagrams of a live document: to read, make, change and remove one.

What is said of all elements in ``server.document.writing`` holds. Whether the source is
valid Mermaid is not asked here: people are typing it.
"""

from dataclasses import dataclass

import pycrdt

from server.document.live import Document
from server.document.schema import DIAGRAMS, Diagram, diagram_of
from server.document.writing import (
    UNCHANGED,
    TextChange,
    Unchanged,
    add_element,
    change_element,
    change_text,
    fit_id,
    fit_string,
    fit_text,
    fit_unicode,
    read_element,
    remove_element,
    root_of,
)
from server.protocol.errors import Invalid


@dataclass(frozen=True, slots=True)
class NewDiagram:
    """A diagram to be made. ``derived_from`` is "graph" or None."""

    id: str
    title: str
    kind: str = "flowchart"
    source: str = ""
    derived_from: str | None = None


@dataclass(frozen=True, slots=True)
class DiagramChange:
    """What shall be different about a diagram."""

    title: str | Unchanged = UNCHANGED
    kind: str | Unchanged = UNCHANGED
    source: TextChange | Unchanged = UNCHANGED
    derived_from: str | Unchanged | None = UNCHANGED


def diagram(doc: Document, id: str) -> Diagram:
    """One diagram."""
    return read_element(doc, DIAGRAMS, id, diagram_of)


def add_diagram(doc: Document, new: NewDiagram) -> Diagram:
    """Make a diagram."""
    fields: dict[str, object] = {
        "title": fit_string("title", new.title),
        "kind": fit_string("kind", new.kind),
        "source": pycrdt.Text(fit_unicode("source", new.source)),
    }
    if _fit_derived(new.derived_from) is not None:
        fields["derived_from"] = new.derived_from
    add_element(doc, DIAGRAMS, fit_id(new.id), fields)
    return diagram(doc, new.id)


def change_diagram(doc: Document, id: str, change: DiagramChange) -> Diagram:
    """Change a diagram."""
    before = diagram(doc, id)
    for name, value in (("title", change.title), ("kind", change.kind)):
        if not isinstance(value, Unchanged):
            fit_string(name, value)
    fit_text("source", change.source)
    derived = UNCHANGED if isinstance(change.derived_from, Unchanged) else change.derived_from
    if isinstance(derived, str):
        _fit_derived(derived)
        change_element(doc, DIAGRAMS, id, {"derived_from": derived})
    elif derived is None and before.derived_from is not None:
        del root_of(doc, DIAGRAMS)[id]["derived_from"]
    change_element(doc, DIAGRAMS, id, {"title": change.title, "kind": change.kind})
    change_text(doc, DIAGRAMS, id, "source", change.source)
    return diagram(doc, id)


def remove_diagram(doc: Document, id: str) -> None:
    """Delete a diagram."""
    remove_element(doc, DIAGRAMS, id)


def _fit_derived(value: str | None) -> str | None:
    if value not in (None, "graph"):
        raise Invalid(f'expected derived_from to be "graph" or nothing, got "{value}"')
    return value
