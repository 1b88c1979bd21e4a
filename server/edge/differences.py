"""Differences of projects as JSON: the same in answers of the API and of commands.

What does not live here: the comparison (``server.document.project_difference``).
"""

from dataclasses import asdict
from typing import Any, assert_never

from server.document.elements import Element
from server.document.project_difference import Added, Changed, Difference, Removed


def difference_as_json(found: Difference) -> list[dict[str, Any]]:
    """One object for each element that differs."""
    return [_as_json(one) for one in found]


def _as_json(one: Added | Removed | Changed) -> dict[str, Any]:
    head = {"kind": one.ref.kind.value, "id": one.ref.id}
    match one:
        case Added(_, element):
            return {**head, "change": "added", "element": _element(element)}
        case Removed(_, element):
            return {**head, "change": "removed", "element": _element(element)}
        case Changed():
            return {
                **head,
                "change": "moved" if one.only_moved else "changed",
                "moved": one.moved,
                "fields": [asdict(field) for field in one.fields],
                "text": [{"change": piece.change.value, "text": piece.text} for piece in one.text],
            }
        case _:
            assert_never(one)


def _element(element: Element) -> dict[str, Any]:
    return asdict(element)
