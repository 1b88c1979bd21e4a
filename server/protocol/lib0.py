"""The primitives that every Yjs protocol is made of: variable-length integers,
byte strings and text, as lib0 lays them out.

Only layout lives here; what the numbers mean is said in the modules above it.
Nothing is read past the end, nothing is allocated on the word of a peer, and
every refusal names the position (L7). A number padded with zero groups is legal
in lib0 and accepted within its eight bytes.
"""

from server.protocol.errors import Malformed

MAX_UINT = 2**53 - 1
"""The largest integer that a JavaScript peer can hold exactly."""

_MAX_SHIFT = 49
"""Eight groups of seven bits: 53 bits fit, and a ninth byte is refused."""


class Reader:
    """A position in a byte string. Every read either advances or raises ``Malformed``.

    ``data`` and ``pos`` are public: the walkers of hot paths read one-byte values
    themselves instead of paying for a call.
    """

    __slots__ = ("data", "pos")

    def __init__(self, data: bytes, pos: int = 0) -> None:
        self.data = data
        self.pos = pos

    def byte(self) -> int:
        """One raw byte."""
        pos = self.pos
        try:
            value = self.data[pos]
        except IndexError:
            raise Malformed(f"expected a byte at {pos}, got the end of input") from None
        self.pos = pos + 1
        return value

    def uint(self, most: int = MAX_UINT) -> int:
        """A varUint of at most ``most``."""
        pos = self.pos
        try:
            value = self.data[pos]
        except IndexError:
            raise Malformed(f"expected a number at {pos}, got the end of input") from None
        if value < 0x80:
            self.pos = pos + 1
        else:
            value = self._rest_of_uint(value & 0x7F, 7, pos)
        if value > most:
            raise Malformed(f"expected a number of at most {most} at {pos}, got {value}")
        return value

    def sint(self) -> int:
        """A varInt: the first byte holds a sign and six bits, the others seven."""
        start = self.pos
        first = self.byte()
        value = first & 0x3F
        if first >= 0x80:
            value = self._rest_of_uint(value, 6, start)
        return -value if first & 0x40 else value

    def _rest_of_uint(self, value: int, shift: int, start: int) -> int:
        data = self.data
        pos = start + 1
        try:
            while True:
                byte = data[pos]
                pos += 1
                value |= (byte & 0x7F) << shift
                if byte < 0x80:
                    break
                shift += 7
                if shift > _MAX_SHIFT:
                    raise Malformed(f"expected a number of at most 8 bytes at {start}")
        except IndexError:
            raise Malformed(f"expected a number at {start}, got the end of input") from None
        if value > MAX_UINT:
            raise Malformed(f"expected a number of at most 53 bits at {start}")
        self.pos = pos
        return value

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        pos = self.pos
        end = pos + size
        if end > len(self.data):
            left = len(self.data) - pos
            raise Malformed(f"expected {size} bytes at {pos}, got {left}")
        self.pos = end
        return self.data[pos:end]

    def bytes(self) -> bytes:
        """A varUint8Array: its length, then that many bytes."""
        return self.take(self.uint())

    def string(self) -> str:
        """A varString: its length in UTF-8 *bytes*, then strict UTF-8."""
        start = self.pos
        raw = self.take(self.uint())
        try:
            return raw.decode()
        except UnicodeDecodeError as error:
            raise Malformed(f"expected UTF-8 text at {start}: {error.reason}") from None

    @property
    def remaining(self) -> int:
        """How many bytes are left."""
        return len(self.data) - self.pos

    def end(self) -> None:
        """Refuse anything that follows."""
        if self.pos != len(self.data):
            raise Malformed(f"expected the end of input at {self.pos}, got {self.remaining} bytes")


_SMALL = tuple(bytes((value,)) for value in range(0x80))


def write_uint(value: int) -> bytes:
    """A varUint, in its shortest form."""
    if 0 <= value < 0x80:
        return _SMALL[value]
    if not 0 <= value <= MAX_UINT:
        raise ValueError(f"a varUint holds 0 to {MAX_UINT}, not {value}")
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def write_bytes(value: bytes) -> bytes:
    """A varUint8Array."""
    return write_uint(len(value)) + value


def write_string(value: str) -> bytes:
    """A varString; the length counts UTF-8 bytes, not characters."""
    return write_bytes(value.encode())
