"""Text inside Mermaid source, that reads as it was and cannot go wrong.

Mermaid has no escape that holds for everything: brackets, words like ``end``, a hash, a colon or
a backtick change what a line means, each in some kind of diagram. So a label keeps only
letters, marks, digits and a little punctuation; every other character is written by its
number. Names of things are made up by the serializers beside this, never taken from text. Pure.
"""

import re
import unicodedata
from typing import Final

_PLAIN: Final = frozenset(" .,!?-_/'")
_EMPTY: Final = "#160;"
"""An empty label is an error; a space that shows nothing is none."""


_DIRECTION: Final = re.compile(r"(direction) (?=TB|BT|RL|LR|TD)", re.IGNORECASE)
"""Mermaid takes a whole line for a statement where this occurs, between quotes too, and drops
it without an error."""


def label(text: str) -> str:
    """Text that stands between double quotes; empty if there is nothing to see."""
    return _broken("".join(map(_safe, _visible(text))))


def some_label(text: str) -> str:
    """The same where something must stand."""
    return label(text) or _EMPTY


def words(text: str) -> str:
    """Text that stands without quotes. Its first character is written by its number, for
    a line or a part of it that begins with a word like ``title`` or ``end`` means another
    thing."""
    seen = _visible(text)
    return _broken(f"#{ord(seen[0])};{''.join(map(_safe, seen[1:]))}") if seen else _EMPTY


def _broken(text: str) -> str:
    return _DIRECTION.sub(r"\1#32;", text)


def _visible(text: str) -> str:
    """Without control and format characters, which nobody sees, and in one line."""
    spaced = " ".join(text.split())
    shown = "".join(char for char in spaced if unicodedata.category(char)[0] != "C")
    return " ".join(shown.split())


def _safe(char: str) -> str:
    if unicodedata.category(char)[0] in "LMN" or char in _PLAIN:
        return char
    return f"#{ord(char)};"
