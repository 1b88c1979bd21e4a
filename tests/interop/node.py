"""Runs a Node script of this folder with genuine Yjs, and returns what it prints.

Where Node or its packages are missing the test is skipped with the reason, unless ``CI`` is
``true``: there a missing peer is a failure, or nobody would notice that nothing was compared.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
SCRIPTS = FOLDER / "scripts"
TIMEOUT_S = 30.0


def missing() -> str | None:
    """Why no script can run here; None if it can."""
    if shutil.which("node") is None:
        return "node is not installed"
    if not (FOLDER / "node_modules" / "yjs").is_dir():
        return "tests/interop/node_modules is missing: run `npm ci` in tests/interop"
    return None


def require_node() -> None:
    """Skip the running test where no script can run; fail it in CI."""
    reason = missing()
    if reason is None:
        return
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run_script(
    name: str,
    stdin: str | bytes = b"",
    args: Sequence[str] = (),
    *,
    timeout: float = TIMEOUT_S,
) -> str:
    """The standard output of ``scripts/<name>``. Its failure is the test's failure."""
    require_node()
    done = subprocess.run(
        ["node", str(SCRIPTS / name), *args],
        input=stdin.encode() if isinstance(stdin, str) else stdin,
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode != 0:
        pytest.fail(f"{name} exited with {done.returncode}:\n{done.stderr.decode()}")
    return done.stdout.decode()
