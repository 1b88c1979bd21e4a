"""A realistic trace of typing, made from a seed: bursts, corrections, cursor jumps.

Yields the updates of one or several authors as they would reach the server, one for
each keystroke. The text is ASCII with a sprinkle of CJK and emoji, so that byte and
UTF-16 offsets differ.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

import pycrdt

WORDS = (
    "revenue",
    "the",
    "bicycle",
    "café",
    "修理",
    "plan",
    "customers",
    "🚲",
    "of",
    "costs",
    "and",
)


@dataclass(frozen=True, slots=True)
class Keystroke:
    """Who typed, and the update it made."""

    author: str
    update: bytes


def type_like_people(seed: int, keystrokes: int, authors: tuple[str, ...]) -> Iterator[Keystroke]:
    """So many keystrokes, by authors who take turns for a while each."""
    chance = random.Random(seed)
    doc: pycrdt.Doc[pycrdt.Text] = pycrdt.Doc(client_id=1)
    typist = Typist(chance, doc.get("t", type=pycrdt.Text))
    updates: list[bytes] = []
    watching = doc.observe(lambda event: updates.append(event.update))
    author = authors[0]
    for count in range(keystrokes):
        if count % 97 == 0:
            author = chance.choice(authors)
        typist.strike()
        yield Keystroke(author, updates.pop())
    doc.unobserve(watching)


class Typist:
    """A cursor in a text. Offsets are those of the characters in ``line``."""

    def __init__(self, chance: random.Random, text: pycrdt.Text) -> None:
        self._chance = chance
        self._text = text
        self._widths: list[int] = []
        self._cursor = 0
        self._byte = 0
        self._pending = ""

    def strike(self) -> None:
        """One key: a letter mostly, sometimes backspace, sometimes after a jump."""
        mood = self._chance.random()
        if mood < 0.005:
            self._jump()
        if mood < 0.08 and self._cursor > 0:
            self._backspace()
        else:
            self._letter()

    def _jump(self) -> None:
        self._cursor = self._chance.randrange(len(self._widths) + 1)
        self._byte = sum(self._widths[: self._cursor])
        self._pending = ""

    def _backspace(self) -> None:
        self._cursor -= 1
        width = self._widths.pop(self._cursor)
        self._byte -= width
        del self._text[self._byte : self._byte + width]

    def _letter(self) -> None:
        if not self._pending:
            self._pending = self._chance.choice(WORDS) + " "
        letter, self._pending = self._pending[0], self._pending[1:]
        self._text.insert(self._byte, letter)
        width = len(letter.encode())
        self._widths.insert(self._cursor, width)
        self._cursor += 1
        self._byte += width
