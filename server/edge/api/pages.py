"""Pages of a list: a cursor names the last item of a page, so that what is added or removed
meanwhile neither repeats nor skips another.

A cursor belongs to the order and filters that it came with; it is opaque, and no secret.
"""

import base64
import binascii
import json
from typing import Annotated

from fastapi import Query

from server.protocol.errors import Invalid
from server.protocol.ids import ProjectId
from server.room.project_ports import Place

DEFAULT_LIMIT = 50
MAX_LIMIT = 200

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT, description="Items on a page, at most.")]
Cursor = Annotated[
    str | None,
    Query(max_length=2000, description="`next` of the page before; absent for the first."),
]
Search = Annotated[
    str, Query(max_length=200, description="Part of a title, in any case; empty for all.")
]


def write_cursor(order: str, place: Place | None) -> str | None:
    """The cursor of a page that ends at ``place``."""
    if place is None:
        return None
    text = json.dumps([order, place.key, place.project])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(order: str, cursor: str | None) -> Place | None:
    """Where a page begins. Raises ``Invalid`` for what is no cursor of this order."""
    if not cursor:
        return None
    match _decoded(cursor):
        case [str() as made_for, (int() | str()) as key, str() as project]:
            numeric = order != "title"
            in_range = isinstance(key, str) or abs(key) < 1 << 63
            if made_for == order and isinstance(key, int) is numeric and in_range:
                return Place(key, ProjectId(project))
        case _:
            pass
    raise Invalid("expected a cursor of a list in this order")


def _decoded(cursor: str) -> object:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        decoded: object = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (binascii.Error, ValueError):
        return None
    return decoded


def write_key(key: tuple[str, ...] | None) -> str | None:
    """The cursor of a page that ends with ``key``, in a list that has one order."""
    return None if key is None else base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def read_key(cursor: str) -> tuple[str, ...]:
    """Raises ``Invalid`` for what is no such cursor."""
    try:
        key = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
    except (ValueError, RecursionError):
        raise Invalid("expected the `next` of a page before") from None
    if not isinstance(key, list) or not all(isinstance(word, str) for word in key):
        raise Invalid("expected the `next` of a page before")
    return tuple(key)


def fit_search(text: str) -> str:
    """Raises ``Invalid`` for what is part of no title."""
    if text and not text.isprintable():
        raise Invalid("expected printable characters to search for")
    return text.strip()
