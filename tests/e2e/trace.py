"""Reads what ``strace`` wrote: which bytes passed which file, in which order.

Expects ``strace -f -y -xx``: every string as hexadecimal, every descriptor with the name of
its file, every line beginning with the thread. A call that another thread interrupts is
written on two lines; it begins at the first and ends at the second, and what matters here
is exactly that: a write is judged by when it begins, a read or a sync by when it ends.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle

CALLS = "read,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,pwritev,fsync,fdatasync"
READS = frozenset({"read", "recvfrom", "recvmsg"})
SYNCS = frozenset({"fsync", "fdatasync"})

_LINE = re.compile(r"^(?P<thread>\d+)\s+(?P<rest>.*)$")
_BEGIN = re.compile(r"^(?P<name>\w+)\((?P<arguments>.*)$")
_RESUMED = re.compile(r"^<\.\.\. (?P<name>\w+) resumed>(?P<arguments>.*)$")
_FILE = re.compile(r"^\d+<(?P<file>[^>]*)>")
_STRING = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_RESULT = re.compile(r"\)\s+=\s+(-?\d+)")
UNFINISHED = "<unfinished ...>"


@dataclass(frozen=True, slots=True)
class Call:
    """One system call. ``began`` and ``ended`` are numbers of lines."""

    name: str
    file: str
    data: bytes
    result: int
    began: int
    ended: int

    @property
    def on_socket(self) -> bool:
        """Whether its file is a connection."""
        return self.file.startswith(("TCP", "socket:"))


def calls(lines: Iterable[str]) -> Iterator[Call]:
    """The finished calls, in the order in which they ended."""
    open_calls: dict[str, tuple[int, str]] = {}
    for number, line in enumerate(lines):
        found = _LINE.match(line)
        if found is None:
            continue
        thread, rest = found["thread"], found["rest"]
        resumed = _RESUMED.match(rest)
        if resumed is not None:
            began, text = open_calls.pop(thread, (number, ""))
            text += resumed["arguments"]
        else:
            began, text = number, rest
        if text.endswith(UNFINISHED):
            open_calls[thread] = (began, text.removesuffix(UNFINISHED))
            continue
        call = _call(text, began, number)
        if call is not None:
            yield call


def _call(text: str, began: int, ended: int) -> Call | None:
    begin, result = _BEGIN.match(text), _RESULT.search(text)
    if begin is None or result is None:
        return None
    arguments = begin["arguments"]
    file = _FILE.match(arguments)
    data = b"".join(bytes.fromhex(found.replace("\\x", "")) for found in _STRING.findall(arguments))
    name = "" if file is None else _decoded(file["file"])
    return Call(begin["name"], name, data, int(result[1]), began, ended)


def _decoded(file: str) -> str:
    """With ``-xx`` names of files are in hexadecimal too."""
    return re.sub(r"\\x([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), file)


def unmasked(data: bytes) -> Iterator[bytes]:
    """The payloads of a client's websocket frames, which are masked on the wire."""
    while len(data) >= 6 and data[1] & 0x80:
        size, at = data[1] & 0x7F, 2
        if size >= 126:
            width = 2 if size == 126 else 8
            size, at = int.from_bytes(data[at : at + width], "big"), at + width
        mask, payload = data[at : at + 4], data[at + 4 : at + 4 + size]
        yield bytes(one ^ key for one, key in zip(payload, cycle(mask), strict=False))
        data = data[at + 4 + size :]


@dataclass(frozen=True, slots=True)
class Passage:
    """When the marker was received, written to the log, made durable and told, by line."""

    received: int
    logged: int
    synced: int
    told: int


def passage(lines: Iterable[str], marker: bytes) -> Passage:
    """The way of a marker through the server. Raises ``AssertionError`` unless it was
    received, then written to the write-ahead log, then synced, and only then told (L1)."""
    all_calls = list(calls(lines))
    received = _first(
        "received",
        (c.ended for c in all_calls if _receives(c, marker)),
    )
    told = _first("told to a client", (c.began for c in all_calls if _tells(c, marker)))
    logged = _first(
        "written to the log",
        (
            c.ended
            for c in all_calls
            if c.name.startswith("pwrite") and _is_log(c) and marker in c.data and c.result > 0
        ),
    )
    synced = _first(
        "synced after it was written",
        (
            c.ended
            for c in all_calls
            if c.name in SYNCS and _is_log(c) and c.result == 0 and c.began > logged
        ),
    )
    found = Passage(received, logged, synced, told)
    assert received < logged < synced < told, f"told before it was durable: {found}"
    return found


def _first(what: str, moments: Iterable[int]) -> int:
    first = min(moments, default=None)
    assert first is not None, f"the marker was never {what}"
    return first


def _receives(call: Call, marker: bytes) -> bool:
    return (
        call.name in READS
        and call.on_socket
        and any(marker in payload for payload in unmasked(call.data))
    )


def _tells(call: Call, marker: bytes) -> bool:
    writes = call.name not in READS and call.name not in SYNCS
    return writes and call.on_socket and marker in call.data


def _is_log(call: Call) -> bool:
    return call.file.endswith("-wal")
