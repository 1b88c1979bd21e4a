"""Commands of ``8gentc``, each in a process of its own, without loading all of it each time.

A process that has imported everything waits here, and forks for each command: what runs is the
whole command, from its arguments to its exit status, with an environment and a folder of its
own. What does not live here: that it starts from nothing (``.ci/smoke``, ``test_serve``).
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

from server.main import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Done:
    """How a command has ended."""

    status: int
    printed: str
    complained: str


def run(
    args: Sequence[str], folder: Path, environment: Mapping[str, str], stdin: str | None
) -> Done:
    """One command, from beginning to end."""
    waiting = _waiting()
    assert waiting.stdin is not None
    assert waiting.stdout is not None
    asked = {"args": list(args), "folder": str(folder), "env": dict(environment), "stdin": stdin}
    waiting.stdin.write(json.dumps(asked) + "\n")
    waiting.stdin.flush()
    return Done(*json.loads(waiting.stdout.readline()))


@cache
def _waiting() -> "subprocess.Popen[str]":
    """Ends when these tests do: its input ends then."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.e2e.commands"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


# --- the process that waits ---


def wait() -> None:
    """Do what is asked for, line by line."""
    for line in iter(sys.stdin.readline, ""):
        print(json.dumps(_forked(json.loads(line))), flush=True)


def _forked(asked: Any) -> tuple[int, str, str]:
    with TemporaryFile("w+") as told, TemporaryFile("w+") as out, TemporaryFile("w+") as err:
        told.write(asked["stdin"] or "")
        told.seek(0)
        child = os.fork()
        if child == 0:
            os._exit(_became(asked, told, out, err))
        _, ended = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(ended), _read(out), _read(err)


def _became(asked: Any, told: IO[str], out: IO[str], err: IO[str]) -> int:
    """The command, in a process that is its own."""
    for number, stream in enumerate((told, out, err)):
        os.dup2(stream.fileno(), number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115 - as the interpreter does
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["env"])
    try:
        return main(asked["args"])
    except SystemExit as error:
        return int(error.code or 0)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def _read(stream: IO[str]) -> str:
    stream.seek(0)
    return stream.read()


if __name__ == "__main__":
    wait()
