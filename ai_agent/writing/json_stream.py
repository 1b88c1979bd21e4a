"""JSON text that comes in pieces: what it says so far, as events.

A string flows before it closes; everything else is told once it is complete. Whichever way
the text is cut, the same is said. What does not live here: what the values mean (the readers
beside this).

Models wrap JSON in a code fence and put raw line breaks into strings: both are understood. Half
a character of UTF-16 waits for its other half, and is U+FFFD if that does not come. What follows
the value is ignored.
"""

import codecs
import json
import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Final, NoReturn

from server.protocol.errors import Nonsense

MAX_CHARS: Final = 1_000_000
"""Characters of one answer. No model is asked for as many."""

MAX_DEPTH: Final = 32

_AT_ONCE: Final = 2048
"""Characters that are looked at together: what is left of them is copied for each token."""

Path = tuple[str | int, ...]
"""Keys and positions that lead from the whole to a value."""


@dataclass(frozen=True, slots=True)
class Text:
    """More of the string at ``path``; never empty."""

    path: Path
    piece: str


@dataclass(frozen=True, slots=True)
class Value:
    """The complete value at ``path``; inner values come before what they are in."""

    path: Path
    value: Any


Event = Text | Value


class _Want(Enum):
    """What may come next."""

    FENCE = auto()
    VALUE = auto()
    VALUE_OR_END = auto()
    KEY = auto()
    KEY_OR_END = auto()
    COLON = auto()
    COMMA_OR_END = auto()
    STRING = auto()
    NOTHING = auto()


@dataclass(slots=True)
class _Frame:
    """A container that is open; ``key`` is where the next value goes."""

    value: dict[str, Any] | list[Any]
    key: str = ""


_WHITE: Final = " \t\r\n"
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_OPENING: Final = re.compile(r"\s*(?:```[a-zA-Z]*\s*?\n\s*)?(?=[{\[])")
_OPENING_SO_FAR: Final = re.compile(r"\s*(?:`{0,2}|```[a-zA-Z]{0,16}\s*)")
_PLAIN: Final = re.compile(r'[^"\\]+')
_WORD: Final = re.compile(r"[-+.0-9a-zA-Z]+")
_LONGEST_WORD: Final = 64
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r",
                   "t": "\t"}  # fmt: skip


class JsonStream:
    """One JSON value, from its beginning."""

    def __init__(self) -> None:
        self._rest = ""
        self._seen = 0
        self._want = _Want.FENCE
        self._frames: list[_Frame] = []
        self._is_key = False
        self._parts: list[str] = []
        self._units = codecs.getincrementaldecoder("utf-16-le")("replace")
        self._error: Nonsense | None = None

    def feed(self, text: str) -> list[Event]:
        """What is said with this piece. Raises ``Nonsense``; but what was said before the
        mistake is told first, and the error comes with the next call."""
        self._refuse_again()
        events: list[Event] = []
        try:
            for at in range(0, len(text), _AT_ONCE):
                self._read(text[at : at + _AT_ONCE], events)
        except Nonsense as error:
            self._error = error
            if not events:
                raise
        return events

    def end(self) -> None:
        """Raises ``Nonsense`` unless the value is complete."""
        self._refuse_again()
        if self._want is not _Want.NOTHING:
            raise Nonsense(f"the answer ends after {self._seen} characters, in the midst of JSON")

    def _read(self, text: str, events: list[Event]) -> None:
        self._seen += len(text)
        self._rest += text
        if self._seen > MAX_CHARS:
            self._refuse(f"at most {MAX_CHARS} characters")
        while self._rest and self._step(events):
            pass

    def _refuse_again(self) -> None:
        if self._error is not None:
            raise self._error

    def _step(self, events: list[Event]) -> bool:
        """Read one token; False if it is not all there yet."""
        if self._want is _Want.NOTHING:
            self._rest = ""
            return False
        if self._want is _Want.FENCE:
            return self._open()
        if self._want is _Want.STRING:
            return self._string(events)
        self._take(_BLANK.match(self._rest))
        return bool(self._rest) and self._token(events)

    def _open(self) -> bool:
        found = _OPENING.match(self._rest)
        if found is None:
            if not _OPENING_SO_FAR.fullmatch(self._rest):
                self._refuse("JSON")
            return False
        self._take(found)
        self._want = _Want.VALUE
        return True

    def _token(self, events: list[Event]) -> bool:
        char = self._rest[0]
        want = self._want
        if want in (_Want.VALUE, _Want.VALUE_OR_END) and char not in "]},:":
            return self._value(char, events)
        self._rest = self._rest[1:]
        if want in (_Want.KEY, _Want.KEY_OR_END) and char == '"':
            self._start_string(is_key=True)
        elif want is _Want.COLON and char == ":":
            self._want = _Want.VALUE
        elif want is _Want.COMMA_OR_END and char == ",":
            self._want = _Want.KEY if self._in_object else _Want.VALUE
        elif self._may_end(char):
            self._complete(self._frames.pop().value, events)
        else:
            self._refuse(_SAID[want])
        return True

    def _value(self, char: str, events: list[Event]) -> bool:
        if char in "{[":
            if len(self._frames) == MAX_DEPTH:
                self._refuse(f"values nested at most {MAX_DEPTH} deep")
            self._rest = self._rest[1:]
            self._frames.append(_Frame({} if char == "{" else []))
            self._want = _Want.KEY_OR_END if char == "{" else _Want.VALUE_OR_END
            return True
        if char == '"':
            self._rest = self._rest[1:]
            self._start_string(is_key=False)
            return True
        return self._word(events)

    def _word(self, events: list[Event]) -> bool:
        """A number, or true, false, null: complete once something follows it."""
        found = _WORD.match(self._rest)
        if found is None or found.end() > _LONGEST_WORD:
            self._refuse("a value")
        if found.end() == len(self._rest):
            return False
        try:
            value = json.loads(found[0], parse_constant=_no_constant)
        except ValueError:
            self._refuse("a value")
        self._take(found)
        self._complete(value, events)
        return True

    def _start_string(self, *, is_key: bool) -> None:
        self._is_key = is_key
        self._parts = []
        self._want = _Want.STRING

    def _string(self, events: list[Event]) -> bool:
        """One run of characters, one escape, or the end of a string."""
        if found := _PLAIN.match(self._rest):
            self._take(found)
            self._flow(found[0], events)
            return True
        if self._rest[0] == "\\":
            return self._escape(events)
        self._rest = self._rest[1:]
        self._say(self._units.decode(b"", final=True), events)
        text = "".join(self._parts)
        if self._is_key:
            self._frames[-1].key = text
            self._want = _Want.COLON
        else:
            self._complete(text, events)
        return True

    def _escape(self, events: list[Event]) -> bool:
        kind = self._rest[1:2]
        length = 6 if kind == "u" else 2
        if len(self._rest) < length:
            return False
        if kind == "u":
            try:
                char = chr(int(self._rest[2:6], 16))
            except ValueError:
                self._refuse("four digits")
        elif kind in _ESCAPES:
            char = _ESCAPES[kind]
        else:
            self._refuse("an escape that JSON knows")
        self._rest = self._rest[length:]
        self._flow(char, events)
        return True

    def _flow(self, text: str, events: list[Event]) -> None:
        self._say(self._units.decode(text.encode("utf-16-le", "surrogatepass")), events)

    def _say(self, text: str, events: list[Event]) -> None:
        if not text:
            return
        self._parts.append(text)
        if not self._is_key:
            events.append(Text(self._path(), text))

    def _complete(self, value: object, events: list[Event]) -> None:
        events.append(Value(self._path(), value))
        self._want = _Want.COMMA_OR_END if self._frames else _Want.NOTHING
        if self._frames:
            frame = self._frames[-1]
            if isinstance(frame.value, dict):
                frame.value[frame.key] = value
            else:
                frame.value.append(value)

    def _path(self) -> Path:
        return tuple(
            frame.key if isinstance(frame.value, dict) else len(frame.value)
            for frame in self._frames
        )

    @property
    def _in_object(self) -> bool:
        return isinstance(self._frames[-1].value, dict)

    def _may_end(self, char: str) -> bool:
        if not self._frames or char != ("}" if self._in_object else "]"):
            return False
        return self._want in (_Want.KEY_OR_END, _Want.VALUE_OR_END, _Want.COMMA_OR_END)

    def _take(self, found: "re.Match[str] | None") -> None:
        if found is not None:
            self._rest = self._rest[found.end() :]

    def _refuse(self, expected: str) -> NoReturn:
        at = self._seen - len(self._rest)
        raise Nonsense(f"expected {expected} at character {at} of the answer: {self._rest[:40]!r}")


_SAID: Final = {
    _Want.VALUE: "a value",
    _Want.VALUE_OR_END: "a value or the end of a list",
    _Want.KEY: "a key",
    _Want.KEY_OR_END: "a key or the end of an object",
    _Want.COLON: "a colon",
    _Want.COMMA_OR_END: "a comma or an end",
}


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
