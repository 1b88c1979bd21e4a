"""What every command is made of: the ports it may use, and the answer it gives.

A command is a coroutine function of its parsed arguments and :class:`Ports`; it
prints nothing and opens nothing, so that a test calls it with doubles and the same
code serves people and scripts (``--json``). What does not live here: which commands
there are (:mod:`server.edge.commands.parser`) and the database behind the ports
(``server.main``).
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TextIO, TypeAlias

from server.edge.settings import Settings
from server.protocol.ids import Millis, ProjectId, RunId
from server.room.account_ports import AccountPorts
from server.room.historian import Historian
from server.room.ports import Clock, Directory, Project, UpdateLog
from server.room.project_ports import Projects
from server.room.restorer import Restorer
from server.room.reverter import Reverter
from server.room.run_ports import Run, Runs, RunTask
from server.room.transfer_ports import Transfers


class Finding(Protocol):
    """Something that ``fsck`` found wrong, and the row where it is."""

    @property
    def project(self) -> ProjectId | None:
        """Whose row it is; None for what belongs to no project."""

    @property
    def table(self) -> str:
        """The table's name."""

    @property
    def row(self) -> int | None:
        """Its number; None for what is about no single row."""

    @property
    def what(self) -> str:
        """What was expected, and what is there."""


Verify: TypeAlias = Callable[[ProjectId | None], Awaitable[Sequence[Finding]]]
"""Checks one project, or all and what belongs to none."""


class Vault(Protocol):
    """The whole database, in and out of files, and mended."""

    async def write_backup(self, file: Path) -> int:
        """Everything in one new file; its size in bytes."""

    async def read_backup(self, file: Path) -> None:
        """Everything of a file, into a database that is empty."""

    async def repair(self, project: ProjectId | None) -> Sequence[str]:
        """Mend what can be derived from the rest; what was done, in words."""


class Worker(Protocol):
    """Whoever works on runs of the agent, in this process."""

    async def run(self) -> None:
        """Take runs and work on them, for ever."""

    async def work_now(self, run: RunId) -> Run:
        """Work on one run, and return it when it has ended."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What the agent of this process shall do in a project of another server, with the rights of
    a token there. ``url`` is that server's, of http or ws."""

    url: str
    project: ProjectId
    token: str = field(repr=False)
    task: RunTask
    prompt: str


@dataclass(frozen=True, slots=True)
class Ports:
    """The world as a command sees it."""

    directory: Directory
    log: UpdateLog
    historian: Historian
    restorer: Restorer
    runs: Runs
    reverter: Reverter
    employ: Callable[[], AbstractAsyncContextManager[Worker]]
    send: Callable[[Errand], Awaitable[Run]]
    vault: Vault
    projects: Projects
    transfers: Transfers
    people: AccountPorts
    verify: Verify
    clock: Clock
    settings: Settings
    stdin: TextIO


@dataclass(frozen=True, slots=True)
class Answer:
    """``data`` is what ``--json`` prints, ``lines`` is the same for people."""

    data: object
    lines: tuple[str, ...] = ()
    exit_code: int = 0


Handler: TypeAlias = Callable[[Namespace, Ports], Awaitable[Answer]]


class Verbs(Protocol):
    """argparse's object that takes subcommands, whose own class is private."""

    def add_parser(self, name: str, *, help: str, description: str) -> ArgumentParser:
        """A parser for one verb."""


def add_noun(nouns: Verbs, name: str, means: str) -> Verbs:
    """A noun under which verbs can be added."""
    parser = nouns.add_parser(name, help=means, description=means)
    verbs: Any = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    typed: Verbs = verbs
    return typed


def add_verb(verbs: Verbs, name: str, means: str, handler: Handler) -> ArgumentParser:
    """A command, with the options that all have."""
    parser = verbs.add_parser(name, help=means, description=means)
    parser.set_defaults(handler=handler)
    add_common_options(parser)
    return parser


def add_common_options(parser: ArgumentParser) -> None:
    """``--json`` and ``--database-url``."""
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--database-url",
        metavar="URL",
        help="the database, instead of AGENTC_DATABASE_URL",
    )


def columns(rows: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Rows as text in aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return tuple(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def project_as_json(project: Project) -> dict[str, object]:
    """A project as scripts see it."""
    created = timestamp(project.created_at)
    return {
        "id": project.id, "title": project.title, "seq": project.head, "created_at": created,
    }  # fmt: skip


def timestamp(at: Millis) -> str:
    """ISO 8601, in UTC, to the second."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
