"""Updates that once took a process down, each once accepted by floor 0: a replica survives them.

In a process of their own. When the fuzzer finds another, its shortest form is added here.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

TAKE = """
import sys, pycrdt
from server.document.replica import Replica
from server.protocol.errors import PeerError
from server.protocol.update import inspect
taker = Replica() if sys.argv[1] == "replica" else pycrdt.Doc()
for line in sys.argv[2:]:
    update = bytes.fromhex(line)
    shape = inspect(update, bounded=False)
    try:
        taker.apply(update, shape) if sys.argv[1] == "replica" else taker.apply_update(update)
    except PeerError:
        pass
"""

VERSIONS = (
    "010248000003c44802e80708000148010003",
    "03014804000404470000020701016101884702017e0701016d00014607884702027701767e024701000248010404",
    "010448000101017402844706076d616c6c6f727921004704016b0484e90705017800",
)
"""Garbage that waits behind a gap, and then another version of the clocks before it."""

WRITES = (
    "0101e80700040106686f6e65737405616461302000",
    "0101e9070084e8070404626f302000",
    "01014803000500",
    "0102470048460d027701767e08010174027701767e00",
    "01019dd694bcec88e1022d84b7dac1d4c3c38a0f040a747970656420f09f988000",
    "0101e8070584e9070305616461302000",
    "0102480084470602797a44e8070804f09f988000",
    "0104470001004803040701016d00c74800e907090024004600016c076d616c6c6f727901e907010a02",
    (
        "0102c6f1929380eaca0b142701016d016b000800c6f1929380eaca0b14037c3f800000770374776f7601057468"
        "72656575027c409000007e00"
    ),
    "02014800000304461c0400460802797a08004804027701767e44480102797a040106686f6e657374017800",
    "010448000101017402844706076d616c6c6f727921004704016b0484e90705017800",
)
"""How that came about in a room: the same by way of a rebuilt document."""


def status(taker: str, updates: tuple[str, ...]) -> int:
    """How a process ends that takes these updates."""
    done = subprocess.run(
        [sys.executable, "-c", TAKE, taker, *updates],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
    )
    return done.returncode


def test_these_updates_take_pycrdt_down() -> None:
    """Or the rest of this file proves nothing; when this fails, pycrdt has been mended."""
    assert status("pycrdt", VERSIONS) < 0


@pytest.mark.parametrize("updates", [VERSIONS, WRITES], ids=["versions", "writes"])
def test_a_replica_survives_what_takes_pycrdt_down__L7(updates: tuple[str, ...]) -> None:
    assert status("replica", updates) == 0
