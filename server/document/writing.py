"""What all elements have in common when they are written: checked values, and their place.

A key of a root is set only to create; to change an element, its map is mutated (a concurrent
*set* would beat a *delete* and bring it back). A text is never replaced: only what differs
is, so that what others type meanwhile stays. What does not live here: which fields an
element has (``nodes``, ``edges``, ``plan``, ``diagrams``).

Everything raises before it writes: ``Invalid`` for a value, ``Conflict`` for an id that is
taken, ``NotFound`` for an element that is absent or not as the schema says.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, TypeVar

import pycrdt

from server.document.differences import difference, displacement
from server.document.fields import MAX_STRING, Fields, shorten, value_of
from server.document.live import Document
from server.document.offsets import splice_text
from server.document.schema import MAX_ID
from server.document.splices import rebased
from server.protocol.errors import Conflict, Invalid, NotFound

_T = TypeVar("_T")


class Unchanged(Enum):
    """In place of a value that is to stay as it is."""

    UNCHANGED = auto()


UNCHANGED: Final = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class Revision:
    """A text as its author has rewritten it, and as it was when they read it: what differs
    between the two is done to the text as it is now."""

    base: str
    text: str


TextChange = str | Revision
"""A string is what the text shall be, whatever it is now."""


def fit_id(id: str) -> str:
    """An element's id."""
    if not 1 <= len(id) <= MAX_ID:
        raise Invalid(f"expected an id of 1 to {MAX_ID} characters, got {len(id)}")
    return fit_unicode("id", id)


def fit_string(name: str, value: str) -> str:
    """A label, title, kind or the like."""
    if len(value) > MAX_STRING:
        raise Invalid(f"expected {name} of at most {MAX_STRING} characters, got {len(value)}")
    return fit_unicode(name, value)


def fit_number(name: str, value: float) -> float:
    """A position."""
    if not math.isfinite(value):
        raise Invalid(f"expected {name} to be a finite number, got {value}")
    return float(value)


def fit_unicode(name: str, value: str) -> str:
    """Text that every peer can encode."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Invalid(f"expected {name} without lone surrogates") from None
    return value


def root_of(doc: Document, root: str) -> "pycrdt.Map[Any]":
    """A root of the schema."""
    found: pycrdt.Map[Any] = doc.get(root, type=pycrdt.Map)
    return found


def add_element(doc: Document, root: str, id: str, fields: Mapping[str, Any]) -> None:
    """Create an element."""
    elements = root_of(doc, root)
    if id in elements:
        raise Conflict(f"there is something at {root}/{shorten(id)} already")
    elements[id] = pycrdt.Map(dict(fields))


def remove_element(doc: Document, root: str, id: str) -> None:
    """Delete what is there, as the schema says or not."""
    elements = root_of(doc, root)
    if id not in elements:
        raise NotFound(f"there is nothing at {root}/{shorten(id)}")
    del elements[id]


def read_element(doc: Document, root: str, id: str, build: Callable[[str, Fields], _T]) -> _T:
    """One element."""
    path = f"{root}/{shorten(id)}"
    element = value_of(root_of(doc, root), id)
    if not isinstance(element, pycrdt.Map):
        raise NotFound(f"there is nothing at {path}")
    fields = Fields(element, path)
    built = build(id, fields)
    for problem in fields.problems:
        raise NotFound(
            f"{path} is not as the schema says: expected {problem.path} to be"
            f" {problem.expected}, got {problem.got}"
        )
    return built


def change_element(
    doc: Document, root: str, id: str, fields: Mapping[str, "str | float | Unchanged"]
) -> None:
    """Set what differs of an element that has been read."""
    element = root_of(doc, root)[id]
    for key, value in fields.items():
        if value is not UNCHANGED and value_of(element, key) != value:
            element[key] = value


def change_text(
    doc: Document, root: str, id: str, key: str, change: "TextChange | Unchanged"
) -> None:
    """Do what differs to a text of an element that has been read."""
    if isinstance(change, Unchanged):
        return
    text: pycrdt.Text = root_of(doc, root)[id][key]
    now = str(text)
    match change:
        case str():
            splice_text(text, difference(now, change))
        case Revision(base, wanted):
            splice_text(text, rebased(difference(base, wanted), displacement(base, now)))


def fit_text(name: str, change: "TextChange | Unchanged") -> "TextChange | Unchanged":
    """A change of a text that can be made."""
    match change:
        case str():
            fit_unicode(name, change)
        case Revision(base, text):
            fit_unicode(f"the base of {name}", base)
            fit_unicode(name, text)
        case Unchanged():
            pass
    return change
