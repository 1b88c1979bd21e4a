"""``8gentc project undelete | purge``, on a database in a file."""

import json
from pathlib import Path
from typing import Any

import pytest

from server.main import main


class Terminal:
    """Commands on one database, one after the other."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._url = f"sqlite:///{folder}/8gentc.db"
        self._capsys = capsys

    def ask(self, *argv: str, status: int = 0) -> Any:
        """The JSON that a command prints, on whichever stream is for it."""
        assert main([*argv, "--json", "--database-url", self._url]) == status
        printed = self._capsys.readouterr()
        return json.loads(printed.out if status == 0 else printed.err)


@pytest.fixture
def terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Terminal:
    made = Terminal(tmp_path, capsys)
    made.ask("user", "add", "ada@x.example")
    return made


def add(terminal: Terminal) -> str:
    return str(terminal.ask("project", "add", "Plan", "--owner", "ada@x.example")["id"])


def listed(terminal: Terminal) -> list[str]:
    return [project["id"] for project in terminal.ask("project", "list")]


def test_a_deleted_project_can_be_brought_back(terminal: Terminal) -> None:
    project = add(terminal)
    assert terminal.ask("project", "undelete", project, status=1)["error"] == "conflict"
    terminal.ask("project", "delete", project)
    assert listed(terminal) == []
    terminal.ask("project", "undelete", project)
    assert listed(terminal) == [project]


def test_only_a_deleted_project_is_purged_and_then_it_is_none(terminal: Terminal) -> None:
    project = add(terminal)
    assert terminal.ask("project", "purge", project, status=1)["error"] == "conflict"
    terminal.ask("project", "delete", project)
    terminal.ask("project", "purge", project)
    for verb in ("purge", "undelete"):
        assert terminal.ask("project", verb, project, status=1)["error"] == "not-found"
    assert terminal.ask("fsck") == {"problems": []}
