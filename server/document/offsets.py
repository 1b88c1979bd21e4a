"""Text offsets: pycrdt counts UTF-8 bytes, JavaScript UTF-16 units, Python code points.

The only module that converts between them, and the only one that passes an offset to a
``pycrdt.Text``: an offset inside a character makes pycrdt insert at the *end* without a
word, and one past the end makes it delete what is there and then panic. Here both are
``Invalid``, before anything is touched. All functions are total and pure, but for the two
edits at the foot.

An embed (an image that somebody put into a text) is one unit for pycrdt and absent from
the string; an edit right at an embed lands before it.
"""

from collections.abc import Sequence
from typing import Final

import pycrdt

from server.document.splices import Splice
from server.protocol.errors import Invalid

_UTF16: Final = "utf-16-le"


def utf8_from_code_points(text: str, index: int) -> int:
    """The byte offset of a code point."""
    _within(index, len(text), "code points")
    return len(_encode(text[:index], "utf-8"))


def utf16_from_code_points(text: str, index: int) -> int:
    """The JavaScript offset of a code point."""
    _within(index, len(text), "code points")
    return len(_encode(text[:index], _UTF16)) // 2


def code_points_from_utf8(text: str, index: int) -> int:
    """The code point at a byte offset; ``Invalid`` inside a character."""
    data = _encode(text, "utf-8")
    _within(index, len(data), "bytes of UTF-8")
    if index < len(data) and data[index] & 0xC0 == 0x80:
        raise Invalid(f"expected the start of a character, got byte {index} inside one")
    return len(data[:index].decode())


def code_points_from_utf16(text: str, index: int) -> int:
    """The code point at a JavaScript offset; ``Invalid`` inside a surrogate pair."""
    data = _encode(text, _UTF16)
    _within(index, len(data) // 2, "units of UTF-16")
    if 2 * index < len(data) and data[2 * index + 1] & 0xFC == 0xDC:
        raise Invalid(f"expected the start of a character, got unit {index} inside one")
    return len(data[: 2 * index].decode(_UTF16))


def utf8_from_utf16(text: str, index: int) -> int:
    """The byte offset of a JavaScript offset."""
    return utf8_from_code_points(text, code_points_from_utf16(text, index))


def utf16_from_utf8(text: str, index: int) -> int:
    """The JavaScript offset of a byte offset."""
    return utf16_from_code_points(text, code_points_from_utf8(text, index))


def insert_text(text: pycrdt.Text, index: int, added: str) -> None:
    """Insert before the code point ``index``; at the length of the text, append."""
    _encode(added, "utf-8")
    position = _positions(text, index)[0]
    if added:
        text.insert(position, added)


def append_text(text: pycrdt.Text, added: str) -> None:
    """Insert at the end, after whatever is there."""
    _encode(added, "utf-8")
    if added:
        text.insert(len(text), added)


def delete_text(text: pycrdt.Text, start: int, end: int) -> None:
    """Remove the code points from ``start`` up to ``end``, and embeds between them."""
    if start > end:
        raise Invalid(f"expected a range, got {start} to {end}")
    first, last = _positions(text, start, end)
    if first < last:
        del text[first:last]


def splice_text(text: pycrdt.Text, splices: Sequence[Splice]) -> None:
    """Replace ranges of code points; embeds between their ends go too."""
    for splice in splices:
        _encode(splice.added, "utf-8")
    ends = _positions(text, *(end for splice in splices for end in splice[:2]))
    # From the back, where nothing moves that is still to be done.
    for number in reversed(range(len(splices))):
        first, last = ends[2 * number : 2 * number + 2]
        if first < last:
            del text[first:last]
        if splices[number].added:
            text.insert(first, splices[number].added)


def _positions(text: pycrdt.Text, *indices: int) -> list[int]:
    """pycrdt's offsets of code points, which must be in ascending order."""
    content = str(text)
    offsets: list[int] = []
    point = offset = 0
    for index in indices:
        _within(index, len(content), "code points")
        offset += len(_encode(content[point:index], "utf-8"))
        point = index
        offsets.append(offset)
    if len(text) == len(content.encode()):
        return offsets
    return [_past_embeds(text, offset) for offset in offsets]


def _past_embeds(text: pycrdt.Text, offset: int) -> int:
    """The offset with one unit more for each embed that lies before it."""
    embeds = 0
    left = offset
    for chunk, _ in text.diff():
        if left <= 0:
            break
        if isinstance(chunk, str):
            left -= len(chunk.encode())
        else:
            embeds += 1
    return offset + embeds


def _within(index: int, length: int, what: str) -> None:
    if not 0 <= index <= length:
        raise Invalid(f"expected an offset of 0 to {length} {what}, got {index}")


def _encode(text: str, encoding: str) -> bytes:
    try:
        return text.encode(encoding)
    except UnicodeEncodeError as error:
        raise Invalid(f"expected text without lone surrogates: {error.reason}") from None
