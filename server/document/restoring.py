"""A project, or one element of it, brought back to how it was: as an edit of today (L10).

Runs as a change of a live document. What is done is the difference from ``before``, which
is how the project was when somebody asked (and is kept in a backup), to ``wanted``: so
whatever was typed since then stays. Elements that were deleted are created anew. What does
not live here: the schema's records, and everything around the change.
"""

from typing import Any

import pycrdt

from server.document.elements import FORMS, Element, ElementRef, elements
from server.document.fields import value_of
from server.document.live import Document
from server.document.project_difference import Added, Changed, Removed, difference
from server.document.rewriting import rewrite
from server.document.schema import META, NODES, Edge, ProjectView
from server.protocol.errors import Conflict, NotFound


def restore_project(doc: Document, before: ProjectView, wanted: ProjectView) -> int:
    """Bring everything back; answers how many elements were touched."""
    found = difference(before, wanted)
    for one in found:
        _do(doc, one)
    return len(found)


def other_roots(doc: Document) -> tuple[str, ...]:
    """Root types that are not the schema's, by name: clients of other programs may use any. What
    they hold is neither compared nor restored, since what it means is known to those only."""
    ours = {META, *(form.root for form in FORMS.values())}
    return tuple(sorted(set(doc.keys()) - ours))


def restore_element(
    doc: Document, before: ProjectView, wanted: ProjectView, ref: ElementRef
) -> int:
    """Bring one element back. Raises ``NotFound`` if it was not there, ``Conflict`` for an edge
    whose ends are not there now."""
    element = elements(wanted, ref.kind).get(ref.id)
    if element is None:
        raise NotFound(f"there is no {ref.kind} {ref.id!r} in this snapshot")
    if isinstance(element, Edge):
        _require_ends(doc, element)
    here = elements(before, ref.kind).get(ref.id)
    if here == element:
        return 0
    _put(doc, ref, here, element)
    return 1


def _do(doc: Document, one: Added | Removed | Changed) -> None:
    match one:
        case Added(ref, element):
            _put(doc, ref, None, element)
        case Changed(ref, before, after):
            _put(doc, ref, before, after)
        case Removed(ref):
            root = _root(doc, ref)
            if ref.id in root:
                del root[ref.id]


def _put(doc: Document, ref: ElementRef, before: Element | None, wanted: Element) -> None:
    """Make an element what it shall be, by mutating it if it is there at all."""
    form, root = FORMS[ref.kind], _root(doc, ref)
    here = value_of(root, ref.id)
    if not isinstance(here, pycrdt.Map) or not _has_text(here, form.text):
        root[ref.id] = pycrdt.Map(_fields(ref, wanted))
        return
    _set_fields(here, ref, wanted)
    if form.text is not None:
        base = str(here[form.text]) if before is None else getattr(before, form.text)
        rewrite(here[form.text], base, getattr(wanted, form.text))


def _set_fields(here: "pycrdt.Map[Any]", ref: ElementRef, wanted: Element) -> None:
    for name in FORMS[ref.kind].fields:
        value = getattr(wanted, name)
        if value is None:
            if name in here:
                del here[name]
        elif value_of(here, name) != value:
            here[name] = value


def _fields(ref: ElementRef, element: Element) -> dict[str, Any]:
    form = FORMS[ref.kind]
    fields = {name: getattr(element, name) for name in form.fields}
    present = {name: value for name, value in fields.items() if value is not None}
    if form.text is not None:
        present[form.text] = pycrdt.Text(getattr(element, form.text))
    return present


def _has_text(here: "pycrdt.Map[Any]", text: str | None) -> bool:
    return text is None or isinstance(value_of(here, text), pycrdt.Text)


def _require_ends(doc: Document, edge: Edge) -> None:
    nodes: pycrdt.Map[Any] = doc.get(NODES, type=pycrdt.Map)
    for end in (edge.source, edge.target):
        if end not in nodes:
            raise Conflict(f"this edge ends at node {end!r}, which is not there: restore it first")


def _root(doc: Document, ref: ElementRef) -> "pycrdt.Map[Any]":
    root: pycrdt.Map[Any] = doc.get(FORMS[ref.kind].root, type=pycrdt.Map)
    return root
