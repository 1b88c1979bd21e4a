"""The system's own word that an edit is on the disk before anybody hears of it (L1)."""

import os
import shutil
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.e2e.living_through import shows
from tests.e2e.server import PATIENCE_S, Server
from tests.e2e.trace import CALLS, passage, unmasked
from tests.interop.clients import Clients

MARKER = "aMarkThatNothingElseHolds"
WHOLE_PAGE = "8192"
"""Bytes of each string that are written down; the marker is somewhere in a page."""


def why_no_trace() -> str | None:
    """Containers may lack strace, or forbid it; None if it works here."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    tried = subprocess.run(["strace", "-o", os.devnull, "true"], capture_output=True, check=False)
    return None if tried.returncode == 0 else "strace may not trace here"


@pytest.mark.slow
@pytest.mark.node
@pytest.mark.trace
def test_an_edit_is_synced_before_anybody_is_told__L1(tmp_path: Path) -> None:
    reason = why_no_trace()
    if reason is not None:
        pytest.skip(reason)
    trace = tmp_path / "trace"
    strace = ("strace", "-f", "-y", "-xx", "-s", WHOLE_PAGE, "-e", f"trace={CALLS}")
    server = Server(tmp_path).start(prefix=(*strace, "-o", str(trace)))
    try:
        token = server.add_user("ada@x.example")
        project = server.add_project("ada@x.example")
        with Clients() as clients:
            ada, bo = (
                clients.open(name, server.yjs, project, {"token": token}).synced()
                for name in ("ada", "bo")
            )
            for _ in range(5):
                ada.append("other words ")
            ada.append(MARKER)
            shows(bo, MARKER)
    finally:
        stop_traced(server)
    lines = trace.read_text().splitlines()
    found = passage(lines, MARKER.encode())
    print(len(lines), "calls:", found)
    assert found.received < found.logged < found.synced < found.told


def stop_traced(server: Server) -> None:
    """Ask the server itself to end; its tracer ends with it."""
    assert server.process is not None
    for child in psutil.Process(server.process.pid).children():
        child.terminate()
    assert server.process.wait(PATIENCE_S) == 0


# --- the reader of traces can fail -----------------------------------------------


def hexed(data: bytes) -> str:
    return '"' + "".join(f"\\x{byte:02x}" for byte in data) + '"'


def received(words: bytes) -> str:
    mask = b"\x01\x02\x03\x04"
    payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(words))
    frame = b"\x82" + bytes([0x80 | len(words)]) + mask + payload
    return f"10 read(20<socket:[77]>, {hexed(frame)}, 65536) = {len(frame)}"


def logged(words: bytes) -> str:
    return f"11 pwrite64(9<{hexed(b'/d/8gentc.db-wal')[1:-1]}>, {hexed(words)}, 4096, 32) = 4096"


SYNCED = "11 fdatasync(9</d/8gentc.db-wal>) = 0"
BEGINS = "11 fdatasync(9</d/8gentc.db-wal> <unfinished ...>"
ENDS = "11 <... fdatasync resumed>) = 0"
FAILS = "11 fdatasync(9</d/8gentc.db-wal>) = -1 EIO (Input/output error)"
ELSEWHERE = "11 fdatasync(9</d/8gentc.db>) = 0"


def told(words: bytes) -> str:
    return f"10 write(21<socket:[78]>, {hexed(words)}, 30) = 30"


IN, LOG, OUT = received(b"a mark"), logged(b"page a mark page"), told(b"\x82\x06a mark")


@pytest.mark.parametrize(
    "lines",
    [
        [IN, LOG, SYNCED, OUT],
        [IN, LOG, BEGINS, told(b"others"), ENDS, OUT],
        ["10 +++ exited with 0 +++", SYNCED, IN, LOG, SYNCED, OUT, LOG, OUT],
    ],
)
def test_the_right_order_is_recognised__L1(lines: list[str]) -> None:
    assert passage(lines, b"a mark").received < len(lines)


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ([IN, OUT, LOG, SYNCED], "told before it was durable"),
        ([IN, LOG, OUT, SYNCED], "told before it was durable"),
        ([IN, LOG, BEGINS, OUT, ENDS], "told before it was durable"),
        ([IN, BEGINS, LOG, ENDS, OUT], "never synced"),
        ([IN, SYNCED, LOG, OUT], "never synced"),
        ([IN, LOG, FAILS, OUT], "never synced"),
        ([IN, LOG, ELSEWHERE, OUT], "never synced"),
        ([IN, SYNCED, OUT], "never written"),
        ([IN, LOG, SYNCED], "never told"),
        ([LOG, SYNCED, OUT], "never received"),
    ],
)
def test_a_wrong_order_is_a_failure__L1(lines: list[str], complaint: str) -> None:
    with pytest.raises(AssertionError, match=complaint):
        passage(lines, b"a mark")


def test_long_frames_of_a_client_are_unmasked() -> None:
    words = bytes(range(256)) * 2
    mask = b"\xff\x00\xff\x00"
    payload = bytes(byte ^ mask[at % 4] for at, byte in enumerate(words))
    frame = b"\x82\xfe" + len(words).to_bytes(2, "big") + mask + payload
    assert list(unmasked(frame + frame)) == [words, words]
