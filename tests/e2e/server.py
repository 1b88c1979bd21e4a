"""A real 8gentc server in a process of its own, on a folder or database of its own.

``Server`` starts, stops and kills it; ``cli`` runs commands beside it, as an operator
would. Nothing is shared with the process of the tests but the network and the disk.
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.e2e import commands

CLI = (sys.executable, "-m", "server.main")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 30.0


def free_port() -> int:
    """A port that nothing listens on, a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(what: str, condition: Any, patience: float = PATIENCE_S) -> Any:
    """Poll until ``condition()`` is true; its value. For conditions without events."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.02)


@dataclass
class Server:
    """One server process; use as a context manager, or start and stop at will."""

    folder: Path
    database_url: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    # --- the process ---

    @property
    def log_path(self) -> Path:
        """Where everything that the server prints is kept."""
        return self.folder / "server.log"

    def log(self) -> str:
        """All that the server has printed, over all its starts."""
        return self.log_path.read_text() if self.log_path.exists() else ""

    def start(self, *, prefix: tuple[str, ...] = ()) -> Self:
        """Start, and wait until ready. ``prefix`` runs it under another program."""
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*prefix, *CLI, "serve", "--port", str(self.port)],
                cwd=self.folder,
                env=self.environment(),
                stdout=log,
                stderr=log,
            )
        wait_for("the server is ready", self._ready_or_dead)
        return self

    def kill(self) -> None:
        """kill -9: no goodbye, no flush."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> int:
        """Ask it to end, and wait; its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(PATIENCE_S)
        finally:
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()

    def environment(self) -> dict[str, str]:
        """The process's environment: ours, without settings that somebody exported. ``CHANNEL``
        chooses the channel of all servers: ``CHANNEL=plain pytest tests/e2e``."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AGENTC_")}
        # Every command would compile all that it imports, which takes longer than all else.
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        kept["PYTHONPATH"] = str(ROOT)
        if "CHANNEL" in os.environ:
            kept["AGENTC_CHANNEL"] = os.environ["CHANNEL"]
        if self.database_url is not None:
            kept["AGENTC_DATABASE_URL"] = self.database_url
        return {**kept, **self.settings}

    def _ready_or_dead(self) -> bool:
        assert self.process is not None
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended:\n{self.log()[-4000:]}")
        return self.get("/health/ready")[0] == 200

    # --- HTTP ---

    def get(self, path: str, *, token: str | None = None) -> tuple[int, bytes]:
        """Status and body; status 0 where nothing answers."""
        return self.request("GET", path, token=token)

    def request(
        self, method: str, path: str, *, token: str | None = None, body: bytes | None = None
    ) -> tuple[int, bytes]:
        """Status and body of any request; status 0 where nothing answers."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=body, method=method
        )
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None and body.startswith(b"{"):
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except OSError:
            return 0, b""

    def metric(self, name: str) -> float:
        """The value of one metric, labels included in the name."""
        body = self.get("/metrics")[1].decode()
        found = re.search(rf"^{re.escape(name)} (\S+)$", body, re.MULTILINE)
        assert found is not None, f"no metric {name} in:\n{body}"
        return float(found.group(1))

    # --- commands ---

    def cli(self, *args: str, stdin: str | None = None, status: int = 0) -> str:
        """What a command prints, run beside the server on the same database."""
        done = commands.run(args, self.folder, self.environment(), stdin)
        told = f"{args}: {done.status}\n{done.printed}{done.complained}"
        assert done.status == status, told
        return done.printed

    def json(self, *args: str) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.cli(*args, "--json"))

    def add_user(self, email: str) -> str:
        """A user, and a token of theirs."""
        self.cli("user", "add", email)
        return str(self.json("token", "add", email)["token"])

    def add_project(self, owner: str, title: str = "Plan") -> str:
        """A project; its bare id."""
        return self.cli("project", "add", title, "--owner", owner).strip()

    @property
    def yjs(self) -> str:
        """What a WebsocketProvider takes as its server URL."""
        return f"ws://127.0.0.1:{self.port}/yjs"
