"""In what two states of a project differ, element by element.

Over the records of ``schema``: what is malformed is no element and is not compared. A
difference applied to the first state gives the second. What does not live here: showing a
difference (the edge), and restoring (``restoring``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from server.document.elements import FORMS, Element, ElementRef, Kind, elements
from server.document.schema import ProjectView, order, sort_sections
from server.document.wording import Piece, apply_words, word_difference
from server.protocol.errors import Conflict

MOVES = {Kind.NODE: frozenset({"x", "y"}), Kind.SECTION: frozenset({"rank"})}
"""Fields that say where an element is."""


@dataclass(frozen=True, slots=True)
class Added:
    """An element that is only in the second state."""

    ref: ElementRef
    element: Element


@dataclass(frozen=True, slots=True)
class Removed:
    """An element that is only in the first state."""

    ref: ElementRef
    element: Element


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that has another value."""

    name: str
    before: str | float | None
    after: str | float | None


@dataclass(frozen=True, slots=True)
class Changed:
    """An element that is in both, and not the same. ``text`` is empty if that is equal."""

    ref: ElementRef
    before: Element
    after: Element
    fields: tuple[FieldChange, ...]
    text: tuple[Piece, ...]

    @property
    def moved(self) -> bool:
        """Whether it is somewhere else."""
        return any(one.name in MOVES.get(self.ref.kind, ()) for one in self.fields)

    @property
    def only_moved(self) -> bool:
        """Whether that is all."""
        places = MOVES.get(self.ref.kind, frozenset())
        return not self.text and all(one.name in places for one in self.fields)


Difference = tuple[Added | Removed | Changed, ...]
"""Nodes first, then edges, sections, diagrams; of each kind what is removed, then what is
added or changed in the order of the second state."""


def difference(before: ProjectView, after: ProjectView) -> Difference:
    """Everything in which the second state differs from the first."""
    return tuple(
        one
        for kind in Kind
        for one in _compare(kind, elements(before, kind), elements(after, kind))
    )


def apply_difference(before: ProjectView, found: Difference) -> ProjectView:
    """The second state. Raises ``Conflict`` if the difference is not one of this state."""
    state = {kind: dict(elements(before, kind)) for kind in Kind}
    for one in found:
        _apply(state[one.ref.kind], one)
    return ProjectView(
        nodes=_sorted(state[Kind.NODE]),
        edges=_sorted(state[Kind.EDGE]),
        sections=sort_sections(_sorted(state[Kind.SECTION])),
        diagrams=_sorted(state[Kind.DIAGRAM]),
        problems=(),
    )


def _compare(
    kind: Kind, before: Mapping[str, Element], after: Mapping[str, Element]
) -> Iterator[Added | Removed | Changed]:
    for id, element in before.items():
        if id not in after:
            yield Removed(ElementRef(kind, id), element)
    for id, element in after.items():
        ref = ElementRef(kind, id)
        if id not in before:
            yield Added(ref, element)
        elif before[id] != element:
            yield _changed(ref, before[id], element)


def _changed(ref: ElementRef, before: Element, after: Element) -> Changed:
    form = FORMS[ref.kind]
    fields = tuple(
        FieldChange(name, getattr(before, name), getattr(after, name))
        for name in form.fields
        if getattr(before, name) != getattr(after, name)
    )
    text: tuple[Piece, ...] = ()
    if form.text is not None:
        text = word_difference(getattr(before, form.text), getattr(after, form.text))
    return Changed(ref, before, after, fields, text)


def _apply(state: dict[str, Element], one: Added | Removed | Changed) -> None:
    here = state.get(one.ref.id)
    match one:
        case Added():
            _require(one.ref, here is None)
            state[one.ref.id] = one.element
        case Removed():
            _require(one.ref, here is not None)
            del state[one.ref.id]
        case Changed():
            _require(one.ref, here is not None)
            assert here is not None
            state[one.ref.id] = _altered(here, one)


def _altered(element: Element, change: Changed) -> Element:
    values: dict[str, Any] = {}
    for field in change.fields:
        _require(change.ref, getattr(element, field.name) == field.before)
        values[field.name] = field.after
    text = FORMS[change.ref.kind].text
    if text is not None:
        values[text] = apply_words(getattr(element, text), change.text)
    return replace(element, **values)


def _require(ref: ElementRef, fits: bool) -> None:
    if not fits:
        raise Conflict(f"this difference is not one of this state: {ref.kind} {ref.id}")


def _sorted(state: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(state[id] for id in sorted(state, key=order))
