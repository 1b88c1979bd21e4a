"""A command line without a process: parse, run on doubles, and look at what it would print."""

import asyncio
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from server.edge.commands.kit import Answer, Finding, Ports
from server.edge.commands.output import show
from server.edge.commands.parser import build_parser
from server.edge.settings import Settings
from server.protocol.ids import ProjectId
from tests.doubles.clock import ManualClock
from tests.doubles.memory_store import MemoryStore

ABSENT: Any = None
"""Of what has no double: commands that need it are tried on a database in a file."""


@dataclass(slots=True)
class Desk:
    """Runs commands one after the other on one store in memory."""

    clock: ManualClock = field(default_factory=ManualClock)
    settings: Settings = field(default_factory=Settings)
    findings: list[Finding] = field(default_factory=list)
    store: MemoryStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = MemoryStore(clock=self.clock)

    def ask(self, *argv: str, stdin: str = "") -> Answer:
        """The answer of a command. Raises what it raises."""
        args = build_parser().parse_args(argv)
        ports = Ports(
            directory=self.store.directory,
            log=self.store.log,
            historian=ABSENT,
            restorer=ABSENT,
            runs=self.store.runs,
            reverter=ABSENT,
            employ=ABSENT,
            send=ABSENT,
            vault=ABSENT,
            projects=ABSENT,
            transfers=ABSENT,
            people=ABSENT,
            verify=self.verify,
            clock=self.clock,
            settings=self.settings,
            stdin=io.StringIO(stdin),
        )
        answer: Answer = asyncio.run(args.handler(args, ports))
        return answer

    def text(self, *argv: str, stdin: str = "") -> str:
        """What a person sees."""
        out = io.StringIO()
        show(self.ask(*argv, stdin=stdin), out, as_json=False)
        return out.getvalue()

    def json(self, *argv: str, stdin: str = "") -> Any:
        """What a script sees."""
        out = io.StringIO()
        show(self.ask(*argv, "--json", stdin=stdin), out, as_json=True)
        return json.loads(out.getvalue())

    async def verify(self, project: ProjectId | None) -> Sequence[Finding]:
        """What the test says is wrong."""
        return [found for found in self.findings if project in (None, found.project)]
