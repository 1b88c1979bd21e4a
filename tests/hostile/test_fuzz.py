"""Tens of thousands of spoiled frames, in a process of their own: a crash is a failure too."""

import asyncio
import os
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.hostile.fuzz import HEADER
from tests.hostile.strict import Strict

ROOT = Path(__file__).resolve().parents[2]
FRAMES = int(os.environ.get("FRAMES", "20000"))
SEED = int(os.environ.get("SEED", "1"))


def last_frame(path: Path) -> str:
    """Which frame was being thrown when it ended."""
    data = path.read_bytes()
    number, index, size = HEADER.unpack_from(data)
    return f"round {number}, frame {index}: {data[HEADER.size : HEADER.size + size].hex()}"


@pytest.mark.slow
def test_no_frame_harms_anybody_but_its_sender__L7(tmp_path: Path) -> None:
    last = tmp_path / "last"
    options = ["--frames", str(FRAMES), "--seed", str(SEED), "--last", str(last)]
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "tests.hostile.fuzz", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    story = f"seed {SEED}, {last_frame(last)}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    assert done.returncode == 0, story
    assert "accepted" in done.stdout


def test_an_exception_that_nobody_catches_is_noticed() -> None:
    async def fail() -> None:
        raise ValueError("unheard")

    async def forget() -> None:
        asyncio.get_running_loop().create_task(fail())
        await asyncio.sleep(0)
        await asyncio.sleep(0)

    strict = Strict()
    with strict.watching():
        asyncio.run(forget())
    with strict.watching():
        thread = threading.Thread(target=lambda: [][0])
        thread.start()
        thread.join()
    assert len(strict.errors) == 2
    assert "unheard" in strict.errors[0]


def test_the_last_frame_is_told_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "last"
    path.write_bytes(struct.pack("<QII", 3, 7, 2) + b"\xab\xcd" + bytes(10))
    assert last_frame(path) == "round 3, frame 7: abcd"


@pytest.mark.slow
def test_a_document_that_contradicts_itself_can_still_be_mended__L7(tmp_path: Path) -> None:
    """A round in which neither the way back nor the mended way back could be built."""
    options = ["--seed", "1", "--round", "809", "--last", str(tmp_path / "last")]
    done = subprocess.run(
        [sys.executable, "-m", "tests.hostile.fuzz", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
