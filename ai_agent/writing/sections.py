"""Sections of a plan as a model writes them: titles, and Markdown that flows.

Hears the events of one answer, in order. What small models do is put right: a body before its
title waits for it, a section without a title gets one, a title that is there twice gets a
number. What does not live here: JSON (``json_stream``).
"""

from collections.abc import Iterator
from typing import Final

from ai_agent.writing.cleaning import fresh, name, prose
from ai_agent.writing.json_stream import Event, Text, Value
from ai_agent.writing.operations import AddSection, AppendText, Operation

MAX_SECTIONS: Final = 60
UNTITLED: Final = "Untitled"


class Sections:
    """The list ``sections`` of an answer, each with ``title`` and ``body``."""

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}
        self._number = -1
        self._key: str | None = None
        self._waiting = ""

    def hear(self, event: Event) -> Iterator[Operation]:
        """What is to be written now."""
        match event:
            case Text(("sections", int(number), "body"), piece):
                yield from self._body(number, prose(piece))
            case Value(("sections", int(number), "title"), str(title)):
                yield from self._title(number, name(title))
            case Value(("sections", int(number)), dict()):
                yield from self._close(number)
            case _:
                pass

    def finish(self) -> Iterator[Operation]:
        """Nothing is left when an answer is complete."""
        return iter(())

    def _title(self, number: int, title: str) -> Iterator[Operation]:
        self._turn_to(number)
        if self._key is None and title and number < MAX_SECTIONS:
            self._key = fresh(title.casefold(), self._keys)
            self._keys[self._key] = None
            yield AddSection(self._key, title)
            yield from self._body(number, "")

    def _body(self, number: int, piece: str) -> Iterator[Operation]:
        self._turn_to(number)
        self._waiting += piece
        if self._key is not None and self._waiting:
            yield AppendText(self._key, self._waiting)
            self._waiting = ""

    def _close(self, number: int) -> Iterator[Operation]:
        if self._number == number and self._waiting.strip():
            yield from self._title(number, UNTITLED)

    def _turn_to(self, number: int) -> None:
        if number != self._number:
            self._number = number
            self._key = None
            self._waiting = ""
