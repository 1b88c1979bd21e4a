"""The machine that a run was made on, as a block for the report."""

import platform
import re
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from subprocess import run

from benchmarks.peers.kinds import NODE, ROOT
from benchmarks.process import cores

PACKAGES = ("uvicorn", "uvloop", "pycrdt", "picows", "sqlalchemy", "starlette", "websockets")


def environment() -> dict[str, str]:
    """Name and value of everything that a reader may want to compare."""
    places = cores()
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": _said("git", "-C", str(ROOT), "describe", "--always", "--dirty"),
        "cpu": cpu_model(_text("/proc/cpuinfo")),
        "cores": f"{_text('/proc/cpuinfo').count('processor')}; server on {places.server}, "
        f"load generator on {places.others}{' (SHARED: figures mean little)' * places.shared}",
        "memory": _memory(),
        "kernel": platform.release(),
        "load before": _text("/proc/loadavg").strip(),
        "python": sys.version.split()[0],
        "node": _said(str(NODE), "--version"),
        **{name: found for name in PACKAGES if (found := _version(name))},
        "compiler": _said("cc", "--version").partition("\n")[0],
    }


def cpu_model(cpuinfo: str) -> str:
    """From /proc/cpuinfo."""
    found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo, re.MULTILINE)
    return found[1] if found else platform.machine()


def _memory() -> str:
    found = re.search(r"MemTotal:\s+(\d+) kB", _text("/proc/meminfo"))
    return f"{int(found[1]) / 1e6:.0f} GB" if found else "unknown"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _said(*command: str) -> str:
    try:
        return run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
    except OSError:
        return "not installed"


def _text(file: str) -> str:
    try:
        return Path(file).read_text()
    except OSError:
        return ""
