"""Reading values that any client may have put there: total, and with a note of what is wrong.

What does not live here: which fields there are (``schema``).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import pycrdt

from server.document.updates import reason

MAX_STRING: Final = 10_000
"""Characters of a label, title, kind or rank. Prose belongs in a ``Y.Text``, which is
bounded by the document alone."""

_SHOWN: Final = 80
"""Characters of a foreign key or value that a problem quotes."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in the document that is not as the schema says."""

    path: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Missing:
    """In place of a value that is absent, or that pycrdt cannot hand over."""

    why: str


_ABSENT: Final = Missing("nothing")


class Fields:
    """The fields of one element; whatever is wrong is noted and answered with a blank."""

    __slots__ = ("_element", "_path", "problems")

    def __init__(self, element: "pycrdt.Map[Any]", path: str) -> None:
        self._element = element
        self._path = path
        self.problems: list[Problem] = []

    def string(self, key: str) -> str:
        """A string that is not huge."""
        value = value_of(self._element, key)
        if isinstance(value, str) and len(value) <= MAX_STRING:
            return value
        self._refuse(key, f"a string of at most {MAX_STRING} characters", value)
        return ""

    def optional(self, key: str, choice: str) -> str | None:
        """``choice``, or None if there is nothing."""
        value = value_of(self._element, key)
        if value == choice:
            return choice
        if value != _ABSENT and value is not None:
            self._refuse(key, f'"{choice}" or nothing', value)
        return None

    def number(self, key: str) -> float:
        """A finite number."""
        value = value_of(self._element, key)
        if isinstance(value, float) and math.isfinite(value):
            return value
        # Only big integers come as int; a float holds them below 1024 bits.
        if isinstance(value, int) and not isinstance(value, bool) and value.bit_length() < 1024:
            return float(value)
        self._refuse(key, "a finite number", value)
        return 0.0

    def text(self, key: str) -> str:
        """The string of a shared text."""
        value = value_of(self._element, key)
        if isinstance(value, pycrdt.Text):
            content = _attempt(lambda: str(value))
            if isinstance(content, str):
                return content
            value = content
        self._refuse(key, "a Y.Text", value)
        return ""

    def _refuse(self, key: str, expected: str, value: object) -> None:
        self.problems.append(Problem(f"{self._path}/{key}", expected, describe(value)))


def value_of(container: "pycrdt.Map[Any]", key: str) -> object:
    """What a map holds under a key, or ``Missing``."""
    return _attempt(lambda: container.get(key, _ABSENT))


def describe(value: object) -> str:
    """A foreign value, in few words."""
    match value:
        case Missing(why):
            return why
        case None | bool() | float():
            return str(value)
        case int():
            return f"an integer of {value.bit_length()} bits"
        case str() if len(value) > _SHOWN:
            return f"a string of {len(value)} characters"
        case str():
            return f'"{value}"'
        case _:
            return f"a {type(value).__name__}"


def shorten(text: str) -> str:
    """A foreign string, short enough to be quoted."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _attempt(call: Callable[[], object]) -> object:
    try:
        return call()
    except BaseException as error:
        return Missing(f"something unreadable: {shorten(reason(error))}")
