"""Differences of projects as text for a terminal.

One line for each element, beginning with what became of it; below it what has changed. In
texts, [-deleted-] and {+inserted+} stand among a few kept words. What does not live here:
the comparison.
"""

from collections.abc import Iterator, Sequence
from typing import Final, assert_never

from server.document.elements import Element
from server.document.project_difference import Added, Changed, Difference, FieldChange, Removed
from server.document.schema import Diagram, Edge, Node, Section
from server.document.wording import Change, Piece

CONTEXT: Final = 40
"""Characters of kept text that are shown on either side of a change."""


def readable(found: Difference) -> tuple[str, ...]:
    """A difference in lines; one line if there is none."""
    if not found:
        return ("no difference",)
    return tuple(line for one in found for line in _lines(one))


def _lines(one: Added | Removed | Changed) -> Iterator[str]:
    match one:
        case Added(ref, element):
            yield f"+ {ref.kind} {_named(ref.id, element)}"
        case Removed(ref, element):
            yield f"- {ref.kind} {_named(ref.id, element)}"
        case Changed(ref, _, after):
            yield f"{'>' if one.only_moved else '~'} {ref.kind} {_named(ref.id, after)}"
            yield from (f"    {_field(field)}" for field in one.fields)
            if one.text:
                yield f"    text: {_text(one.text)}"
        case _:
            assert_never(one)


def _named(id: str, element: Element) -> str:
    match element:
        case Node(label=name) | Section(title=name) | Diagram(title=name):
            return f'{id} "{_one_line(name)}"'
        case Edge():
            return f"{id} {element.source} -> {element.target}"
        case _:
            assert_never(element)


def _field(field: FieldChange) -> str:
    return f"{field.name}: {_value(field.before)} -> {_value(field.after)}"


def _value(value: str | float | None) -> str:
    return f'"{_one_line(value)}"' if isinstance(value, str) else str(value)


def _text(pieces: Sequence[Piece]) -> str:
    last = len(pieces) - 1
    return "".join(_piece(piece, n == 0, n == last) for n, piece in enumerate(pieces))


def _piece(piece: Piece, is_first: bool, is_last: bool) -> str:
    text = _one_line(piece.text)
    match piece.change:
        case Change.INSERT:
            return f"{{+{text}+}}"
        case Change.DELETE:
            return f"[-{text}-]"
        case Change.KEEP:
            return _shortened(text, is_first, is_last)
        case _:
            assert_never(piece.change)


def _shortened(text: str, is_first: bool, is_last: bool) -> str:
    head = "" if is_first else text[:CONTEXT]
    tail = "" if is_last else text[-CONTEXT:]
    if len(head) + len(tail) >= len(text):
        return text
    return f"{head}...{tail}"


def _one_line(text: str) -> str:
    """Nothing in a document may move the cursor of a terminal."""
    return "".join(
        char if char.isprintable() else {"\n": "⏎", "\t": " "}.get(char, "�") for char in text
    )
