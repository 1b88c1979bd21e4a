"""Files for the load generator: who connects where, and who writes what.

Both formats belong to ``native/loadgen.c``. Numbers are little-endian, 32 bits.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from struct import pack


@dataclass(frozen=True, slots=True)
class Seat:
    """One client: the number of its room, the path it asks for, the address it uses."""

    room: int
    path: str
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Writer:
    """One client that writes, and its messages in order."""

    client: int
    messages: Sequence[bytes]


def write_table(file: Path, seats: Iterable[Seat]) -> None:
    """One line for each client."""
    lines = (f"{seat.room} {seat.path} {seat.address or '-'}\n" for seat in seats)
    file.write_text("".join(lines))


def write_script(file: Path, writers: Sequence[Writer]) -> None:
    """The number of writers; for each its client, the number of messages, the messages."""
    with file.open("wb") as out:
        out.write(pack("<I", len(writers)))
        for writer in writers:
            out.write(pack("<II", writer.client, len(writer.messages)))
            for message in writer.messages:
                out.write(pack("<I", len(message)) + message)
