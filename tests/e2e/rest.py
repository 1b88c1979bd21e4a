"""A program that writes to a project over REST, by tokens that can be found again."""

import itertools
import json
import random
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.server import PATIENCE_S, Server

PERSISTENCE = 3


@dataclass
class Program:
    """One REST client; ``words`` are the tokens that it wrote, by path of the element."""

    server: Server
    project: str
    token: str
    words: dict[str, list[str]] = field(default_factory=dict)
    stale: int = 0
    writes: int = 0

    def call(
        self, method: str, path: str, body: Any = None, if_match: str | None = None
    ) -> tuple[int, Any, str | None]:
        """Status, JSON and tag of one request."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.server.port}/api/v1/projects/{self.project}{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
            headers={"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"},
        )
        if if_match is not None:
            request.add_header("If-Match", if_match)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                content = answer.read()
                return answer.status, json.loads(content or b"null"), answer.headers["ETag"]
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read()), None

    def done(self, method: str, path: str, body: Any = None) -> Any:
        """The JSON of a request that must succeed."""
        status, content, _ = self.call(method, path, body)
        assert status < 300, (method, path, status, content)
        return content

    def rewrite(self, path: str, key: str, chance: random.Random) -> None:
        """Put a new word between two others of a text: half the time by insisting on what
        was read, a few times, for others are typing; else by naming it."""
        word = f"<rest-{self.writes} 👍🏻>"
        for attempt in itertools.count():
            _, element, tag = self.call("GET", path)
            base = str(element[key])
            places = [at for at, char in enumerate(base) if char == "<"] + [len(base)]
            at = chance.choice(places)
            text = base[:at] + word + base[at:]
            if self.writes % 2 or attempt > PERSISTENCE:
                status, content, _ = self.call("PATCH", path, {key: {"base": base, "text": text}})
            else:
                status, content, _ = self.call("PATCH", path, {key: text}, tag)
            if status == 200:
                break
            assert status == 412, content
            self.stale += 1
        self.writes += 1
        self.words.setdefault(path, []).append(word)
