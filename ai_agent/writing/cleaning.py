"""What models write, brought to what a document holds: short names in one line, no control
characters. Pure and total; what cannot be brought there is a blank.
"""

import re
from collections.abc import Container
from typing import Final

MAX_NAME: Final = 200
"""Characters of a title or label that a model gives. People may write longer ones."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def name(value: object) -> str:
    """A title or label: one line. Numbers are what small models answer, too."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = f"{value:g}"
    return " ".join(prose(value).split())[:MAX_NAME].rstrip() if isinstance(value, str) else ""


def prose(text: object) -> str:
    """Text in lines."""
    return _CONTROL.sub("", text) if isinstance(text, str) else ""


def number(value: object, least: int, most: int) -> int:
    """A whole number within bounds; the least where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return least
    return round(min(max(value, least), most))


def objects(value: object) -> list[dict[str, object]]:
    """The objects of a list."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def fresh(wanted: str, *taken: Container[str]) -> str:
    """A key that is not taken: as wanted, or with a number."""
    key, count = wanted, 1
    while any(key in one for one in taken):
        count += 1
        key = f"{wanted} {count}"
    return key
