"""What a Yjs item can hold, walked without building anything.

Each walker takes the bytes and a position and gives the position after. What
yrs and yjs 13 read differently is refused, for documents would part there:
``ContentJSON`` (yrs reads one string too many), the XML hook type (yrs does not
read its name) and every type or content number that only one of them knows.

An ``IndexError`` may leave these functions: it means that the input ended early,
and ``inspect`` turns it into ``Malformed``. (A test for the end before every
byte would double the cost of the walk.)
"""

import json

from server.protocol.errors import Invalid, Malformed, TooDeep, TooLarge
from server.protocol.jsontext import MAX_VALUE_DEPTH, parse_json
from server.protocol.lib0 import MAX_UINT

MAX_RUN = 2**31 - 1
"""The longest run of garbage, of a gap, or of deletions: all clocks that there are. Not less,
because documents join neighbouring runs: the deletions in every honest handshake would
be refused once somebody has sent two long ones."""

_XML_ELEMENT = 3
_TYPE_REFS = frozenset({0, 1, 2, _XML_ELEMENT, 4, 6})
"""Array, map, text, XML element, XML fragment, XML text."""


class Budget:
    """How many values may still come. Whoever holds them, here or at a peer, pays for each
    far more than its byte."""

    __slots__ = ("left",)

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, count: int) -> None:
        """Raise ``TooLarge`` when there are no more."""
        self.left -= count
        if self.left < 0:
            raise TooLarge(f"an update has {-self.left} values more than are allowed")


def read_uint(data: bytes, pos: int) -> tuple[int, int]:
    """A varUint and the position after it. Unrolled: client ids take five bytes."""
    byte = data[pos]
    if byte < 0x80:
        return byte, pos + 1
    value = byte & 0x7F
    byte = data[pos + 1]
    if byte < 0x80:
        return value | byte << 7, pos + 2
    value |= (byte & 0x7F) << 7
    byte = data[pos + 2]
    if byte < 0x80:
        return value | byte << 14, pos + 3
    value |= (byte & 0x7F) << 14
    byte = data[pos + 3]
    if byte < 0x80:
        return value | byte << 21, pos + 4
    value |= (byte & 0x7F) << 21
    for shift in (28, 35, 42, 49):
        byte = data[pos + shift // 7]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            if value > MAX_UINT:
                break
            return value, pos + shift // 7 + 1
    raise Malformed(f"expected a number of at most 53 bits at {pos}")


def read_run(data: bytes, pos: int) -> tuple[int, int]:
    """The length of a run and the position after it."""
    length, after = read_uint(data, pos)
    if not 0 < length <= MAX_RUN:
        raise Invalid(f"a run at {pos} has length {length}; 1 to {MAX_RUN} is allowed")
    return length, after


def read_text(data: bytes, pos: int) -> tuple[str, int]:
    """A varString and the position after it."""
    size, start = read_uint(data, pos)
    end = start + size
    if end > len(data):
        raise Malformed(f"expected {size} bytes of text at {start}, got {len(data) - start}")
    try:
        return data[start:end].decode(), end
    except UnicodeDecodeError as error:
        raise Malformed(f"expected UTF-8 text at {start}: {error.reason}") from None


def read_string_content(data: bytes, pos: int) -> tuple[int, int]:
    """The clocks that a ``ContentString`` takes: its UTF-16 units.

    None at all is allowed: yrs writes an empty text where it had to cut a surrogate
    pair, and drops it again when it reads.
    """
    text, end = read_text(data, pos)
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2, end


def skip_content(data: bytes, pos: int, kind: int, budget: Budget | None = None) -> tuple[int, int]:
    """The clocks taken by any content but text, and the position after it."""
    match kind:
        case 7:
            return 1, _skip_type(data, pos)
        case 8:
            count, after = read_uint(data, pos)
            if not count:
                raise Invalid(f"an empty list of values at {pos} has no clock")
            return count, skip_any(data, after, count, budget)
        case 1:
            return read_run(data, pos)
        case 6:
            return 1, _skip_json(data, read_text(data, pos)[1])
        case 5:
            return 1, _skip_json(data, pos)
        case 3:
            return 1, _skip_bytes(data, pos)
        case 9:
            return 1, _skip_document(data, pos, budget)
        case _:
            raise Invalid(f"content {kind} at {pos} is not one that every peer reads alike")


def skip_any(data: bytes, pos: int, count: int, budget: Budget | None = None) -> int:
    """Past ``count`` values in lib0's "any" encoding; a loop, for peers nest at will."""
    if budget is not None:
        budget.spend(count)
    open_containers: list[tuple[int, bool]] = []
    keyed = False
    while True:
        while not count:
            if not open_containers:
                return pos
            count, keyed = open_containers.pop()
        count -= 1
        if keyed:
            _, pos = read_text(data, pos)
        tag = data[pos]
        pos += 1
        if tag not in (117, 118):
            pos = _skip_scalar(data, pos, tag)
            continue
        if len(open_containers) >= MAX_VALUE_DEPTH:
            raise TooDeep(f"values at {pos} nest deeper than {MAX_VALUE_DEPTH}")
        open_containers.append((count, keyed))
        keyed = tag == 118
        count, pos = read_uint(data, pos)
        if count > len(data) - pos:
            raise Malformed(f"expected {count} values at {pos}, got the end of input")
        if budget is not None:
            budget.spend(count)


def _skip_scalar(data: bytes, pos: int, tag: int) -> int:
    match tag:
        case 119:
            return read_text(data, pos)[1]
        case 125:
            return _skip_sint(data, pos)
        case 120 | 121 | 126 | 127:
            return pos
        case 123 | 122:
            return _skip(data, pos, 8)
        case 124:
            return _skip(data, pos, 4)
        case 116:
            return _skip_bytes(data, pos)
        case _:
            raise Malformed(f"expected the tag of a value at {pos - 1}, got {tag}")


def _skip(data: bytes, pos: int, size: int) -> int:
    end = pos + size
    if end > len(data):
        raise Malformed(f"expected {size} bytes at {pos}, got {len(data) - pos}")
    return end


def _skip_sint(data: bytes, pos: int) -> int:
    for end in range(pos, pos + 8):
        if data[end] < 0x80:
            return end + 1
    raise Malformed(f"expected a number of at most 8 bytes at {pos}")


def _skip_bytes(data: bytes, pos: int) -> int:
    size, start = read_uint(data, pos)
    return _skip(data, start, size)


def _skip_json(data: bytes, pos: int) -> int:
    text, end = read_text(data, pos)
    value = parse_json(text)
    if "\\u" in text:
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError:
            # JavaScript lets half a surrogate pair pass, yrs refuses the update.
            raise Invalid(f"JSON text at {pos} holds half a surrogate pair") from None
    return end


def _skip_type(data: bytes, pos: int) -> int:
    ref, after = read_uint(data, pos)
    if ref not in _TYPE_REFS:
        raise Invalid(f"shared type {ref} at {pos} is not one that every peer reads alike")
    return read_text(data, after)[1] if ref == _XML_ELEMENT else after


def _skip_document(data: bytes, pos: int, budget: Budget | None) -> int:
    _, pos = read_text(data, pos)
    if data[pos] != 118:
        # Yjs reads the options as an object without looking, and throws.
        raise Invalid(f"the options of a subdocument at {pos} are not an object")
    return skip_any(data, pos, 1, budget)
