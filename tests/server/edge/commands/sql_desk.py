"""A command line on a database file, opened anew for each command, as operators use it."""

import asyncio
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.edge.commands.kit import Answer
from server.edge.commands.output import show
from server.edge.commands.parser import build_parser
from server.edge.settings import Settings
from server.ground import ports_of
from server.protocol.ids import ProjectId
from server.room.ports import Attribution, Batch, Means, NewUpdate
from store.open import open_store
from tests.doubles.clock import ManualClock
from tests.doubles.migrated import migrated


@dataclass(slots=True)
class SqlDesk:
    """Runs commands one after the other on one file."""

    folder: Path
    clock: ManualClock = field(default_factory=ManualClock)
    settings: Settings = field(default_factory=Settings)
    name: str = "8gentc.db"

    def ask(self, *argv: str) -> Answer:
        """The answer of a command. Raises what it raises."""
        return asyncio.run(self._ask(*argv))

    def text(self, *argv: str) -> str:
        """What a person sees."""
        out = io.StringIO()
        show(self.ask(*argv), out, as_json=False)
        return out.getvalue().strip()

    def json(self, *argv: str) -> Any:
        """What a script sees."""
        out = io.StringIO()
        show(self.ask(*argv, "--json"), out, as_json=True)
        return json.loads(out.getvalue())

    def append(self, project: str, update: bytes) -> None:
        """Somebody edits."""
        asyncio.run(self._append(project, update))

    async def _ask(self, *argv: str) -> Answer:
        args = build_parser().parse_args(argv)
        store = await open_store(f"sqlite:///{migrated(self.folder / self.name)}", self.clock)
        try:
            answer: Answer = await args.handler(args, ports_of(store, self.settings, self.clock))
        finally:
            await store.close()
        return answer

    async def _append(self, project: str, update: bytes) -> None:
        store = await open_store(f"sqlite:///{migrated(self.folder / self.name)}", self.clock)
        row = NewUpdate(update, Attribution(None, Means.CLIENT), self.clock.now())
        await store.log.append([Batch(ProjectId(project), (row,))])
        await store.close()
