"""Genuine y-websocket clients in one Node process, driven line by line.

``Clients()`` starts the process; ``clients.open(...)`` gives a :class:`Client` whose
``run`` evaluates JavaScript with ``doc``, ``provider``, ``Y`` and ``log`` in scope, and
whose ``until`` waits for such an expression to become true. No test sleeps: waiting is
for a condition, with a timeout that fails the test.
"""

import json
import queue
import subprocess
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from tests.interop.node import SCRIPTS, require_node

PATIENCE_S = 30.0


class Client:
    """One WebsocketProvider with a Y.Doc of its own."""

    def __init__(self, clients: "Clients", name: str) -> None:
        self._clients = clients
        self.name = name

    def run(self, code: str) -> Any:
        """The value of a JavaScript expression."""
        return self._clients.ask("run", client=self.name, code=code)

    def until(self, code: str, patience: float = PATIENCE_S) -> Any:
        """Wait until the expression is true; its value."""
        return self._clients.ask("until", patience, client=self.name, code=code)

    def synced(self) -> Self:
        """Wait for the first step 2."""
        self.until("provider.synced")
        return self

    def text(self, root: str = "t") -> str:
        """The content of a root text."""
        return str(self.run(f"doc.getText({json.dumps(root)}).toString()"))

    def append(self, words: str, root: str = "t") -> None:
        """Type at the end of a root text."""
        self.run(f"(t => t.insert(t.length, {json.dumps(words)}))(doc.getText({json.dumps(root)}))")

    def log(self) -> dict[str, list[Any]]:
        """What the client was told: ``denied``, ``closed``, ``errors``."""
        told: dict[str, list[Any]] = self.run("log")
        return told


class Clients:
    """The Node process. Use as a context manager."""

    def __init__(self) -> None:
        require_node()
        self._process = subprocess.Popen(
            ["node", str(SCRIPTS / "clients.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self._answers: dict[int, dict[str, Any]] = {}
        self._next = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def open(
        self,
        name: str,
        url: str,
        room: str,
        params: Mapping[str, str] | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Client:
        """A new client that connects, and reconnects, by itself."""
        self.ask(
            "open",
            client=name,
            url=url,
            room=room,
            params=dict(params or {}),
            options=dict(options or {}),
        )
        return Client(self, name)

    def ask(self, op: str, patience: float = PATIENCE_S, **request: Any) -> Any:
        """Send one request and wait for its answer."""
        self._next += 1
        number = self._next
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": number, "op": op, **request}) + "\n")
        self._process.stdin.flush()
        answer = self._await(number, patience, request)
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def _await(self, number: int, patience: float, request: Mapping[str, Any]) -> dict[str, Any]:
        while number not in self._answers:
            try:
                answer = json.loads(self._lines.get(timeout=patience))
            except queue.Empty:
                raise AssertionError(f"not true after {patience} s: {request}") from None
            self._answers[answer["id"]] = answer
        return self._answers.pop(number)

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
