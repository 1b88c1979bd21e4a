"""The whole harness on a small scale: the checker catches loss, and 8gentc passes."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.config import QUICK, Burst, Config, Growth, Idle, Join, Storm, Typing
from benchmarks.peers.kinds import AGENTC, RELAY
from benchmarks.run import Run
from benchmarks.suite import Suite
from benchmarks.suites import connections, documents, rooms

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler"),
]

TINY: Config = replace(
    QUICK,
    settle_s=0.1,
    burst=Burst(clients=10, in_flight=8, warm_up=20, edits=200),
    typing=Typing(1, 10, 4, 20.0, 2, 10),
    many=Typing(5, 3, 1, 20.0, 2, 10),
    disk=Typing(2, 2, 1, 4.0, 1, 1),
    idle=Idle(rooms=5, connections=10, hold_s=0.1),
    storm=Storm(rooms=5, connections=10, back_at_once=6),
    join=Join(keystrokes=3_000, cold=1, warm_up=2, warm=3),
    growth=Growth(rooms=(1,)),
    soak=replace(QUICK.soak, rooms=2),
)
SUITES = {suite.name: suite for suite in (*rooms.SUITES, *connections.SUITES, *documents.SUITES)}


def prepared(folder: Path) -> Run:
    """A run whose programs are compiled, and whose checker has been checked."""
    run = Run(TINY, folder)
    run.prepare()
    return run


def figures(run: Run, name: str, server: str) -> Mapping[str, float]:
    """What one suite says of one server. Its failure is the test's failure."""
    kinds = tuple(kind for kind in (AGENTC, RELAY) if kind.name == server)
    suite: Suite = replace(SUITES[name], kinds=kinds)
    run.carry_out(suite)
    assert not run.results.failures
    return run.results.samples[name, server, 0][-1]


def test_the_relay_bursts_and_a_lossy_one_is_found_out(tmp_path: Path) -> None:
    run = prepared(tmp_path)
    assert figures(run, "burst", RELAY.name)["per_s"] > 0


def test_8gentc_passes_every_kind_of_work__L1(tmp_path: Path) -> None:
    run = prepared(tmp_path)
    for name in ("burst", "typing", "many", "idle", "storm", "join"):
        assert figures(run, name, AGENTC.name)
    crash = figures(run, "crash", AGENTC.name)
    assert crash["lost"] == 0
    assert crash["seen"] > 0
